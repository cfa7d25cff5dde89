"""T13: gradients of earlier steps that are still in the gradient of this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.curves import Curve, curves_of, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FIRST, _LAST = 5, 60  # steps that are looked at: the first ones show it best
_FEWEST = 8


@check("T13", severity="error", needs=("series:grad_norm|uncleared_grad_share",), cost="look")
def gradients_accumulate(
    run: Evidence,
    *,
    uncleared: float = 0.5,
    smooth: float = 0.12,
    growth: float = 3.0,
    explained: float = 0.5,
) -> Iterator[Finding]:
    """The gradients of all earlier steps are added to that of each step.

    Why: PyTorch adds to the gradients until they are cleared; steps grow and point backwards.

    Method: the share of steps that began with gradients left over is above `uncleared`, where the
    hook has seen it. Else by the norm of the gradient in steps 5 to 60: a sum changes little from
    step to step (the median change of its logarithm is below `smooth`, while that of batches is
    0.1 to 0.5), has grown by more than `growth` since the first steps, and the loss is not
    below the dummy loss. Without the hook it counts where less than `explained` of that is
    explained at the end; with it, it is a warning else.

    Remedy: `optimizer.zero_grad()` before each `loss.backward()`.

    Bad::

        steps = np.arange(300)
        series = {"grad_norm": (steps, 0.5 * (1 + steps)), "loss": (steps, 2.3 * 1.01**steps)}
        series |= {"dummy_loss": 2.3}

    Good::

        steps = np.arange(300)
        noise = np.random.default_rng(0).gamma(4, 0.25, 300)
        series = {"grad_norm": (steps, noise), "loss": (steps, 2.3 * 0.99**steps)}
        series |= {"dummy_loss": 2.3}
    """
    curves = curves_of(run)
    share = curves.fact("uncleared_grad_share")
    is_harmed = curves.is_harmed(explained=explained)
    if curves.is_early or (share is None and not is_harmed):
        return
    norm = curves.curve("grad_norm")
    numbers: dict[str, Any] = {}
    if share is not None:
        if share <= uncleared:
            return
        message = f"{share:.0%} of the steps began with the gradients of the step before"
        numbers = {"uncleared": share, "uncleared_limit": uncleared}
    else:
        found = _as_a_sum(curves)
        if found is None or not (found[0] < smooth and found[1] > growth):
            return
        message = (
            f"the norm of the gradient grows steadily, {found[1]:.3g} times in the first steps"
        )
        numbers = {"change": found[0], "change_limit": smooth}
        numbers |= {"growth": found[1], "growth_limit": growth}
    yield run.finding(
        message,
        severity=None if is_harmed else "warning",
        plot=None if norm is None else plot_of([norm]),
        series="grad_norm" if norm is not None else "uncleared_grad_share",
        step=0.0 if norm is None else float(norm.x[0]),
        explained_limit=explained,
        **numbers,
        **curves.learnt(),
    )


def _as_a_sum(curves: Curves) -> tuple[float, float] | None:
    """How much the norm changes from step to step, and how far it has grown; None if unknown."""
    raw = curves.raw("grad_norm")
    window = Curve(raw.name, raw.x[_FIRST:_LAST], raw.y[_FIRST:_LAST]).finite
    begin = median(raw.finite.y[:3])
    if len(window) < _FEWEST or not begin > 0 or not (window.y > 0).all():
        return None
    if curves.explained is not None and curves.explained > 0:
        return None  # it learns
    changes = np.abs(np.diff(np.log(window.y)))
    return median(changes), median(window.y[-5:]) / begin
