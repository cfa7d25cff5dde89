"""T14: a model knows its training data by heart, and pays for it on other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import plots, remedies, training_remedies
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.curves import curves_of, median, smoothed
from aseptic.checks.models import Comparison, compare_with_baselines, number_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.curves import Curves
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding

_FEWEST_EPOCHS = 6
_SLACK = 0.02  # of the dummy loss: what is next to nothing has not risen
_BETTER = 0.05  # of a score
_ABOVE = 1.05  # times the minimum: an epoch that is worse


@check(
    "T14",
    severity="warning",
    needs=("train", "test", "target", "model"),
    instead=("series:val_loss", "series:train_loss|loss"),
    cost="fit",
    explained_by=("T01", "T02", "T03", "T07", "T12", "T13", "T15"),
)
def overfit(
    run: Evidence,
    *,
    gap: float = 0.1,
    behind: float = 0.08,
    errors: float = 2.5,
    rebound: float = 1.25,
    fall: float = 0.8,
    lasting: float = 0.7,
) -> Iterator[Finding]:
    """A model does far better on its training data, and worse on the rest than it could.

    Why: what it learnt beyond the pattern is noise, and costs on every new row.

    Method: by curves, where the loss on validation data was logged. At the end (the median of the
    last tenth) it is more than `rebound` times its minimum (2 % of the dummy loss added to both),
    more than `lasting` of the epochs after the minimum are above 1.05 times it, while the training
    loss has fallen below `fall` times what it was there, and no score has risen by 0.05 since.
    Losses are smoothed by medians of three. While training goes on, the minimum lies 5 epochs back,
    and a quarter of all.

    Without curves: skill is R², or balanced accuracy stretched so that guessing is 0. A gap between
    training and test rows alone is no harm: an honest forest knows its training rows by heart. It
    counts where the gap is above `gap`, and a linear model or small trees, fitted on a sample of
    the same training data, have `behind` more skill on the same test rows; both differences above
    `errors` standard errors.

    Remedy: regularise, simplify, stop earlier, or collect more rows.

    Bad::

        from sklearn.neighbors import KNeighborsRegressor
        rng = np.random.default_rng(0)
        X = rng.normal(size=(700, 8))
        y = X @ np.arange(8) + rng.normal(size=700) * 8
        train, test = (X[:400], y[:400]), (X[400:], y[400:])
        model = KNeighborsRegressor(1).fit(*train)

    Good::

        from sklearn.ensemble import RandomForestClassifier
        rng = np.random.default_rng(0)
        X = rng.normal(size=(700, 8))
        y = (X[:, 0] + X[:, 1] ** 2 + rng.normal(size=700) * 0.3 > 1).astype(int)
        train, test = (X[:400], y[:400]), (X[400:], y[400:])
        model = RandomForestClassifier(50, random_state=0).fit(*train)
    """
    if run.has("series:val_loss"):
        yield from _of_curves(run, rebound=rebound, fall=fall, lasting=lasting)
    else:
        yield from _of_estimator(run, gap=gap, behind=behind, errors=errors)


def _of_curves(run: Evidence, *, rebound: float, fall: float, lasting: float) -> Iterator[Finding]:
    """From the losses of training and validation by epoch."""
    curves = curves_of(run)
    pair = curves.pair
    if pair is None or len(pair.x) < _FEWEST_EPOCHS:
        raise NotApplicable(f"needs both losses of {_FEWEST_EPOCHS} epochs at least")
    validation, train = smoothed(pair.validation), smoothed(pair.train)
    best = _lowest(validation, pair.validation)
    lowest, after = float(validation.min()), validation[best + 1 :]
    if lowest <= 0 or len(after) < _patience(len(validation), is_running=curves.is_running):
        return
    tail = max(1, len(validation) // 10)
    end, train_end = median(pair.validation[-tail:]), median(train[-tail:])
    slack = _SLACK * (curves.dummy_loss or 0.0)
    rises, above = (end + slack) / (lowest + slack), float(np.mean(after > _ABOVE * lowest))
    if rises <= rebound or above <= lasting or train_end >= fall * train[best]:
        return
    if _is_better_now(curves, best, len(pair.validation)):
        return
    assert curves.validation_loss is not None
    assert curves.train_loss is not None
    name = curves.validation_loss.name
    yield run.finding(
        f"{name} is lowest ({lowest:.3g}) at {pair.x[best]:g} and {rises - 1:.0%} higher at the"
        f" end, while {curves.train_loss.name} falls from {train[best]:.3g} to {train_end:.3g}",
        remedy=training_remedies.stop_early(curves, float(pair.x[best]), best + 1),
        plot=plots.lines(
            pair.x.tolist(),
            {curves.train_loss.name: pair.train.tolist(), name: pair.validation.tolist()},
            y="loss",
        ),
        series=name,
        step=float(pair.x[best]),
        best_epoch=best + 1,
        rebound=rises,
        rebound_limit=rebound,
        above=above,
        above_limit=lasting,
        train_fall=train_end / float(train[best]),
        train_fall_limit=fall,
    )


def _is_better_now(curves: Curves, best: int, epochs: int) -> bool:
    """Whether the score has risen since the loss was lowest: early losses may mean nothing."""
    score = curves.validation_score
    if score is None or len(score) != epochs:
        return False
    return bool(score.last > np.max(score.y[: best + 1]) + _BETTER)


def _lowest(smooth: NDArray[np.float64], raw: NDArray[np.float64]) -> int:
    """The best epoch: the lowest of those where the smoothed loss is lowest, or beside them."""
    places = np.flatnonzero(smooth == smooth.min())
    near = np.unique(np.clip([places - 1, places, places + 1], 0, len(raw) - 1))
    return int(near[np.argmin(raw[near])])


def _patience(epochs: int, *, is_running: bool) -> int:
    """How many epochs must lie behind the minimum before it counts as one."""
    return max(5, epochs // 4) if is_running else max(2, epochs // 10)


def _of_estimator(run: Evidence, *, gap: float, behind: float, errors: float) -> Iterator[Finding]:
    """For a model without training curves: from its scores beside those of baselines."""
    found = compare_with_baselines(run)
    if not is_overfit(found, gap=gap, behind=behind, errors=errors):
        return
    fitted, best = found.best
    yield run.finding(
        f"{found.model.name} has {found.on_train.said} on {run.train.name} and"
        f" {found.on_test.value:.2f} on {run.test.name}, where {fitted.said} has {best.value:.2f}",
        subject=found.model.name,
        remedy=f"try {remedies.simpler(found.model)}; or begin with {fitted.said}",
        plot=found.plot(),
        gap=found.gap[0],
        gap_limit=gap,
        behind=number_said(*found.behind),
        behind_limit=behind,
        sample=found.test.sample,
        fitted_on=found.fitted_on,
        **found.numbers,
    )


def is_overfit(found: Comparison, *, gap: float, behind: float, errors: float) -> bool:
    """Symptom and harm: the gap, and a simpler model that is better on the same rows."""
    between, between_error = found.gap
    lost, lost_error = found.behind
    if between < max(gap, errors * between_error) or lost < max(behind, errors * lost_error):
        return False
    return found.on_test.skill > min(0.03, 2 * found.on_test.error)  # else T15 speaks
