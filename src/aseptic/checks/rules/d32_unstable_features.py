"""D32: what a feature says of the target is not the same in train and in test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from aseptic.checks import plots, two_samples
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.statistics import normal_p

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample, Task
    from aseptic.model import Finding

_FEWEST_ROWS = 30  # of a side
_MOST_CLASSES = 10
_SPREAD = 1.06  # of a rank correlation's Fisher z, beside that of Pearson's
_NARROW = 0.7  # of the spread in train: what a cut-off feature says is weaker without a change


@check("D32", severity="warning", needs=("train", "test", "target"))
def unstable_features(
    run: Evidence, *, effect: float = 0.2, errors: float = 4.0, left: float = 0.5, p: float = 0.001
) -> Iterator[Finding]:
    """What a feature says of the target is not the same in train and in test.

    Why: the model has learned that more of the feature means more of the target; where it means
    less, or nothing, the feature misleads, and its importance is that of one split.

    Method: the rank correlation of each number with the target (of classes: with belonging to one)
    in train and in test. It counts as turned round where both are at least `errors` standard
    errors from 0, with opposite signs, and `effect` apart; as gone (information) where less than
    `left` of it remains although the feature is spread as in train. Both only where the difference
    has a p-value (Fisher's z) below `p`, divided by the number of correlations compared. A random
    split differs by chance alone, which that allows for. Coefficients that are undetermined
    because features tell the same are for D20.

    Remedy: find out what differs between the two sides (time, place, how the feature was made);
    if it does not hold where the model will be used, leave the feature out, or train on newer data.

    Source: Fisher 1921; Fieller, Hartley and Pearson 1957 for ranks.

    Bad::

        rng = np.random.default_rng(0)
        X, Z = rng.normal(size=(600, 3)), rng.normal(size=(300, 3))
        train = (X, (X[:, 0] + rng.normal(size=600) > 0).astype(int))
        test = (Z, (rng.normal(size=300) - Z[:, 0] > 0).astype(int))

    Good::

        rng = np.random.default_rng(0)
        X, Z = rng.normal(size=(600, 3)), rng.normal(size=(300, 3))
        train = (X, (X[:, 0] + rng.normal(size=600) > 0).astype(int))
        test = (Z, (rng.normal(size=300) + Z[:, 0] > 0).astype(int))
    """
    for train_table, test_table in run.pairs():
        if test_table.target is None:
            raise NotApplicable(f"the targets of {test_table.name} are not known")
        sides = two_samples.independent_rows(run.sample(train_table), run.sample(test_table))
        compared = list(_relations(run, *sides))
        limit = p / max(1, len(compared))
        found: dict[str, _Relation] = {}
        for one in sorted(compared, key=lambda one: one.p):
            if one.p < limit and one.name not in found:
                found[one.name] = one
        for one in found.values():
            is_turned = one.is_turned(errors) and abs(one.train - one.test) > effect
            is_gone = abs(one.train) > effect and abs(one.test) < left * abs(one.train)
            if is_turned or (is_gone and one.is_as_spread):
                yield _finding(run, one, sides, is_turned=is_turned, limit=limit)


class _Relation(NamedTuple):
    """A feature's rank correlation with the target, or with one class of it, on both sides."""

    name: str
    of_class: str | None
    train: float
    test: float
    error_train: float
    error_test: float
    is_as_spread: bool

    def is_turned(self, errors: float) -> bool:
        """Whether both are surely there, with opposite signs."""
        z_train, z_test = np.arctanh([self.train, self.test]) / [self.error_train, self.error_test]
        return bool(z_train * z_test < 0 and min(abs(z_train), abs(z_test)) > errors)

    @property
    def p(self) -> float:
        """How likely they differ so by chance."""
        apart = abs(math.atanh(self.train) - math.atanh(self.test))
        return normal_p(apart / math.hypot(self.error_train, self.error_test))


def _relations(run: Evidence, train: Sample, test: Sample) -> Iterator[_Relation]:
    goals = _goals(train.target, test.target, run.task)
    numbers = [pair for pair in two_samples.comparable_columns(train, test) if pair.is_numeric]
    if not numbers or not goals:
        raise NotApplicable("no numbers and targets to relate to each other")
    if min(len(train), len(test)) < _FEWEST_ROWS:
        raise NotApplicable(f"fewer than {_FEWEST_ROWS} rows")
    for pair in numbers:
        if run.is_hurried:
            raise NotApplicable("the time was over before all columns were compared")
        ours, theirs = train.numbers(pair.name), test.numbers(pair.other)
        ranks = pd.Series(np.concatenate([ours, theirs])).rank().to_numpy()
        ours, theirs = ranks[: len(ours)], ranks[len(ours) :]
        is_as_spread = np.nanstd(theirs) >= _NARROW * np.nanstd(ours)
        for label, (a, b) in goals.items():
            r, error = _correlation(ours, a)
            s, other_error = _correlation(theirs, b)
            if not math.isnan(r + s):
                yield _Relation(pair.name, label, r, s, error, other_error, bool(is_as_spread))


def _goals(
    train: Any, test: Any, task: Task
) -> dict[str | None, tuple[NDArray[Any], NDArray[Any]]]:
    """What features are related to, on both sides: the ranks of quantities, or each class."""
    if task == "regression":
        both = [pd.to_numeric(one, errors="coerce").rank().to_numpy() for one in (train, test)]
        return {None: (both[0], both[1])}
    classes = train.value_counts().index[:_MOST_CLASSES]
    shown = list(classes[1:] if len(classes) == 2 else classes)
    return {
        str(label): ((train == label).to_numpy(np.float64), (test == label).to_numpy(np.float64))
        for label in shown
    }


def _correlation(ranks: NDArray[np.float64], goal: NDArray[np.float64]) -> tuple[float, float]:
    """And the standard error of its Fisher z; NaN where it has none."""
    known = np.isfinite(ranks) & np.isfinite(goal)
    x, y = ranks[known], goal[known]
    if len(x) < _FEWEST_ROWS or x.std() == 0 or min(y.sum(), (y.max() - y).sum()) < 5:
        return math.nan, math.nan
    if y.std() == 0:
        return math.nan, math.nan
    found = float(np.corrcoef(x, y)[0, 1])
    return min(max(found, -0.999), 0.999), _SPREAD / math.sqrt(len(x) - 3)


def _finding(
    run: Evidence, one: _Relation, sides: tuple[Sample, Sample], *, is_turned: bool, limit: float
) -> Finding:
    train, test = (side.table.name for side in sides)
    of_what = "the target" if one.of_class is None else f"class {one.of_class}"
    what = "speaks against" if one.test < 0 else "speaks for"
    turned = f"{what} {of_what} in {test}, and the other way round in {train}"
    gone = f"says little of {of_what} in {test}, and much in {train}"
    return run.finding(
        f"{one.name} {turned if is_turned else gone} (rank correlation {one.train:+.2f} in"
        f" {train}, {one.test:+.2f} in {test})",
        subject=one.name,
        severity="warning" if is_turned else "info",
        sample=sides[0],
        in_train=one.train,
        in_test=one.test,
        p=one.p,
        p_limit=limit,
        plot=plots.bars([train, test], {one.name: [one.train, one.test]}, y="rank correlation"),
    )
