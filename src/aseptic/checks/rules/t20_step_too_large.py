"""T20: steps that are larger than the weights that they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import check
from aseptic.checks.curves import Curve, curves_of, first_where, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check(
    "T20",
    severity="warning",
    needs=("series:layer/*/update_ratio",),
    cost="look",
    explained_by=("T01", "T02", "T07", "T11", "T13", "T17"),
)
def step_too_large(
    run: Evidence, *, update: float = 1.0, explained: float = 0.5
) -> Iterator[Finding]:
    """A single step changes a layer by more than the size of its weights.

    Why: what was learnt, and how the weights were drawn, is gone with it; units die, and the loss
    settles where it fell.

    Method: in the first third of the probes, the size of an update over that of the weights is
    above `update` in a layer that did not begin at 0, and less than `explained` of the dummy loss
    is explained at the end.

    Remedy: a tenth of the learning rate, or a warm-up over the first steps.

    Source: of 142 healthy trainings the highest was 0.41.

    Bad::

        probes = np.arange(0, 600, 5)
        series = {"layer/h0/update_ratio": (probes, np.where(probes == 10, 3.0, 1e-3))}
        series |= {"train_loss": [2.6, 2.3, 2.2, 2.3], "dummy_loss": 2.3}

    Good::

        probes = np.arange(0, 600, 5)
        series = {"layer/h0/update_ratio": (probes, np.where(probes == 10, 0.2, 1e-3))}
        series |= {"train_loss": [2.6, 2.3, 2.2, 2.3], "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    if curves.is_early or not curves.is_harmed(explained=explained):
        return
    found = [
        (float(np.max(early.y)), name, early)
        for name, early in _early_updates(curves)
        if len(early) and float(np.max(early.y)) > update
    ]
    if not found:
        return
    largest, name, early = max(found, key=lambda item: item[0])
    yield run.finding(
        f"a step changes {name} by {largest:.3g} times the size of its weights",
        subject=name,
        remedy=f"try {remedies.rate_times(curves, 0.1)}, or warm it up over the first steps",
        plot=plot_of([early], y="update over weights"),
        series=early.name,
        step=float(early.x[first_where(early.y > update) or 0]),
        update_ratio=largest,
        update_limit=update,
        explained_limit=explained,
        **curves.learnt(),
    )


def _early_updates(curves: Curves) -> Iterator[tuple[str, Curve]]:
    """The update ratios of the first third, of layers that had weights to begin with."""
    weights = dict(curves.layers("weight_norm"))
    for name, curve in curves.layers("update_ratio"):
        if name not in weights or float(weights[name].y[0]) > 0:
            yield name, curve.part(0, 1 / 3).finite
