"""D15: rows that the model was trained on are in the data that judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.equal_rows import overlap, sampled_overlap
from aseptic.checks.tables import task_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.equal_rows import Overlap
    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample, Table
    from aseptic.model import Finding

_MOST_CLASSES = 50
_MOST_CELLS = 2_000_000  # of both tables, all of whose rows are hashed right after a cell
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
    above that by `share` and by `errors` standard errors, from `rows` rows on. The same is asked
    of the rows with their targets, which are less often equal by nature. Rows that were
    repeated before the split are as many on both sides: they count where at least `repeated` of the
    rows of one class have an equal one, but less than `otherwise` of the rows of the other classes,
    as after resampling a rare class; it is then as large as the others. Right after a cell,
    of large tables only some rows are looked up.

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
        if not len(train) or not train.columns or len(train.columns) != len(test.columns):
            continue
        sample = _sample(run, train, test)
        seen = _overlap(train, test, sample, with_target=False)
        found = _copied(run, test, train, sample, seen, share=share, rows=rows, errors=errors)
        if found is None and train.target is not None and test.target is not None:
            whole = _overlap(train, test, sample, with_target=True)
            found = _copied(run, test, train, sample, whole, share=share, rows=rows, errors=errors)
        if found is not None:
            yield found
        elif seen.is_shared.sum() >= rows:
            yield from _resampled(run, train, test, seen, repeated, otherwise)


def _sample(run: Evidence, train: Table, test: Table) -> tuple[Sample, Sample] | None:
    """What to look up after a cell, where to hash all rows would take too long."""
    is_large = (len(train) + len(test)) * len(train.columns) > _MOST_CELLS
    return (run.sample(train), run.sample(test)) if run.depth == "automatic" and is_large else None


def _overlap(
    train: Table, test: Table, sample: tuple[Sample, Sample] | None, *, with_target: bool
) -> Overlap:
    if sample is None:
        return overlap(train, test, with_target=with_target)
    return sampled_overlap(*sample, with_target=with_target)


def _copied(
    run: Evidence,
    test: Table,
    train: Table,
    sample: tuple[Sample, Sample] | None,
    seen: Overlap,
    *,
    share: float,
    rows: int,
    errors: float,
) -> Finding | None:
    """More test rows are in the training data than the training data lead to expect."""
    if seen.is_shared.sum() < rows:
        return None
    found, natural = float(seen.is_shared.mean()), float(seen.is_repeated.mean())
    spread = 1 / len(seen.is_shared) + 1 / len(seen.is_repeated)
    limit = natural + errors * np.sqrt(_PAIRED * natural * (1 - natural) * spread) + share
    if found <= limit:
        return None
    return run.finding(
        f"{found:.1%} of the rows of {test.name} are in {train.name}",
        table=test,
        sample=sample and sample[1],
        rows=seen.test_positions[seen.is_shared],
        share=found,
        count=int(seen.is_shared.sum()),
        repeated_by_nature=natural,
        limit=limit,
    )


def _resampled(
    run: Evidence,
    train: Table,
    test: Table,
    rows_of: Overlap,
    repeated: float,
    otherwise: float,
) -> Iterator[Finding]:
    if train.target is None or task_of(train.target) != "classification":
        return
    codes, labels = train.target.iloc[rows_of.train_positions].factorize()
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    if not 2 <= len(counts) <= _MOST_CLASSES:
        return
    equal = np.bincount(codes[rows_of.is_repeated & (codes >= 0)], minlength=len(labels))
    shares = equal / np.maximum(counts, 1)
    most = int(np.argmax(shares))
    rest = (equal.sum() - equal[most]) / max(1, counts.sum() - counts[most])
    is_large = counts[most] >= counts.max() / 2  # as it is after resampling
    if is_large and shares[most] >= repeated and rest < otherwise:
        yield run.finding(
            f"{rows_of.is_shared.mean():.1%} of the rows of {test.name} are in {train.name}: class "
            f"{labels[most]} seems to have been resampled before the split",
            table=test,
            rows=rows_of.test_positions[rows_of.is_shared],
            remedy="split first, then resample the training part alone (`imblearn.pipeline`, "
            "`class_weight`)",
            share=float(rows_of.is_shared.mean()),
            repeated_of_class=float(shares[most]),
            repeated_limit=repeated,
            repeated_otherwise=float(rest),
            otherwise_limit=otherwise,
        )
