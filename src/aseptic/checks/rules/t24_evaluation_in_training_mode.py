"""T24: a model that is judged while its dropout and batch normalisation are those of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import check
from aseptic.checks.curves import curves_of, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("T24", severity="warning", needs=("series:eval_in_train_mode_share",), cost="look")
def evaluation_in_training_mode(run: Evidence, *, share: float = 0.5) -> Iterator[Finding]:
    """The model is evaluated in training mode.

    Why: dropout silences units at random and batch normalisation looks at the other rows of the
    batch, so the score is too low, differs from run to run, and is not that of the deployed model.

    Method: the share of evaluations (forward passes without gradients) in which a layer of dropout
    or batch normalisation was in training mode, as the hook has counted it, is above `share`.

    Remedy: `model.eval()` before each evaluation, and `model.train()` after it.

    Bad::

        series = {"eval_in_train_mode_share": [1.0]}

    Good::

        series = {"eval_in_train_mode_share": [0.0]}
    """
    curve = curves_of(run).curve("eval_in_train_mode_share")
    if curve is None or not curve.y[-1] > share:
        return
    yield run.finding(
        f"{curve.y[-1]:.0%} of the evaluations were made in training mode",
        plot=plot_of([curve]) if len(curve) > 1 else None,
        series=curve.name,
        step=float(curve.x[0]),
        share=float(curve.y[-1]),
        share_limit=share,
    )
