"""T08: units that are 0 whatever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import check
from aseptic.checks.curves import curves_of, first_where, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check(
    "T08",
    severity="error",
    needs=("series:layer/*/dead_share",),
    cost="look",
    explained_by=("T07", "T11", "T13", "T17"),
)
def dead_units(run: Evidence, *, dead: float = 0.9, explained: float = 0.5) -> Iterator[Finding]:
    """Nearly all units of a layer are 0 for every row, so nothing passes through it.

    Why: a unit with ReLU whose input is always negative has no gradient and never comes back;
    one large step, or a large negative bias, is enough.

    Method: the share of a layer's units that are 0 for a whole batch is above `dead` as the median
    of the last third of the probes, and less than `explained` of the dummy loss is explained at
    the end.

    Remedy: a tenth of the learning rate, He initialisation, LeakyReLU or GELU.

    Bad::

        probes = np.arange(0, 600, 5)
        series = {"layer/h0/dead_share": (probes, np.where(probes < 100, 0.2, 1.0))}
        series |= {"train_loss": [2.3, 2.3, 2.3, 2.3], "dummy_loss": 2.3}

    Good::

        probes = np.arange(0, 600, 5)
        series = {"layer/h0/dead_share": (probes, np.full(120, 0.3))}
        series |= {"train_loss": [2.3, 1.1, 0.6, 0.4], "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    if curves.is_early or not curves.is_harmed(explained=explained):
        return
    shares = [
        (median(curve.part(2 / 3, 1).finite.y), name, curve)
        for name, curve in curves.layers("dead_share")
    ]
    found = [(share, name, curve) for share, name, curve in shares if share > dead]
    if not found:
        return
    share, name, curve = found[0]
    layers = "this layer" if len(found) == 1 else f"this and {len(found) - 1} more layers"
    yield run.finding(
        f"{share:.0%} of the units of {name} are 0 for every row ({layers})",
        subject=name,
        remedy=f"try {remedies.rate_times(curves, 0.1)}, LeakyReLU or GELU, and He initialisation"
        " with biases of 0",
        plot=plot_of([curve], y="share of units that are 0"),
        series=f"layer/{name}/dead_share",
        step=float(curve.x[first_where(curve.y > dead) or 0]),
        dead=share,
        dead_limit=dead,
        layers=tuple(layer for _, layer, _ in found),
        explained_limit=explained,
        **curves.learnt(),
    )
