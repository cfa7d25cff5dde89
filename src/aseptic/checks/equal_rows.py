"""Which rows of a sample have an equal one in a large table, without a hash of each of its rows.

One column is read whole, the one that tells most rows apart; only rows that agree in it with a row
of the samples are compared in all columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aseptic.capture.row_hashes import row_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aseptic.checks.tables import Sample, Table

_ODD = np.uint64(0x9E3779B97F4A7C15)
_SIEVE = 1 << 22
_SOME = 100_000  # hashes at a time
_LOOKED_AT = 1_000  # rows, to find the column that tells most of them apart
_COLUMNS_LOOKED_AT = 200  # evenly spaced


class Overlap(NamedTuple):
    """Of the rows looked at: test rows that are in the training data, training rows that repeat."""

    is_shared: NDArray[np.bool_]
    test_positions: NDArray[np.int64]
    is_repeated: NDArray[np.bool_]
    train_positions: NDArray[np.int64]


def overlap(train: Table, test: Table, *, with_target: bool) -> Overlap:
    """All rows of both; with their targets, rows are equal if those are equal, too."""
    at = np.arange(len(train)), np.arange(len(test))
    ours, theirs = train.row_hashes, test.row_hashes
    if with_target:
        ours, theirs = ours ^ _target_hashes(train, at[0]), theirs ^ _target_hashes(test, at[1])
    ordered = np.sort(ours)
    return Overlap(_is_among(theirs, ordered), at[1], _is_repeated(ours, ordered), at[0])


def sampled_overlap(train: Sample, test: Sample, *, with_target: bool) -> Overlap:
    """The rows of two samples, each looked up in the whole training data."""

    def hashes(table: Table, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
        found = table.hashes_at(positions)
        return found ^ _target_hashes(table, positions) if with_target else found

    place = _telling_column(train)
    keys = train.table.hashes_of([train.table.columns[place]])
    theirs = test.table.hashes_of([test.table.columns[place]])[test.positions]
    candidates = _agreeing(keys, np.concatenate([theirs, keys[train.positions]]))
    known, counts = np.unique(hashes(train.table, candidates), return_counts=True)
    ours = hashes(train.table, train.positions)
    return Overlap(
        np.isin(hashes(test.table, test.positions), known),
        test.positions,
        np.isin(ours, known[counts > 1]),
        train.positions,
    )


def _target_hashes(table: Table, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
    hashes: NDArray[np.uint64] = row_hashes(table.target.iloc[positions]) * _ODD
    return hashes


def _telling_column(sample: Sample) -> int:
    """The place of the column with the most distinct values; of numbers, if they tell as much."""
    names = sample.features.columns
    numbers = set(sample.of_kind("number"))
    return max(
        range(0, len(names), -(-len(names) // _COLUMNS_LOOKED_AT)),
        key=lambda at: (
            len(np.unique(sample.codes(names[at])[:_LOOKED_AT])),
            names[at] in numbers,
        ),
    )


def _agreeing(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of the keys that are among those wanted."""
    sieve = np.zeros(_SIEVE, dtype=bool)
    sieve[wanted & np.uint64(_SIEVE - 1)] = True
    passed = np.flatnonzero(sieve[keys & np.uint64(_SIEVE - 1)])
    return passed[np.isin(keys[passed], wanted)]


def _is_repeated(hashes: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """For each row, whether another one is equal to it."""
    return _is_among(hashes, ordered[1:][ordered[1:] == ordered[:-1]])


def _is_among(hashes: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """As `np.isin` says it; of sorted ones, with a fraction of the memory."""
    found = np.zeros(len(hashes), dtype=bool)
    for start in range(0, len(hashes) if len(ordered) else 0, _SOME):
        some = hashes[start : start + _SOME]
        at = np.searchsorted(ordered, some).clip(max=len(ordered) - 1)
        found[start : start + _SOME] = ordered[at] == some
    return found
