"""T04: a loss that stands where it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curve
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FALLING = 0.75  # of the epochs
_CAUSES = (
    "T01", "T02", "T05", "T06", "T07", "T08", "T09", "T10", "T11", "T13", "T17", "T20", "T21",
)  # fmt: skip


@check(
    "T04", severity="error", needs=("series:train_loss|loss",), cost="look", explained_by=_CAUSES
)
def not_learning(
    run: Evidence, *, learnt: float = 0.05, epochs: int = 20, steps: int = 2000
) -> Iterator[Finding]:
    """The training loss is that of a model that always gives the same answer.

    Why: nothing was learnt from the data, so what the model says does not depend on it.

    Method: at the end less than `learnt` of the dummy loss L0 is explained (`dummy_loss`, else
    that of the first steps). While training goes on it is judged after `epochs` epochs, or
    after `steps` steps where no epochs are logged, and not as long as the loss falls in three of
    four epochs. A score as good as `reference_score` lets it
    pass. It speaks where no cause is found by another check.

    Remedy: train on ten rows until they are known by heart: if that fails, the model, the loss or
    the optimizer are wrong; if not, try another learning rate, and look at the data.

    Bad::

        rng = np.random.default_rng(0)
        series = {"train_loss": 2.3 + rng.normal(size=30) * 0.01, "dummy_loss": 2.3}

    Good::

        series = {"train_loss": 2.3 * 0.9 ** np.arange(30), "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    loss, explained = curves.train_loss, curves.explained
    if explained is None or loss is None or curves.dummy_loss is None:
        raise NotApplicable("needs the number dummy_loss: `aseptic.log(dummy_loss=…)`")
    if curves.is_running and not curves.has_seen(epochs=epochs, steps=steps):
        raise NotApplicable("training has just begun")
    if explained >= learnt or curves.is_as_good:
        return
    if curves.is_running and _falls(loss):
        raise NotApplicable("the loss is still falling, slowly")
    yield run.finding(
        f"{loss.name} ends at {loss.last:.3g}, where one and the same answer has"
        f" {curves.dummy_loss:.3g} ({curves.dummy_said})",
        remedy="train on ten rows until they are known by heart: if that fails, look at the loss,"
        f" the labels and the optimizer; if not, try {remedies.rate_times(curves, 10)} or a tenth",
        plot=plot_of([loss]),
        series=loss.name,
        step=float(loss.x[0]),
        learnt_limit=learnt,
        **curves.learnt(),
    )


def _falls(loss: Curve) -> bool:
    return bool(np.mean(np.diff(loss.finite.y) < 0) > _FALLING)
