"""D15: rows that the model was trained on are in the data that judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.tables import task_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Table
    from aseptic.model import Finding

_MOST_CLASSES = 50
_PAIRED = 2.0  # of the variance: a repeated row comes with its twin, so they are not independent


@check("D15", severity="error", needs=("train", "test"))
def train_test_overlap(
    run: Evidence,
    *,
    share: float = 0.002,
    rows: int = 3,
    errors: float = 3.5,
    repeated: float = 0.5,
    otherwise: float = 0.05,
) -> Iterator[Finding]:
    """Rows that the model was trained on are in the data that judges it.

    Why: the metric then rewards memory: it is better than the model will be on new rows.

    Method: exact match of 64-bit hashes of all rows. The share of test rows that are in the
    training data is compared with the share of training rows that have an equal one among the other
    training rows: as coarse data repeat by nature, so much is expected of a clean split. It counts
    above that by `share` and by `errors` standard errors, from `rows` rows on. Rows that were
    repeated before the split are as many on both sides: they count where at least `repeated` of the
    rows of one class have an equal one, but less than `otherwise` of the rows of the other classes,
    as after resampling a rare class; it is then as large as the others.

    Remedy: drop duplicates before the split; split before resampling or augmenting; where rows
    belong together, split by group (`GroupShuffleSplit`).

    Bad::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
        test[:10] = train[:10]

    Good::

        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(800, 4)), rng.normal(size=(200, 4))
    """
    for train, test in run.pairs():
        shared = _is_shared(train, test)
        if shared.sum() < rows:
            continue
        found = float(shared.mean())
        repeats = _is_repeated(train.row_hashes)
        natural = float(repeats.mean())
        error = np.sqrt(_PAIRED * natural * (1 - natural) * (1 / len(test) + 1 / len(train)))
        limit = natural + errors * error + share
        if found > limit:
            yield run.finding(
                f"{found:.1%} of the rows of {test.name} are in {train.name}",
                table=test,
                rows=np.flatnonzero(shared),
                share=found,
                count=int(shared.sum()),
                repeated_by_nature=natural,
                limit=limit,
            )
        else:
            yield from _resampled(run, train, test, shared, repeats, repeated, otherwise)


def _is_shared(train: Table, test: Table) -> NDArray[np.bool_]:
    """For each row of the test data, whether it is in the training data."""
    if not train.columns or len(train.columns) != len(test.columns):
        return np.zeros(len(test), dtype=bool)
    return np.isin(test.row_hashes, train.row_hashes)


def _is_repeated(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """For each row, whether another one is equal to it."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    equal = ordered[1:] == ordered[:-1]
    repeated = np.zeros(len(hashes), dtype=bool)
    repeated[order[1:]] = equal
    repeated[order[:-1]] |= equal
    return repeated


def _resampled(
    run: Evidence,
    train: Table,
    test: Table,
    shared: NDArray[np.bool_],
    repeats: NDArray[np.bool_],
    repeated: float,
    otherwise: float,
) -> Iterator[Finding]:
    if train.target is None or task_of(train.target) != "classification":
        return
    codes, labels = train.target.factorize()
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    if not 2 <= len(counts) <= _MOST_CLASSES:
        return
    equal = np.bincount(codes[repeats & (codes >= 0)], minlength=len(labels))
    shares = equal / np.maximum(counts, 1)
    most = int(np.argmax(shares))
    rest = (equal.sum() - equal[most]) / max(1, counts.sum() - counts[most])
    is_large = counts[most] >= counts.max() / 2  # as it is after resampling
    if is_large and shares[most] >= repeated and rest < otherwise:
        yield run.finding(
            f"{shared.mean():.1%} of the rows of {test.name} are in {train.name}: class "
            f"{labels[most]} seems to have been resampled before the split",
            table=test,
            rows=np.flatnonzero(shared),
            remedy="split first, then resample the training part alone (`imblearn.pipeline`, "
            "`class_weight`)",
            share=float(shared.mean()),
            repeated_of_class=float(shares[most]),
            repeated_limit=repeated,
            repeated_otherwise=float(rest),
            otherwise_limit=otherwise,
        )
