"""T25: a model that gives one and the same class to all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_CAUSES = (
    "T01", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11", "T13", "T17", "T20",
    "T21",
)  # fmt: skip


@check(
    "T25",
    severity="error",
    needs=("series:top_predicted_share", "fact:top_class_share"),
    cost="look",
    explained_by=_CAUSES,
)
def class_collapse(
    run: Evidence, *, predicted: float = 0.95, beyond: float = 0.05
) -> Iterator[Finding]:
    """The model gives the same class to nearly all rows.

    Why: its accuracy is the share of that class, and looks good where the class is frequent.

    Method: the share of predictions that are of one class is above `predicted`, and `beyond` above
    the share of the most frequent class among the targets, as last measured. While training goes
    on, after 10 epochs.

    Remedy: weights for the classes in the loss, or sampling by class; look at the bias of the last
    layer, and judge by balanced accuracy.

    Bad::

        series = {"top_predicted_share": [0.5, 0.9, 1.0], "top_class_share": 0.7}

    Good::

        series = {"top_predicted_share": [1.0, 0.8, 0.72], "top_class_share": 0.7}
    """
    curves = curves_of(run)
    curve, common = curves.curve("top_predicted_share"), curves.fact("top_class_share")
    if curves.is_early or curve is None or common is None:
        return
    if curves.is_running and not curves.has_seen(epochs=10, steps=1000):
        raise NotApplicable("training has just begun")
    share = float(curve.y[-1])
    if share <= max(predicted, common + beyond):
        return
    yield run.finding(
        f"{share:.0%} of the predictions are of one class, which {common:.0%} of the targets have",
        plot=plot_of([curve]) if len(curve) > 1 else None,
        series=curve.name,
        step=float(curve.x[-1]),
        predicted=share,
        predicted_limit=predicted,
        common=common,
        beyond_limit=beyond,
    )
