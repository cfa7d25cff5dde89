"""T06: gradients that do not reach the first layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import Curve, curves_of, first_where, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_BEGINS = 10.0  # times the limit, that the first probe may have


@check(
    "T06",
    severity="error",
    needs=("series:layer/*/grad_norm",),
    cost="look",
    explained_by=("T01", "T02", "T07", "T08", "T09", "T11"),
)
def vanishing_gradients(
    run: Evidence, *, ratio: float = 1e-3, explained: float = 0.5
) -> Iterator[Finding]:
    """The first layers get hardly any gradient, so that only the last ones learn.

    Why: each layer shrinks the gradient on its way back; after many, the first ones stay as they
    were drawn, and what the last ones see is noise.

    Method: the norm of a layer's gradient in units of the norm of its weights, of the first layer
    over the last, as the median of the first third of training, is below `ratio`; and less than
    `explained` of the dummy loss is explained at the end. Where norms of weights are not logged,
    those of the gradients alone are compared. It must begin below 10 times that: later, layers
    that weight decay has driven to 0 have no gradient either.

    Remedy: ReLU or GELU in the place of sigmoid or tanh, He initialisation, normalisation between
    the layers, or residual connections.

    Source: the limit is that of AutoTrainer (Zhang et al., ICSE 2021), there on norms alone.

    Bad::

        probes = np.arange(0, 600, 5)
        series = {
            f"layer/h{place}/grad_norm": (probes, np.full(120, 0.1 ** (5 - place)))
            for place in range(6)
        }
        series |= {"train_loss": [2.3, 2.29, 2.29, 2.28], "dummy_loss": 2.3}

    Good::

        probes = np.arange(0, 600, 5)
        series = {
            f"layer/h{place}/grad_norm": (probes, np.full(120, 0.7 ** (5 - place)))
            for place in range(6)
        }
        series |= {"train_loss": [2.3, 2.29, 2.29, 2.28], "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    layers = _per_weight(curves)
    if len(layers) < 2:
        raise NotApplicable("needs the gradients of two layers at least")
    if curves.explained is None:
        raise NotApplicable("needs the number dummy_loss: `aseptic.log(dummy_loss=…)`")
    if curves.is_early or not curves.is_harmed(explained=explained):
        return
    (first, first_curve), (last, last_curve) = layers[0], layers[-1]
    length = min(len(first_curve), len(last_curve))
    shares = first_curve.y[:length] / np.maximum(last_curve.y[:length], 1e-300)
    curve = Curve(f"layer/{first}/grad_norm", first_curve.x[:length], shares)
    level = median(curve.part(0, 1 / 3).finite.y)
    if not level < ratio or not curve.finite.y[0] < _BEGINS * ratio:
        return
    place = first_where(shares < ratio) or 0
    yield run.finding(
        f"the gradient of {first}, per weight, is {level:.1g} of that of {last}",
        subject=first,
        remedy=_remedy(curves, len(layers)),
        plot=plot_of([Curve("ratio", curve.x, shares)], y=f"gradient of {first} over {last}"),
        series=curve.name,
        step=float(curve.x[place]),
        ratio=level,
        ratio_limit=ratio,
        explained_limit=explained,
        layers=len(layers),
        **curves.learnt(),
    )


def _per_weight(curves: Curves) -> list[tuple[str, Curve]]:
    """The norm of each layer's gradient over that of its weights, where both are known."""
    weights = dict(curves.layers("weight_norm"))
    gradients = curves.layers("grad_norm")
    if any(len(weights.get(layer, ())) != len(curve) for layer, curve in gradients):
        return gradients
    return [
        (layer, Curve(curve.name, curve.x, curve.y / np.maximum(weights[layer].y, 1e-12)))
        for layer, curve in gradients
    ]


def _remedy(curves: Curves, count: int) -> str:
    known = remedies.activation(curves)
    said = "sigmoid or tanh" if known is None else known
    if known is not None and "elu" in known.lower():
        return f"He initialisation, normalisation between the {count} layers, or residual ones"
    return (
        f"ReLU or GELU in the place of {said}, with He initialisation; or normalisation or"
        f" residual connections between the {count} layers"
    )
