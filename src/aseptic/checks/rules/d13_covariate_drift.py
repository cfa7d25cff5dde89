"""D13: the features of the data that judges the model lie otherwise than those it learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from aseptic.checks import two_samples
from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_MOST_COLUMNS = 1_000  # looked at one by one, evenly spaced
_MOST_SEPARATE = 5  # more columns than these are one finding
_MOST_JOINT = 100  # columns that are compared jointly, evenly spaced
_MOST_ROWS = 2_000  # of each table, for the classifier
_MOST_CELLS = 200_000  # of a table whose columns are compared jointly right after a cell
_LEAST_ROWS = 60
_PERMUTATIONS = 999


@check("D13", severity="warning", needs=("train", "test"), cost="fit")
def covariate_drift(
    run: Evidence,
    *,
    effect: float = 0.1,
    p: float = 0.005,
    auc: float = 0.6,
    joint_p: float = 0.002,
) -> Iterator[Finding]:
    """Features of the test data lie otherwise than those of the training data.

    Why: the metric then speaks of a population that the model was not fitted for.

    Method: each column by itself: numbers by the Kolmogorov-Smirnov distance, categories by
    Cramér's V as if both tables were of one size; it counts from `effect` on, with a p-value below
    `p` divided by the number of columns. Where no column differs by itself, all together: boosted
    trees learn on one half of the rows to tell the tables apart, and are judged on the other half;
    it counts where their AUC is above `auc` with a p-value below `joint_p` by permutation. Times,
    numbers that only grow from row to row, and columns whose name says that they hold an identity
    (`patient_id`, `user`) are left out: a split by time or by group is meant to part them. After a
    split by group only the first row of each group counts, as rows of one are alike.

    Remedy: shuffle before the split (`shuffle=True`), or weight the training rows; where the test
    data are newer, find out what has changed in these columns and expect it to go on.

    Source: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, ICLR 2017.

    Bad::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
        test[:, 2] += 0.7

    Good::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
    """
    pairs = list(run.pairs())
    for train_table, test_table in pairs:
        samples = run.sample(train_table), run.sample(test_table)
        train, test = two_samples.independent_rows(*samples)
        drifts = _drifts(run, train, test, effect, p / len(pairs))
        if drifts:
            yield from _by_column(run, train, test, drifts, effect)
        else:
            yield from _jointly(run, train, test, auc, joint_p / len(pairs))


class _Drift(NamedTuple):
    pair: two_samples.ColumnPair
    effect: float
    p: float
    limit: float


def _drifts(run: Evidence, train: Sample, test: Sample, effect: float, p: float) -> list[_Drift]:
    """The columns that differ, most different first."""
    columns = _columns(train, test)
    columns = columns[:: -(-len(columns) // _MOST_COLUMNS)]
    limit = p / len(columns)
    found: list[_Drift] = []
    for number, pair in enumerate(columns):
        if run.is_hurried and not found:
            raise NotApplicable(f"the time was over after {number:,} columns")
        difference = two_samples.difference(train, test, pair)
        if difference.effect >= effect and difference.p < limit and not _grows(train, pair):
            found.append(_Drift(pair, difference.effect, difference.p, limit))
    return sorted(found, key=lambda one: -one.effect)


def _columns(train: Sample, test: Sample) -> list[two_samples.ColumnPair]:
    """The columns to compare. Raises NotApplicable where there is none."""
    found = [
        pair
        for pair in two_samples.comparable_columns(train, test)
        if not two_samples.holds_identities(train, pair.name)
    ]
    if not found:
        raise NotApplicable("all columns that could be compared name who a row is about")
    return found


def _grows(sample: Sample, pair: two_samples.ColumnPair) -> bool:
    """Whether a number only grows or only falls over the rows, as a counter does."""
    if not pair.is_numeric:
        return False
    steps = np.diff(sample.numbers(pair.name))
    return len(steps) > 1 and bool(np.all(steps > 0) or np.all(steps < 0))


def _by_column(
    run: Evidence, train: Sample, test: Sample, drifts: list[_Drift], effect: float
) -> Iterator[Finding]:
    names = f"{test.table.name} and {train.table.name}"
    if len(drifts) > _MOST_SEPARATE:
        worst = drifts[0]
        yield run.finding(
            f"{len(drifts)} columns lie otherwise in {test.table.name} than in {train.table.name}, "
            f"most of all {worst.pair.name}",
            sample=test,
            columns=tuple(one.pair.name for one in drifts[:20]),
            effects=tuple(one.effect for one in drifts[:20]),
            effect_limit=effect,
            p=worst.p,
            p_limit=worst.limit,
            plot=two_samples.plot(train, test, worst.pair),
        )
        return
    for one in drifts:
        kind = "Kolmogorov-Smirnov distance" if one.pair.is_numeric else "Cramér's V"
        yield run.finding(
            f"{one.pair.name} lies otherwise in {names}: {kind} {one.effect:.2f}",
            subject=one.pair.name,
            sample=test,
            effect=one.effect,
            effect_limit=effect,
            p=one.p,
            p_limit=one.limit,
            plot=two_samples.plot(train, test, one.pair),
        )


def _jointly(run: Evidence, train: Sample, test: Sample, auc: float, p: float) -> Iterator[Finding]:
    rows = _joint_rows(run, train, test)
    if rows is None:
        return
    features, is_test, columns = rows
    ensemble = run.module("sklearn.ensemble")
    half = np.arange(len(features)) % 2 == 0
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=0
    )
    model.fit(features[half], is_test[half])
    scores = model.predict_proba(features[~half])[:, 1]
    found, chance = _auc(scores, is_test[~half], run.rng)
    if found > auc and chance <= p:
        yield run.finding(
            f"a classifier tells rows of {test.table.name} from rows of {train.table.name} by "
            f"their columns together (AUC {found:.2f}), though no column differs much by itself",
            sample=test,
            auc=found,
            auc_limit=auc,
            p=chance,
            p_limit=p,
            columns=len(columns),
        )


def _joint_rows(
    run: Evidence, train: Sample, test: Sample
) -> tuple[NDArray[Any], NDArray[Any], list[str]] | None:
    """Rows of both tables, shuffled, and which of them are of the test; None if too few."""
    is_wide = len(train) * train.features.shape[1] > _MOST_CELLS
    if run.is_hurried or (run.depth == "automatic" and is_wide):
        return None
    if min(len(train), len(test)) < _LEAST_ROWS:
        return None
    numbers = [pair for pair in _columns(train, test) if pair.is_numeric]
    numbers = numbers[:: max(1, -(-len(numbers) // _MOST_JOINT))]
    pairs = [pair for pair in numbers if not _grows(train, pair)]
    if len(pairs) < 2:
        return None
    try:
        run.module("sklearn.ensemble")
    except NotApplicable:
        return None
    rng = run.rng
    parts = []
    for one, names in (
        (train, [pair.name for pair in pairs]),
        (test, [pair.other for pair in pairs]),
    ):
        at = rng.permutation(len(one))[:_MOST_ROWS]
        parts.append(np.column_stack([one.numbers(name)[at] for name in names]))
    features = np.concatenate(parts)
    is_test = np.arange(len(features)) >= len(parts[0])
    order = rng.permutation(len(features))
    return features[order], is_test[order], [pair.name for pair in pairs]


def _auc(
    scores: NDArray[np.float64], is_test: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[float, float]:
    """The AUC, and the share of permutations of the rows that reach it."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    of_test = int(is_test.sum())
    others = len(scores) - of_test
    if not of_test or not others:
        return 0.5, 1.0

    def auc(sum_of_ranks: float) -> float:
        return (sum_of_ranks - of_test * (of_test + 1) / 2) / (of_test * others)

    found = auc(float(ranks[is_test].sum()))
    reached = sum(
        auc(float(rng.permutation(ranks)[:of_test].sum())) >= found for _ in range(_PERMUTATIONS)
    )
    return found, (reached + 1) / (_PERMUTATIONS + 1)
