"""D15: rows that the model was trained on are in the data that judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import check
from aseptic.checks.equal_rows import overlap, sampled_overlap
from aseptic.checks.statistics import binomial_tail
from aseptic.checks.tables import task_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.equal_rows import Overlap
    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample, Table
    from aseptic.model import Finding

_MOST_CLASSES = 50
_MOST_CELLS = 2_000_000  # of both tables, all of whose rows are hashed right after a cell


@check("D15", severity="error", needs=("train", "test"), rows_suffice=True)
def train_test_overlap(
    run: Evidence,
    *,
    share: float = 0.0005,
    rows: int = 3,
    p: float = 0.0003,
    repeated: float = 0.5,
    otherwise: float = 0.05,
) -> Iterator[Finding]:
    """Rows that the model was trained on are in the data that judges it.

    Why: the metric then rewards memory: it is better than the model will be on new rows.

    Method: exact match of 64-bit hashes of all rows. Coarse data repeat by nature: a test row of a
    clean split is in the training data as often as a training row has an equal one among the other
    training rows, and `share` is expected of any data. It counts where so many test rows, and at
    least `rows`, would be there with a chance below `p` (the binomial distribution). The same is
    asked of the rows with their targets, which are less often equal by nature. Rows that were
    repeated before the split are as many on both sides: they count where at least `repeated` of the
    rows of one class have an equal one, but less than `otherwise` of the rows of the other classes,
    as after resampling a rare class; it is then as large as the others. Right after a cell, of
    large tables only some rows are looked up. Where the data are gone, the hashes that the run has
    kept are enough, without targets.

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
        if seen.is_shared.sum() < rows:
            continue
        natural = max(share, float(seen.is_repeated.mean()))
        found, chance = seen, _chance(seen, natural)
        if chance >= p and train.target is not None and test.target is not None:
            whole = _overlap(train, test, sample, with_target=True)
            if whole.is_shared.sum() >= rows:
                natural = max(share, _repeated_with_target(seen, whole))
                found, chance = whole, _chance(whole, natural)
        if chance < p:
            yield _copied(run, test, train, sample, found, natural=natural, p=chance, p_limit=p)
        else:
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


def _chance(seen: Overlap, natural: float) -> float:
    """How likely so many test rows are in the training data of a clean split."""
    return binomial_tail(int(seen.is_shared.sum()), len(seen.is_shared), natural)


def _repeated_with_target(seen: Overlap, whole: Overlap) -> float:
    """The share of training rows that have an equal one with an equal target.

    Where none has, it may be by luck: by Laplace's rule, some of those that are equal would.
    """
    found, equal = int(whole.is_repeated.sum()), int(seen.is_repeated.sum())
    natural = equal / len(seen.is_repeated) * (found + 1) / (equal + 2)
    return max(natural, found / len(whole.is_repeated))


def _copied(
    run: Evidence,
    test: Table,
    train: Table,
    sample: tuple[Sample, Sample] | None,
    seen: Overlap,
    *,
    natural: float,
    p: float,
    p_limit: float,
) -> Finding:
    """More test rows are in the training data than the training data lead to expect."""
    return run.finding(
        f"{seen.is_shared.mean():.1%} of the rows of {test.name} are in {train.name}",
        table=test,
        sample=sample and sample[1],
        rows=seen.test_positions[seen.is_shared],
        share=float(seen.is_shared.mean()),
        count=int(seen.is_shared.sum()),
        repeated_by_nature=natural,
        p=p,
        p_limit=p_limit,
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
