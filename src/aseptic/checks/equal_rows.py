"""Which rows of a sample have an equal one in a large table, without a hash of each of its rows.

One column is read whole, the one that tells most rows apart; only rows that agree in it with a row
of the samples are compared in all columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aseptic.checks.tables import Sample, Table

_SIEVE = 1 << 22
_LOOKED_AT = 1_000  # rows, to find the column that tells most of them apart


class Overlap(NamedTuple):
    """Of the rows looked at: test rows that are in the training data, training rows that repeat."""

    is_shared: NDArray[np.bool_]
    test_positions: NDArray[np.int64]
    is_repeated: NDArray[np.bool_]
    train_positions: NDArray[np.int64]


def overlap(train: Table, test: Table) -> Overlap:
    """All rows of both."""
    return Overlap(
        np.isin(test.row_hashes, train.row_hashes),
        np.arange(len(test)),
        _is_repeated(train.row_hashes),
        np.arange(len(train)),
    )


def sampled_overlap(train: Sample, test: Sample) -> Overlap:
    """The rows of two samples, each looked up in the whole training data."""
    place = _telling_column(train)
    keys = train.table.hashes_of([train.table.columns[place]])
    theirs = test.table.hashes_of([test.table.columns[place]])[test.positions]
    candidates = _agreeing(keys, np.concatenate([theirs, keys[train.positions]]))
    known, counts = np.unique(train.table.hashes_at(candidates), return_counts=True)
    ours = train.table.hashes_at(train.positions)
    return Overlap(
        np.isin(test.table.hashes_at(test.positions), known),
        test.positions,
        np.isin(ours, known[counts > 1]),
        train.positions,
    )


def _telling_column(sample: Sample) -> int:
    """The place of the column with the most distinct values; of numbers, if they tell as much."""
    names = sample.features.columns
    numbers = set(sample.of_kind("number"))
    return max(
        range(len(names)),
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


def _is_repeated(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """For each row, whether another one is equal to it."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    equal = ordered[1:] == ordered[:-1]
    repeated = np.zeros(len(hashes), dtype=bool)
    repeated[order[1:]] = equal
    repeated[order[:-1]] |= equal
    return repeated
