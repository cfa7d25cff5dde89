"""D16: what belongs together, or comes after one another, was split at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aseptic.checks import two_samples
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.column_names import names_an_identity
from aseptic.checks.tables import task_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_LEAST_ROWS = 30
_LEAST_GROUPS = 10
_LARGEST_GROUPS = 200  # rows: more than these are a category, which new rows share too
_MOST_FEATURES = 30
_MOST_CLASSES = 50
_NEXT = 2  # training rows on each side of a test row in time, and those of the same time
_PERMUTATIONS = 199
_ISO = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?"


@check("D16", severity="warning", needs=("train", "test"))
def group_time_leak(
    run: Evidence,
    *,
    shared: float = 0.2,
    skill: float = 0.25,
    likeness: float = 0.5,
    neighbours: float = 0.2,
    late: float = 0.001,
) -> Iterator[Finding]:
    """Rows that belong together, or follow one another, are on both sides of the split.

    Why: the model then knows the person, machine or day that it is judged on; of a new one, or of
    tomorrow, it knows nothing.

    Method: a group is a column whose name says so (`patient_id`, `user`), with at least 2 rows a
    value. It leaks where `shared` of the test rows have their group in the training data, and the
    group's training rows tell the target of its test rows (`skill`: explained variance, or accuracy
    above the most frequent class), or at least half of the features (`likeness`). A time leaks
    where the test data are mostly later, yet more than `late` of the training rows lie behind their
    beginning; or where they are mixed, and the training rows next to a test row in time tell its
    target (`neighbours`: as `skill`, of a quantity by its ranks), better than in each of 199
    permutations of the test targets. Timed rows whose target does not hang on the time may be
    split at random.

    Remedy: split by group (`GroupShuffleSplit`, `GroupKFold`), or by time (`TimeSeriesSplit`, a
    date before which all is training).

    Source: Kapoor and Narayanan, Leakage and the reproducibility crisis in ML-based science, 2023.

    Bad::

        rng = np.random.default_rng(0)
        patient = rng.integers(0, 60, 800)
        y = patient % 2
        data = pd.DataFrame({"patient_id": patient, "x": rng.normal(size=800)})
        train, test = (data[:600], y[:600]), (data[600:], y[600:])

    Good::

        rng = np.random.default_rng(0)
        patient = np.sort(rng.integers(0, 60, 800))
        y = patient % 2
        data = pd.DataFrame({"patient_id": patient, "x": rng.normal(size=800)})
        is_train = patient < 45
        train, test = (data[is_train], y[is_train]), (data[~is_train], y[~is_train])
    """
    for train_table, test_table in run.pairs():
        train, test = run.sample(train_table), run.sample(test_table)
        if min(len(train), len(test)) < _LEAST_ROWS:
            raise NotApplicable(f"fewer than {_LEAST_ROWS} rows")
        for name, other in two_samples.common_columns(train, test):
            times = _times(train, name), _times(test, other)
            if times[0] is not None and times[1] is not None:
                yield from _time_leak(run, train, test, name, times, neighbours, late)
            elif names_an_identity(name):
                yield from _group_leak(run, train, test, (name, other), shared, skill, likeness)


# -- groups ---------------------------------------------------------------------------------------
def _group_leak(
    run: Evidence,
    train: Sample,
    test: Sample,
    names: tuple[str, str],
    shared: float,
    skill: float,
    likeness: float,
) -> Iterator[Finding]:
    groups = _group_codes(train, test, names)
    ours, theirs = groups[: len(train)], groups[len(train) :]
    n_groups = len(np.unique(ours[ours >= 0]))
    if not max(_LEAST_GROUPS, len(train) / _LARGEST_GROUPS) <= n_groups <= len(train) / 2:
        return
    is_shared = (theirs >= 0) & np.isin(theirs, ours)
    if is_shared.mean() < shared or is_shared.sum() < _LEAST_ROWS:
        return
    told = _target_told(train, test, ours, theirs, is_shared)
    alike = _features_alike(train, test, names, ours, theirs, is_shared)
    if told < skill and alike < likeness:
        return
    yield run.finding(
        f"{is_shared.mean():.1%} of the rows of {test.table.name} have their {names[0]} in "
        f"{train.table.name} too, and rows of one {names[0]} are alike",
        subject=names[0],
        sample=test,
        remedy=f"split by group: `GroupShuffleSplit().split(X, y, groups=data[{names[0]!r}])`, and "
        "`GroupKFold` in cross-validation",
        shared=is_shared.mean(),
        shared_limit=shared,
        target_told=told,
        skill_limit=skill,
        features_alike=alike,
        likeness_limit=likeness,
        groups=n_groups,
    )


def _group_codes(train: Sample, test: Sample, names: tuple[str, str]) -> NDArray[np.int64]:
    parts = [train.features[names[0]].astype(object), test.features[names[1]].astype(object)]
    both = pd.concat(parts, ignore_index=True)
    try:
        return pd.factorize(both)[0].astype(np.int64)
    except TypeError:  # values that cannot be hashed
        return pd.factorize(both.map(repr))[0].astype(np.int64)


def _target_told(
    train: Sample,
    test: Sample,
    ours: NDArray[np.int64],
    theirs: NDArray[np.int64],
    is_shared: NDArray[np.bool_],
) -> float:
    targets = _targets(train, test)
    if targets is None:
        return 0.0
    known, asked, is_class = targets
    weight = ours >= 0
    if is_class:
        return _mode_skill(ours[weight], known[weight], theirs[is_shared], asked[is_shared])
    return _mean_skill(ours[weight], known[weight], theirs[is_shared], asked[is_shared])


def _features_alike(
    train: Sample,
    test: Sample,
    names: tuple[str, str],
    ours: NDArray[np.int64],
    theirs: NDArray[np.int64],
    is_shared: NDArray[np.bool_],
) -> float:
    """How well the group tells the features: the median of explained variances; 0 of fewer than 2.

    Columns that name other identities are left out.
    """
    pairs = [
        pair
        for pair in two_samples.comparable_columns(train, test)
        if pair.is_numeric and pair.name != names[0] and not names_an_identity(pair.name)
    ]
    skills = [
        _mean_skill(
            ours[ours >= 0],
            train.numbers(pair.name)[ours >= 0],
            theirs[is_shared],
            test.numbers(pair.other)[is_shared],
        )
        for pair in pairs[:_MOST_FEATURES]
    ]
    return float(np.median(skills)) if len(skills) > 1 else 0.0


def _mean_skill(ours: Any, known: Any, theirs: Any, asked: Any) -> float:
    """Explained variance of what is asked, by the mean of what is known of the same group."""
    has, want = np.isfinite(known), np.isfinite(asked)
    ours, known, theirs, asked = ours[has], known[has], theirs[want], asked[want]
    if len(asked) < 2 or not len(known) or asked.var() == 0:
        return 0.0
    size = int(max(ours.max(), theirs.max())) + 1
    counts = np.bincount(ours, minlength=size)
    means = np.bincount(ours, known, minlength=size) / np.maximum(counts, 1)
    predicted = np.where(counts > 0, means, known.mean())[theirs]
    return 1.0 - float(((asked - predicted) ** 2).mean() / asked.var())


def _mode_skill(ours: Any, known: Any, theirs: Any, asked: Any) -> float:
    """Accuracy above the most frequent class, by the most frequent class of the same group."""
    if not len(asked) or not len(known):
        return 0.0
    size, n_classes = int(max(ours.max(), theirs.max())) + 1, int(max(known.max(), asked.max())) + 1
    votes = np.zeros((size, n_classes))
    np.add.at(votes, (ours, known), 1)
    accuracy = float((votes.argmax(axis=1)[theirs] == asked).mean())
    most = float(np.bincount(asked).max() / len(asked))
    return (accuracy - most) / (1 - most) if most < 1 else 0.0


def _targets(train: Sample, test: Sample) -> tuple[Any, Any, bool] | None:
    """The targets of both as numbers, and whether they are classes; None where they are not known.

    A missing target counts as a class of its own, or as NaN.
    """
    if train.target is None or test.target is None:
        return None
    task = task_of(train.target)
    if task == "classification":
        both = pd.concat([train.target.astype(object), test.target.astype(object)])
        codes = pd.factorize(both.astype(str))[0]
        return codes[: len(train)], codes[len(train) :], True
    if task == "regression" and task_of(test.target) is not None:
        numbers = [
            pd.to_numeric(target, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            for target in (train.target, test.target)
        ]
        return numbers[0], numbers[1], False
    return None


# -- times ----------------------------------------------------------------------------------------
def _times(sample: Sample, column: str) -> NDArray[np.float64] | None:
    """A column of times as numbers; of dates written as text, too. None for all others."""
    kind = sample.kinds[column]
    if kind == "time":
        return sample.numbers(column)
    if kind not in ("category", "text"):
        return None
    values = sample.features[column]
    known = values.dropna().head(20).astype(str)
    if not len(known) or not known.str.fullmatch(_ISO).all():
        return None
    times = pd.to_datetime(values.astype(object), errors="coerce", utc=True, format="ISO8601")
    numbers = times.dt.tz_convert(None).to_numpy(dtype="datetime64[ns]")
    return np.where(np.isnat(numbers), np.nan, numbers.view(np.int64).astype(np.float64))


def _time_leak(
    run: Evidence,
    train: Sample,
    test: Sample,
    name: str,
    times: tuple[NDArray[np.float64] | None, NDArray[np.float64] | None],
    neighbours: float,
    late: float,
) -> Iterator[Finding]:
    assert times[0] is not None
    assert times[1] is not None
    ours, theirs = times[0][np.isfinite(times[0])], times[1][np.isfinite(times[1])]
    if min(len(ours), len(theirs)) < _LEAST_ROWS or ours.max() <= theirs.min():
        return
    behind = ours > theirs.min()
    if np.median(theirs) > np.quantile(ours, 0.95):  # a split by time was meant
        if behind.mean() > late and behind.sum() > 2:
            yield run.finding(
                f"{behind.mean():.1%} of the rows of {train.table.name} are later than the first "
                f"of {test.table.name} by {name}",
                subject=name,
                sample=train,
                rows=train.positions[np.flatnonzero(times[0] > theirs.min())],
                remedy=f"cut both at one date of {name}: what is later is test, all else training",
                late=behind.mean(),
                late_limit=late,
            )
        return
    told, chance = _told_by_neighbours(run, train, test, times[0], times[1], neighbours)
    if told > max(neighbours, chance):
        yield run.finding(
            f"{train.table.name} and {test.table.name} are mixed in time by {name}, and the rows "
            f"next to a test row in time tell its target ({told:.0%} of what there is to tell)",
            subject=name,
            sample=test,
            remedy=f"if the model is to tell the future, split by {name} (`TimeSeriesSplit`): then "
            "the rows next to a test row are not known",
            told_by_neighbours=told,
            neighbours_limit=neighbours,
            told_by_chance=chance,
            late=behind.mean(),
        )


def _told_by_neighbours(
    run: Evidence,
    train: Sample,
    test: Sample,
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    limit: float,
) -> tuple[float, float]:
    """How well the training rows next to the test rows in time tell their targets.

    And the most that they tell of them in another order; 0 where they tell less than the limit.
    """
    targets = _targets(train, test)
    if targets is None:
        return 0.0, 0.0
    known, asked, is_class = targets
    if not is_class:
        known, asked = _ranks(known, asked)
    has, want = np.isfinite(ours) & np.isfinite(known), np.isfinite(theirs) & np.isfinite(asked)
    order = np.argsort(ours[has], kind="stable")
    moments, known, asked = ours[has][order], known[has][order], asked[want]
    if min(len(known), len(asked)) < _LEAST_ROWS or len(np.unique(moments)) < _LEAST_GROUPS:
        return 0.0, 0.0
    expected = _expected(_windows(moments, theirs[want]), known, is_class)
    told = _told_of(asked, expected, is_class)
    if told <= limit:
        return told, 0.0
    rng = run.rng
    orders = (rng.permutation(asked) for _ in range(_PERMUTATIONS))
    return told, max(0.0, *(_told_of(one, expected, is_class) for one in orders))


def _windows(
    moments: NDArray[np.float64], asked: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the rows next to each time begin and end among the sorted moments."""
    at = np.searchsorted(moments, asked)
    first = moments[np.maximum(at - _NEXT, 0)]
    last = moments[np.minimum(at + _NEXT - 1, len(moments) - 1)]
    return np.searchsorted(moments, first), np.searchsorted(moments, last, side="right")


def _expected(windows: Any, known: Any, is_class: bool) -> Any:
    """The mean in each window, or its most frequent class."""
    begin, end = windows
    if not is_class:
        sums = np.concatenate([[0.0], np.cumsum(known)])
        return (sums[end] - sums[begin]) / (end - begin)
    is_of = known[:, None] == np.arange(min(int(known.max()) + 1, _MOST_CLASSES))
    votes = np.vstack([np.zeros(is_of.shape[1]), np.cumsum(is_of, axis=0)])
    return (votes[end] - votes[begin]).argmax(axis=1)


def _told_of(asked: Any, expected: Any, is_class: bool) -> float:
    """Explained variance, or accuracy above the most frequent class."""
    if is_class:
        most = float(np.bincount(asked).max() / len(asked))
        right = float((expected == asked).mean())
        return (right - most) / (1 - most) if most < 1 else 0.0
    return 1.0 - float(((asked - expected) ** 2).mean() / asked.var()) if asked.var() else 0.0


def _ranks(known: Any, asked: Any) -> tuple[Any, Any]:
    """Both among all, so that a few large values do not decide; NaN where there is none."""
    ranks = pd.Series(np.concatenate([known, asked])).rank().to_numpy()
    return ranks[: len(known)], ranks[len(known) :]
