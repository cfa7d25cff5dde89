"""T05: steps so small that the weights stay where they were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import check
from aseptic.checks.curves import curves_of, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check(
    "T05",
    severity="warning",
    needs=("series:layer/*/update_ratio",),
    cost="look",
    explained_by=("T01", "T02", "T06", "T07", "T08", "T09", "T10", "T11", "T13", "T17"),
)
def learning_rate_too_low(
    run: Evidence, *, update: float = 1.5e-5, explained: float = 0.5
) -> Iterator[Finding]:
    """The steps are so small that the weights hardly move.

    Why: at this pace the training would need a hundred times as many epochs.

    Method: the median, over layers and probes, of the size of an update over that of the weights,
    without the first quarter, where a rate may warm up, is below `update`, and less than
    `explained` of the dummy loss is explained at the end. Weights that were driven to 0 are no
    matter of the learning rate. While training goes on, it is judged after 3 epochs or 200 steps.

    Remedy: ten times the learning rate; a learning-rate range test finds the highest that holds.

    Source: of 142 healthy trainings the lowest median was 2.3e-5, of 19 with far too low a rate the
    highest 1.48e-5.

    Bad::

        probes = np.arange(0, 600, 5)
        series = {f"layer/h{n}/update_ratio": (probes, np.full(120, 3e-6)) for n in range(3)}
        series |= {"train_loss": [2.31, 2.31, 2.3, 2.3], "dummy_loss": 2.3}

    Good::

        probes = np.arange(0, 600, 5)
        series = {f"layer/h{n}/update_ratio": (probes, np.full(120, 1e-3)) for n in range(3)}
        series |= {"train_loss": [2.31, 2.31, 2.3, 2.3], "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    layers = curves.layers("update_ratio")
    ratios = np.concatenate([curve.part(1 / 4, 1).finite.y for _, curve in layers])
    level = median(ratios)
    if (
        curves.is_early
        or curves.has_shrunk_away
        or not level < update
        or not curves.is_harmed(explained=explained)
    ):
        return
    name, curve = layers[0]
    yield run.finding(
        f"an update changes the weights by {level:.1g} of their size (median of {len(layers)}"
        " layers)",
        remedy=f"try {remedies.rate_times(curves, 10)}, or a learning-rate range test",
        plot=plot_of([curve for _, curve in layers[:5]], y="update over weights"),
        series=f"layer/{name}/update_ratio",
        step=float(curve.x[0]),
        update_ratio=level,
        update_limit=update,
        explained_limit=explained,
        **curves.learnt(),
    )
