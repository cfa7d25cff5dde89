"""D05: rows that are equal in all features have different labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.copies import (
    are_by_nature,
    are_copies,
    in_conflict,
    is_above,
    is_as_in,
    may_repeat,
    pairs,
    with_target,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Table
    from aseptic.model import Finding


@check("D05", needs=("data", "target"))
def conflicting_labels(
    run: Evidence, *, share: float = 0.01, rows: int = 4, times: float = 3.0, p: float = 0.01
) -> Iterator[Finding]:
    """Rows that are equal in all features have different labels.

    Why: at most one of the labels can be right; no model can tell the rows apart.

    Method: equal hashes of the features, of all rows, and more than one label; more than `share`
    of the rows, and at least `rows`. Coarse data do so by nature; it counts only above `times`
    the share of test rows that contradict a training row (two-proportion z-test, `p`), and
    the rate of such pairs within test; or where most rows that agree in half of the
    features agree in all of them. Never where the features have so few values that a `times`-th
    of the pairs is to be expected of independent ones.

    Remedy: look at the pairs and correct the labels, or drop them; if both labels are right, a
    feature that tells them apart is missing.

    Bad::

        train = np.random.default_rng(0).normal(size=(300, 4))
        label = np.arange(300) % 2
        train[290:] = train[[1, 0, 3, 2, 5, 4, 7, 6, 9, 8]]
        train = (train, label)

    Good::

        train = (np.random.default_rng(0).normal(size=(300, 4)), np.arange(300) % 2)
    """
    table = run.main
    if run.task != "classification":
        raise NotApplicable("the target is a number: equal rows may have different ones")
    if not len(table):
        raise NotApplicable(f"{table.name} has no rows")
    tests = [] if table.role != "train" else run.tables_of("validation", "test")
    if not may_repeat(run.sample(table), share / 2):
        return
    hashes = table.row_hashes
    whole = with_target(table, hashes)
    conflict = in_conflict(hashes, whole)
    found, count = float(conflict.mean()), int(conflict.sum())
    if found <= share or count < rows:
        return
    opposed = pairs(hashes) - pairs(whole)
    if are_by_nature(opposed, run.sample(table), agreeing=False, times=times):
        return
    natural = _natural_count(tests, table, hashes[conflict])
    is_more = is_above(count, len(table), *natural, times=times, p=p)
    is_more = is_more and not _is_usual(tests, opposed, len(table))
    if is_more or are_copies(run.sample(table)):
        yield run.finding(
            f"{count:,} rows of {table.name} ({found:.1%}) equal another row with another label",
            table=table,
            rows=np.flatnonzero(conflict),
            share=found,
            limit=share,
            by_nature=natural[0] / natural[1] if natural[1] else None,
        )


def _natural_count(tests: list[Table], train: Table, in_conflict: np.ndarray) -> tuple[int, int]:
    """How many test rows contradict a row of the training data, and of how many."""
    known, pairs = train.row_hashes, with_target(train, train.row_hashes)
    count, of = 0, 0
    for one in tests:
        if one.target is not None:
            theirs = one.row_hashes
            is_other = np.isin(theirs, known) & ~np.isin(with_target(one, theirs), pairs)
            count += int((is_other | np.isin(theirs, in_conflict)).sum())
            of += len(one)
    return count, of


def _is_usual(tests: list[Table], opposed: float, rows: int) -> bool:
    """Whether a table of test rows has pairs of other labels of its own as frequently."""
    for one in tests:
        if one.target is not None:
            theirs = one.row_hashes
            own = pairs(theirs) - pairs(with_target(one, theirs))
            if is_as_in(own, len(one), opposed, rows):
                return True
    return False
