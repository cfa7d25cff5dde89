"""T07: gradients that are far too large from the first step on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.curves import Curve, curves_of, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST = 20  # steps, before the usual size of the gradient is judged


@check(
    "T07", severity="error", needs=("series:grad_norm",), cost="look", explained_by=("T13", "T17")
)
def exploding_gradients(
    run: Evidence, *, first: float = 30.0, usual: float = 50.0, explained: float = 0.85
) -> Iterator[Finding]:
    """The gradient is far too large from the first steps on.

    Why: each layer enlarges the gradient on its way back, so that one step throws all weights
    away.

    Method: the norm of the whole gradient, in units of the dummy loss where that is above 1. At the
    first step it is above `first`, before anything was learnt; or its median, up to where the loss
    diverges, is above `usual`. It counts where less than `explained` of the dummy loss is explained
    at the end, by training or by validation, or the loss is not finite any more.

    Remedy: clip the gradient's norm to 1.0; He or Xavier initialisation; normalisation between the
    layers.

    Bad::

        steps = np.arange(300)
        series = {"grad_norm": (steps, 5e4 * 0.99**steps), "loss": (steps, np.full(300, 2.4))}
        series |= {"dummy_loss": 2.3}

    Good::

        steps = np.arange(300)
        series = {"grad_norm": (steps, 0.99**steps), "loss": (steps, 2.3 * 0.99**steps)}
        series |= {"dummy_loss": 2.3}
    """
    curves = curves_of(run)
    if curves.is_early or not curves.is_harmed(explained=explained, on_validation=True):
        return
    norm = curves.raw("grad_norm")
    unit = max(1.0, curves.dummy_loss or 1.0)
    begin = float(np.nan_to_num(norm.y[0], nan=0.0, posinf=np.inf)) / unit
    before = _before_divergence(curves, norm).finite
    level = median(before.y) / unit if len(before) >= _FEWEST else 0.0
    if begin > first:
        said = f"the norm of the gradient is {norm.y[0]:.3g} at the first step"
    elif level > usual:
        said = f"the norm of the gradient is {level * unit:.3g} as a rule"
    else:
        return
    yield run.finding(
        said,
        remedy="clip the gradient's norm to 1.0 (`torch.nn.utils.clip_grad_norm_`,"
        " `clipnorm=1.0`), and look at how the weights are drawn",
        plot=plot_of([norm]),
        series="grad_norm",
        step=float(norm.x[0]),
        first=begin * unit,
        first_limit=first * unit,
        usual=level * unit,
        usual_limit=usual * unit,
        explained_limit=explained,
        **curves.learnt(),
    )


def _before_divergence(curves: Curves, norm: Curve) -> Curve:
    """The gradient until the loss of a step is twice that of a model that has learnt nothing."""
    if curves.steps is None or not curves.dummy_loss:
        return norm
    steps = curves.raw(curves.steps.name)
    above = np.flatnonzero(~(steps.y <= 2 * max(curves.dummy_loss, float(steps.y[0]))))
    end = steps.x[above[0]] if len(above) else np.inf
    return Curve(norm.name, norm.x[norm.x < end], norm.y[norm.x < end])
