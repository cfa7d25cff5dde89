"""T09: units of tanh or sigmoid that are at one of their ends whatever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import check
from aseptic.checks.curves import curves_of, first_where, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check(
    "T09",
    severity="warning",
    needs=("series:layer/*/saturated_share",),
    cost="look",
    explained_by=("T11", "T13", "T17"),
)
def saturated_units(
    run: Evidence, *, saturated: float = 0.3, explained: float = 0.95
) -> Iterator[Finding]:
    """Most units of a layer are at the end of their tanh or sigmoid, where the gradient is 0.

    Why: what is at the end of its range hardly moves any more, and hides all differences between
    rows.

    Method: a unit counts as saturated where its input is beyond ±5 for tanh, ±8 for sigmoid. The
    median share, over the probes, is above `saturated` in a layer, and less than `explained` of
    the dummy loss is explained at the end, by training or validation.

    Remedy: scale the inputs, Xavier initialisation, normalisation between layers.

    Source: DeepDiagnosis (Wardat et al., ICSE 2022) has the same limit of tanh for a unit. Of 185
    healthy trainings the highest median share was 0.03.

    Bad::

        probes = np.arange(0, 600, 5)
        series = {"layer/h0/saturated_share": (probes, np.full(120, 0.9))}
        series |= {"train_loss": [2.3, 1.9, 1.6, 1.5], "dummy_loss": 2.3}

    Good::

        probes = np.arange(0, 600, 5)
        series = {"layer/h0/saturated_share": (probes, np.full(120, 0.1))}
        series |= {"train_loss": [2.3, 1.9, 1.6, 1.5], "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    learnt = curves.learnt_least
    if curves.is_early or learnt is None or learnt >= explained:
        return
    for name, curve in curves.layers("saturated_share"):
        share = median(curve.finite.y)
        if not share > saturated:
            continue
        yield run.finding(
            f"{share:.0%} of the units of {name} are saturated",
            subject=name,
            remedy="scale the inputs (mean 0, standard deviation 1), draw the weights by Xavier's"
            " rule, or put normalisation between the layers",
            plot=plot_of([curve], y="share of saturated units"),
            series=f"layer/{name}/saturated_share",
            step=float(curve.x[first_where(curve.y > saturated) or 0]),
            saturated=share,
            saturated_limit=saturated,
            explained_limit=explained,
            **curves.learnt(),
        )
        return
