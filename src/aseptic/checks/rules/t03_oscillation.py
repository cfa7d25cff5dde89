"""T03: a loss that jumps up and down and does not settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import training_remedies as remedies
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, first_where, median, plot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST = 8  # epochs
_TO_SD = 1.4826  # of the median size, for a normal distribution


@check(
    "T03",
    severity="warning",
    needs=("series:train_loss|loss",),
    cost="look",
    explained_by=("T01", "T02", "T07", "T12", "T13", "T17"),
)
def oscillation(
    run: Evidence, *, swing: float = 0.2, flips: float = 0.4, move: float = 0.03
) -> Iterator[Finding]:
    """The training loss jumps up and down from epoch to epoch and does not settle.

    Why: each step is so long that it leaps over the valley that it should go down into.

    Method: in the last two thirds of the epochs, the differences of the logarithm of the training
    loss have a robust standard deviation (of their median size) above `swing`, more
    than `flips` of them change their sign, and the loss itself moves by more than `move` of the
    dummy loss as a rule: a loss near 0 may jump.

    Remedy: a third of the learning rate, a schedule that lowers it, or larger batches.

    Bad::

        loss = np.where(np.arange(30) % 2, 0.5, 1.2)
        series = {"train_loss": loss, "dummy_loss": 2.3}

    Good::

        series = {"train_loss": 2.3 * 0.9 ** np.arange(30), "dummy_loss": 2.3}
    """
    curves = curves_of(run)
    loss = curves.train_loss
    fewest = 2 * _FEWEST if run.is_running else _FEWEST
    if loss is None or len(loss.finite) < fewest:
        raise NotApplicable(f"needs the training loss of {fewest} epochs at least")
    late = loss.finite.part(1 / 3, 1.0)
    if not (late.y > 0).all():
        return
    changes = np.diff(np.log(late.y))
    spread = _TO_SD * median(np.abs(changes))
    turns = float(np.mean(np.sign(changes[1:]) != np.sign(changes[:-1])))
    base = curves.dummy_loss or float(loss.finite.y[0])
    moved = median(np.abs(np.diff(late.y))) / base
    if spread <= swing or turns <= flips or moved <= move:
        return
    place = first_where(np.abs(changes) > swing) or 0
    yield run.finding(
        f"{loss.name} changes by a factor of {np.exp(spread):.2g} from epoch to epoch, up and down"
        f" ({turns:.0%} of the time it turns)",
        remedy=f"try {remedies.rate_times(curves, 1 / 3)}, a schedule that lowers it, or larger"
        " batches",
        plot=plot_of([loss], x="epoch"),
        series=loss.name,
        step=float(late.x[place]),
        swing=spread,
        swing_limit=swing,
        flips=turns,
        flips_limit=flips,
        move=moved,
        move_limit=move,
    )
