"""T02: a loss that grows instead of falling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import check
from aseptic.checks.curves import Curve, curves_of, first_where, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("T02", severity="error", needs=("series:train_loss|loss",), cost="look")
def divergence(run: Evidence, *, times: float = 2.0, peak: float = 20.0) -> Iterator[Finding]:
    """The training loss grows beyond that of a model that has learnt nothing.

    Why: steps overshoot, each more than the last; what comes out is worse than a constant.

    Method: the dummy loss L0 is that of always giving the same answer (`dummy_loss`, else of the
    first steps). The loss of an epoch is above `times` L0 and above `times` the first loss, or
    that of a single step above `peak` times both; and the loss at the end is not below L0 again.
    While training goes on, the last epoch alone does not count.

    Remedy: a tenth of the learning rate, a warm-up, and a limit to the gradient's norm.

    Bad::

        steps = np.arange(300)
        series = {"loss": (steps, 2.3 * 1.03**steps), "dummy_loss": 2.3}

    Good::

        steps = np.arange(300)
        noise = np.random.default_rng(0).gamma(4, 0.25, 300)
        series = {"loss": (steps, 2.3 * 0.99**steps * noise), "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    epochs, steps = curves.train_loss, curves.steps
    for curve, limit in ((steps, peak), (epochs, times)):
        if curve is None or not len(curve.finite):
            continue
        raw = curves.raw(curve.name) if curve.name in run.series else curve
        base = max(_first(raw), curves.dummy_loss or 0.0)
        place = first_where(raw.finite.y > limit * base) if base > 0 else None
        if place is None or (np.isfinite(raw.y[-1]) and _level(raw) < base):
            continue
        if run.is_running and curve is epochs and place == len(raw) - 1:
            continue  # the next epoch may be better
        level, at = float(raw.finite.y[place]), float(raw.finite.x[place])
        yield run.finding(
            f"{raw.name} is {level:.3g} at {at:g}, {level / base:,.3g} times that of a model that"
            " has learnt nothing" + ("" if np.isfinite(raw.y[-1]) else ", and later not a number"),
            remedy=f"try {remedies.rate_times(curves, 0.1)}; warm it up over the first steps, and"
            " clip the gradient's norm (1.0)",
            plot=plot_of([raw]),
            series=raw.name,
            step=at,
            loss=level,
            untrained_loss=base,
            limit=limit * base,
        )
        return


def _first(curve: Curve) -> float:
    return median(curve.finite.y[: max(1, min(3, len(curve) // 20))])


def _level(curve: Curve) -> float:
    """Where the loss is now: the median of the last few points."""
    return median(curve.finite.y[-max(1, min(20, len(curve) // 20)) :])
