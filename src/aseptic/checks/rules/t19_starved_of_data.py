"""T19: a training that waits for its data most of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks.check import check
from aseptic.checks.curves import curves_of, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("T19", severity="warning", needs=("series:data_wait_share",), cost="look")
def starved_of_data(run: Evidence, *, waiting: float = 0.5) -> Iterator[Finding]:
    """The training waits for its data for most of the time.

    Why: the model stands idle; the same training could end in a fraction of the time.

    Method: the share of the time that the loop spent waiting for the next batch is above `waiting`,
    as it was last measured.

    Remedy: more `num_workers` and `prefetch_factor` in the loader, decoding and augmentation done
    once and kept, or the data in memory.

    Bad::

        series = {"data_wait_share": [0.2, 0.8, 0.9]}

    Good::

        series = {"data_wait_share": [0.9, 0.2, 0.1]}
    """
    curves = curves_of(run)
    curve = curves.curve("data_wait_share")
    if curves.is_early or curve is None or not curve.last > waiting:
        return
    yield run.finding(
        f"{curve.last:.0%} of the time is spent waiting for data",
        plot=plot_of([curve], y="share of time"),
        series=curve.name,
        step=float(curve.x[-1]),
        waiting=curve.last,
        waiting_limit=waiting,
    )
