"""How well one column alone tells the target, on rows that were not used to find out.

No library is needed: a column is cut into bins, each bin predicts what its other rows have.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aseptic.checks.tables import Sample, Task

_FOLDS = 3
_MOST_BINS = 64
_ROWS_A_BIN = 8
_MOST_CLASSES = 50


class Goal(NamedTuple):
    """The target of a sample: a class number or a rank for each row that has one."""

    task: Task
    rows: NDArray[np.int64]  # those with a target
    values: NDArray[Any]
    n_classes: int
    folds: NDArray[np.int64]


def goal_of(sample: Sample, task: Task) -> Goal | None:
    """The target as it is told by columns; None where it has too few rows or only one value.

    Quantities are replaced by their ranks, so that a few large ones do not decide.
    """
    if sample.target is None:
        return None
    rows = np.flatnonzero(sample.target.notna().to_numpy())
    target = sample.target.iloc[rows]
    n_classes = 0
    values: NDArray[Any]
    if task == "classification":
        try:
            values = pd.factorize(target)[0]
        except TypeError:  # values that cannot be hashed
            return None
        n_classes = int(values.max()) + 1 if len(values) else 0
        if not 2 <= n_classes <= _MOST_CLASSES or len(rows) < 5 * n_classes:
            return None
    else:
        values = target.rank().to_numpy(dtype=np.float64) / max(1, len(rows))
        if not len(rows) or values.std() == 0:
            return None
    folds = np.random.default_rng(0).permutation(len(rows)) % _FOLDS
    return Goal(task, rows, values, n_classes, folds)


def bins_of(sample: Sample, column: str) -> NDArray[np.int64] | None:
    """A bin for each row: by value where few are distinct, else by quantiles; missing is one.

    None for columns that tell each row apart, and for objects.
    """
    kind = sample.kinds[column]
    if kind in ("category", "text"):
        codes = sample.codes(column)
        distinct = int(codes.max(initial=-1)) + 1
        return codes + 1 if distinct <= max(2, len(codes) // 3) else None
    if kind not in ("number", "boolean", "time"):
        return None
    values = sample.numbers(column)
    known = values[np.isfinite(values)]
    bins = np.zeros(len(values), dtype=np.int64)
    if not len(known):
        return bins
    known.sort()
    edges = _distinct(known)
    most = max(2, min(_MOST_BINS, len(known) // _ROWS_A_BIN))
    if len(edges) > most:
        edges = _distinct(_quantiles(known, _evenly(most)))
    bins = np.searchsorted(edges, values, side="left") + 1
    bins[np.isnan(values)] = 0
    return bins


@lru_cache(maxsize=8)
def _evenly(parts: int) -> NDArray[np.float64]:
    """Where to cut 0 to 1 into so many equal parts."""
    return np.linspace(0, 1, parts + 1)[1:-1]


def _distinct(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    return found


def _quantiles(ordered: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `np.quantile` has them, which would sort again."""
    exact = at * (len(ordered) - 1)
    below = np.floor(exact).astype(np.int64)
    low, high = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    part = exact - below
    step = high - low
    found: NDArray[np.float64] = np.where(part < 0.5, low + step * part, high - step * (1 - part))
    return found


def skill(bins: NDArray[np.int64], goal: Goal) -> float:
    """1 where the column tells the target for sure, 0 or less where it does not tell it at all.

    Classes: balanced accuracy, so that 0 is chance. Quantities: explained variance of the ranks.
    """
    bins = bins[goal.rows]
    size = int(bins.max(initial=0)) + 1
    tell = _hits if goal.task == "classification" else _squares
    return float(tell(bins, size, goal))


def _hits(bins: NDArray[np.int64], size: int, goal: Goal) -> float:
    classes = goal.n_classes
    counts = np.bincount(
        (goal.folds * size + bins) * classes + goal.values, minlength=_FOLDS * size * classes
    ).reshape(_FOLDS, size, classes)
    others = counts.sum(axis=0) - counts
    weighted = others / np.maximum(others.sum(axis=1, keepdims=True), 1)
    predicted = weighted.argmax(axis=2)[goal.folds, bins]
    of_class = np.bincount(goal.values, minlength=classes)
    hits = np.bincount(goal.values[predicted == goal.values], minlength=classes)
    balanced = float((hits / np.maximum(of_class, 1)).mean())
    return (balanced - 1 / classes) / (1 - 1 / classes)


def _squares(bins: NDArray[np.int64], size: int, goal: Goal) -> float:
    cells = goal.folds * size + bins
    counts = np.bincount(cells, minlength=_FOLDS * size).reshape(_FOLDS, size)
    sums = np.bincount(cells, goal.values, minlength=_FOLDS * size).reshape(_FOLDS, size)
    counts, sums = counts.sum(axis=0) - counts, sums.sum(axis=0) - sums
    means = sums.sum(axis=1, keepdims=True) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    predicted = np.where(counts > 0, sums / np.maximum(counts, 1), means)[goal.folds, bins]
    return 1.0 - float(((goal.values - predicted) ** 2).mean()) / float(goal.values.var())
