"""T12: batches that come in the same order in every epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, median

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_MOST_EPOCHS, _MOST_STEPS = 20, 200  # that are compared
_FEWEST_EPOCHS, _FEWEST_STEPS = 4, 6


@check("T12", severity="warning", needs=("series:loss", "series:train_loss|val_loss"), cost="look")
def no_shuffling(
    run: Evidence, *, alike: float = 0.5, explained: float = 0.5, short: float = 0.05
) -> Iterator[Finding]:
    """The batches come in the same order in every epoch.

    Why: sorted data make each step undo the last ones, and the order itself is learnt.

    Method: the losses of the steps of an epoch, without their linear trend, have the same ups
    and downs as in the next epoch: the median rank correlation of neighbouring epochs is above
    `alike`. Needs 4 epochs of 6 steps. It is a warning where less than `explained` of the dummy
    loss is explained at the end, or the score lies `short` below `reference_score`; else a tip.

    Remedy: `shuffle=True` in the loader, or a permutation of the rows before each epoch.

    Source: of 142 healthy trainings the highest correlation was 0.35.

    Bad::

        rng = np.random.default_rng(0)
        batches = np.tile(rng.gamma(2, 1, 20), 10)
        series = {"loss": batches + rng.normal(size=200) * 0.2, "train_loss": np.full(10, 2.0)}
        series |= {"dummy_loss": 2.0}

    Good::

        rng = np.random.default_rng(0)
        series = {"loss": rng.gamma(2, 1, 200), "train_loss": np.full(10, 2.0)}
        series |= {"dummy_loss": 2.0}
    """
    curves = curves_of(run)
    length = curves.steps_per_epoch
    if curves.steps is None or length is None or length < _FEWEST_STEPS:
        raise NotApplicable(f"needs the loss of each of {_FEWEST_STEPS} steps an epoch at least")
    raw = curves.raw(curves.steps.name)
    if not (np.diff(raw.x) == 1).all():
        raise NotApplicable("needs the loss of every step")
    losses = _by_epoch(raw.y, length)
    if len(losses) < _FEWEST_EPOCHS:
        raise NotApplicable(f"needs {_FEWEST_EPOCHS} whole epochs")
    found = _neighbours_alike(losses)
    if not found > alike:
        return
    is_short = curves.shortfall is not None and curves.shortfall > short
    is_harmed = curves.is_harmed(explained=explained) or is_short
    yield run.finding(
        f"the loss goes up and down at the same steps of every epoch (correlation {found:.2f})",
        severity=None if is_harmed else "info",
        plot=plots.lines(
            list(range(losses.shape[1])),
            {f"epoch {n + 1}": losses[n].tolist() for n in range(min(3, len(losses)))},
            x="step of the epoch",
            y=raw.name,
        ),
        series=raw.name,
        step=float(raw.x[0]),
        correlation=found,
        correlation_limit=alike,
        epochs=len(losses),
        explained_limit=explained,
        **curves.learnt(),
    )


def _by_epoch(losses: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """A row for each epoch whose losses are all finite; the last ones, and steps evenly spread."""
    count = len(losses) // length
    rows = losses[: count * length].reshape(count, length)
    rows = rows[np.isfinite(rows).all(axis=1)][-_MOST_EPOCHS:]
    return rows[:, :: -(-length // _MOST_STEPS)]


def _neighbours_alike(losses: NDArray[np.float64]) -> float:
    """The median correlation, by ranks, of an epoch with the next one."""
    steps = np.arange(losses.shape[1]) - (losses.shape[1] - 1) / 2
    slopes = losses @ steps / (steps @ steps)
    flat = losses - slopes[:, None] * steps
    ranks = flat.argsort(axis=1).argsort(axis=1) - (losses.shape[1] - 1) / 2
    return median((ranks[1:] * ranks[:-1]).sum(axis=1) / (ranks[0] @ ranks[0]))
