"""T10: weights that have a gradient and are not moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.curves import curves_of, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.curves import Curve, Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_NOTHING = 1e-12  # a gradient that is none


@check(
    "T10",
    severity="error",
    needs=("series:layer/*/update_ratio",),
    cost="look",
    explained_by=("T01", "T02", "T06", "T08", "T11"),
)
def no_update(
    run: Evidence, *, update: float = 1e-8, gradient: float = 1e-3, explained: float = 0.5
) -> Iterator[Finding]:
    """The weights that are to be trained stay as they are.

    Why: the optimizer was not given them, was made before the model was replaced, or its step is
    never called.

    Method: the median size of an update over that of the weights is below `update`, while the
    layer's gradient is above `gradient` of the largest of the network, or none of the weights of
    the optimizer has a gradient at all. Where more than `explained` of the dummy loss is explained
    at the end all the same, it is a warning. A layer without a gradient is frozen on purpose.

    Remedy: make the optimizer of `model.parameters()`, after the last change to the model, and
    call its step after each backward pass. What is to stay as it is needs no gradient:
    `requires_grad_(False)` saves the time.

    Source: the limit is that of SageMaker Debugger's rule WeightUpdateRatio.

    Bad::

        probes = np.arange(0, 600, 5)
        series = {
            "layer/h0/update_ratio": (probes, np.zeros(120)),
            "layer/h0/grad_norm": (probes, np.ones(120)),
            "train_loss": [2.3, 2.3, 2.3],
            "dummy_loss": 2.3,
        }

    Good::

        probes = np.arange(0, 600, 5)
        series = {
            "layer/h0/update_ratio": (probes, np.full(120, 1e-3)),
            "layer/h0/grad_norm": (probes, np.ones(120)),
            "train_loss": [2.3, 1.3, 0.3],
            "dummy_loss": 2.3,
        }
    """
    curves = curves_of(run)
    is_harmed = curves.is_harmed(explained=explained)
    if curves.is_early:
        return
    updates = curves.layers("update_ratio")
    gradients = _gradients(curves)
    limit = gradient * max(gradients.values(), default=0.0)
    still = [
        (name, curve)
        for name, curve in updates
        if _is_still(curve, update)
        and (not gradients or gradients.get(name, 0.0) > max(limit, _NOTHING))
    ]
    if not still or (not gradients and (len(still) < len(updates) or not is_harmed)):
        return
    (name, curve), count = still[0], len(still)
    others = f" (and {count - 1} of the {len(updates)} layers more)" if count > 1 else ""
    yield run.finding(
        f"the weights of {name} do not move{others}"
        + (", although they have a gradient" if gradients else ", and none has a gradient"),
        subject=name,
        severity=None if is_harmed else "warning",
        plot=plot_of([curve], y="update over weights"),
        series=f"layer/{name}/update_ratio",
        step=float(curve.x[0]),
        update_ratio=median(curve.finite.y),
        update_limit=update,
        layers=tuple(layer for layer, _ in still),
        explained_limit=explained,
        **curves.learnt(),
    )


def _gradients(curves: Curves) -> dict[str, float]:
    return {name: median(curve.finite.y) for name, curve in curves.layers("grad_norm")}


def _is_still(curve: Curve, limit: float) -> bool:
    """Whether it hardly moves at any time: the beginning counts as well."""
    first, whole = curve.part(0, 1 / 3).finite.y, curve.finite.y
    return len(whole) > 0 and bool(np.median(whole) < limit and np.median(first) < limit)
