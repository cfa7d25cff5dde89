"""T11: units that begin alike, and stay alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.curves import curves_of, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curve, Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check(
    "T11",
    severity="error",
    needs=("series:layer/*/identical_share|layer/*/grad_norm",),
    cost="look",
)
def symmetric_initialisation(
    run: Evidence, *, identical: float = 0.5, zero: float = 1e-6, explained: float = 0.9
) -> Iterator[Finding]:
    """The units of a layer begin with the same weights, so that they all learn the same.

    Why: equal units get equal gradients; the layer has the capacity of a single unit, or none where
    all weights are 0.

    Method: at the first probe more than `identical` of a layer's units have the incoming weights of
    another unit; or a layer's weights are 0 and the gradient of one is below `zero` of that of the
    network; or it is below `zero` of that of the next layer, though no units are dead: through
    equal weights it cancels out. Where more than `explained` of the dummy loss is explained at the
    end, by training and by validation, equal weights are a warning, and the rest is nothing.

    Remedy: draw the weights at random: He initialisation for ReLU, Xavier's for tanh; only biases
    begin at 0.

    Bad::

        probes = np.arange(0, 600, 5)
        series = {
            "layer/h0/identical_share": (probes, np.ones(120)),
            "train_loss": [2.3, 2.3, 2.3],
            "dummy_loss": 2.3,
        }

    Good::

        probes = np.arange(0, 600, 5)
        series = {
            "layer/h0/identical_share": (probes, np.zeros(120)),
            "train_loss": [2.3, 1.3, 0.3],
            "dummy_loss": 2.3,
        }
    """
    curves = curves_of(run)
    is_harmed = curves.is_harmed(explained=explained, on_validation=True)
    if curves.is_early:
        return
    for name, curve, said, numbers in _alike(curves, identical, zero):
        if not is_harmed and "identical" not in numbers:
            continue
        yield run.finding(
            said,
            subject=name,
            severity=None if is_harmed else "warning",
            plot=plot_of([curve]),
            series=curve.name,
            step=float(curve.x[0]),
            explained_limit=explained,
            **numbers,
            **curves.learnt(),
        )
        return


def _alike(
    curves: Curves, identical: float, zero: float
) -> Iterator[tuple[str, Curve, str, dict[str, Any]]]:
    for name, curve in curves.layers("identical_share"):
        share = float(curve.y[0])
        if share > identical:
            said = f"{share:.0%} of the units of {name} begin with the weights of another unit"
            yield name, curve, said, {"identical": share, "identical_limit": identical}
    gradients = curves.layers("grad_norm")
    are_zero = {name for name, curve in curves.layers("weight_norm") if float(curve.y[0]) < zero}
    is_dead = any(float(curve.y[0]) > 0.5 for _, curve in curves.layers("dead_share"))
    largest = _first(curves.curve("grad_norm"))
    largest = largest or max((float(one.y[0]) for _, one in gradients), default=0.0)
    for place, (name, curve) in enumerate(gradients):
        begin = float(curve.y[0])
        if are_zero:
            said = f"{name} has no gradient at the first step: the weights of"
            said += f" {', '.join(sorted(are_zero))} are 0"
            limit = zero * largest
        elif not is_dead and place + 1 < len(gradients):  # dead units cut the gradient too
            above, other = gradients[place + 1]
            said = f"no gradient comes through {above} to {name} at the first step"
            limit = zero * float(other.y[0])
        else:
            continue
        if begin <= limit and limit > 0:
            yield name, curve, said, {"gradient": begin, "limit": limit}


def _first(curve: Curve | None) -> float:
    return 0.0 if curve is None or not np.isfinite(curve.y[0]) else float(curve.y[0])
