"""Rows that are equal: how many, and whether that is by nature or because they were copied.

Coarse data repeat by nature: of people known by age and sex, many are alike. Then rows that agree
in half of the columns are many more than rows that agree in all. Copies agree in all or in none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aseptic.capture.row_hashes import row_hashes
from aseptic.checks.statistics import two_proportions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aseptic.checks.tables import Sample, Table

_ODD = np.uint64(0x9E3779B97F4A7C15)
_LARGE = 100_000  # rows, from which on it pays to hash a few columns first
_ROWS_TO_COUNT = 1_000
_COLUMNS_TO_COUNT = 200
_FEWEST_PAIRS = 3
_MOST_COLUMNS = 6  # of half of the columns: more add nothing, and cost


def with_target(table: Table, hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hashes of rows that differ also where the targets differ."""
    if table.target is None:
        return hashes
    labels = row_hashes(table.target)
    mixed: NDArray[np.uint64] = hashes ^ (labels * _ODD)
    return mixed


def may_repeat(sample: Sample, share: float) -> bool:
    """Whether more than a share of all rows of the table can be equal to one before them.

    By the columns of most values: rows that differ in those differ, and need no more hashing.
    """
    table = sample.table
    if len(table) < _LARGE or "row_hashes" in vars(table):
        return True
    few = _telling(sample)[:_MOST_COLUMNS]
    return bool(repeats(table.hashes_of(few)).mean() > share)


def repeats(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether an equal row comes before it."""
    found: NDArray[np.bool_] = pd.Series(hashes, copy=False).duplicated().to_numpy()
    return found


def in_conflict(hashes: NDArray[np.uint64], whole: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Rows with a row of equal features (`hashes`) whose label is another (`whole`)."""
    candidates = np.flatnonzero(pd.Series(hashes, copy=False).duplicated(keep=False))
    found = np.zeros(len(hashes), dtype=bool)
    groups = pd.Series(whole[candidates]).groupby(hashes[candidates])
    found[candidates] = (groups.transform("min") != groups.transform("max")).to_numpy()
    return found


def is_above(count: int, of: int, natural: int, of_natural: int, *, times: float, p: float) -> bool:
    """Whether a share is above a natural one, by a factor and not by chance."""
    effect, found_p = two_proportions(natural, of_natural, count, of)
    return effect > 0 and found_p < p and count / of > times * natural / of_natural


def pairs(hashes: NDArray[np.uint64]) -> float:
    """How many pairs of equal rows there are."""
    equal = pd.Series(hashes, copy=False).duplicated(keep=False).to_numpy()
    counts = np.unique(hashes[equal], return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())


def are_by_nature(found: float, sample: Sample, *, agreeing: bool, times: float) -> bool:
    """Whether so many pairs of equal rows come of few values: a few combinations must repeat.

    Expected are those of columns that know nothing of each other, `times` over; `agreeing` says
    whether it is about pairs that have the same target or those that have another one.
    """
    rows = len(sample.table)
    expected = rows * (rows - 1) / 2 * _chance_to_agree(sample)
    if sample.target is not None:
        alike = _agreement(pd.factorize(row_hashes(sample.target))[0])
        expected *= alike if agreeing else 1 - alike
    return found <= times * expected


def is_as_in(test: float, of_test: int, found: float, of: int) -> bool:
    """Whether the test rows hold pairs of their own at a rate that explains most of those found.

    The more rows, the more pairs of each: it is their rates among all pairs that compare. That of
    test is taken with its error, and half as much more, as rows that repeat come in clusters.
    """
    if test < _FEWEST_PAIRS or of_test < 2:
        return False
    most = 1.5 * (test + 2 * math.sqrt(test))
    return found <= most * (of * (of - 1)) / (of_test * (of_test - 1))


def are_copies(sample: Sample) -> bool:
    """Whether rows that agree in half of the columns mostly agree in all of them.

    Asked of tables in which some rows are equal. The columns are dealt in turn to two halves, in
    the order of how many values they have, so that each half can tell rows apart.
    """
    table = sample.table
    columns = _telling(sample)[: 2 * _MOST_COLUMNS]
    equal = pairs(table.row_hashes)
    halves = [half for half in (columns[::2], columns[1::2]) if len(columns) > 1]
    return any(pairs(table.hashes_of(half)) < 2 * equal for half in halves)


def _telling(sample: Sample) -> list[str]:
    """The columns, those of most values first, numbers before texts: they hash faster."""
    few = min(len(sample), _ROWS_TO_COUNT)

    def rank(name: str) -> tuple[bool, int, bool]:
        kind = sample.kinds[name]
        if kind == "other":
            return True, 0, True
        return False, -int(sample.features[name].iloc[:few].nunique()), kind != "number"

    return sorted(map(str, sample.features.columns[:_COLUMNS_TO_COUNT]), key=rank)


def _chance_to_agree(sample: Sample) -> float:
    """The chance that two rows agree in all columns, if these were independent."""
    chance = 1.0
    for name in _telling(sample):
        chance *= _agreement(sample.codes(name))
        if not chance:
            break
    return chance


def _agreement(codes: NDArray[np.int64]) -> float:
    """The share of pairs of rows that agree in a column."""
    counts = np.unique(codes, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1)).sum()) / max(1, len(codes) * (len(codes) - 1))
