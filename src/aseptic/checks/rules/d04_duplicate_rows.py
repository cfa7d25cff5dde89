"""D04: rows that occur more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.copies import (
    are_by_nature,
    are_copies,
    is_above,
    is_as_in,
    may_repeat,
    pairs,
    repeats,
    with_target,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Table
    from aseptic.model import Finding


@check("D04", needs=("data",), rows_suffice=True)
def duplicate_rows(
    run: Evidence, *, share: float = 0.01, rows: int = 3, times: float = 3.0, p: float = 0.01
) -> Iterator[Finding]:
    """Rows occur more than once.

    Why: copies count twice in what the model learns, and a split deals them to both sides, where
    the metric rewards memory.

    Method: equal hashes of all features and the target, of all rows; more than `share` of the
    rows, and at least `rows`, have an equal one before them. Coarse data repeat by nature, so
    this counts only where it is no nature: rows of train are equal to another one more than
    `times` as often as rows of test are to one of train, by the two-proportion z-test (`p`), and
    their equal pairs are more frequent than those within test; or most rows that agree
    in half of the columns agree in all of them. Never where the columns have so few values that a
    `times`-th of the equal pairs is to be expected of independent ones. Where the data are gone,
    the hashes that the run has kept are enough to compare train with test.

    Remedy: `drop_duplicates()` before the split; if the rows are truly repeated measurements,
    split by group and keep a count or a weight.

    Bad::

        data = np.random.default_rng(0).normal(size=(300, 4))
        data[280:] = data[:20]

    Good::

        data = np.random.default_rng(0).integers(0, 3, size=(300, 4))
    """
    table = run.main
    if len(table) < 10:
        raise NotApplicable(f"{table.name} has fewer than 10 rows")
    tests = [] if table.role != "train" else run.tables_of("validation", "test")
    if table.is_hashed and not tests:
        raise NotApplicable(f"of {table.name} only hashes are kept: judged beside test rows alone")
    if not table.is_hashed and not may_repeat(run.sample(table), share):
        return
    hashes = with_target(table, table.row_hashes)
    again = repeats(hashes)
    found, count = float(again.mean()), int(again.sum())
    if found <= share or count < rows:
        return
    equal = pairs(hashes)
    if not table.is_hashed and are_by_nature(equal, run.sample(table), agreeing=True, times=times):
        return
    natural = _natural_count(tests, table, hashes)
    alike = int(np.isin(hashes, hashes[again]).sum())
    is_more = is_above(alike, len(table), *natural, times=times, p=p)
    is_more = is_more and not _is_usual(tests, table, equal)
    if is_more or (not table.is_hashed and are_copies(run.sample(table))):
        yield run.finding(
            f"{found:.1%} of the rows of {table.name} are copies of another row",
            table=table,
            rows=np.flatnonzero(again),
            share=found,
            count=count,
            limit=share,
            by_nature=natural[0] / natural[1] if natural[1] else None,
        )


def _natural_count(tests: list[Table], table: Table, hashes: np.ndarray) -> tuple[int, int]:
    """How many test rows the training data holds, and of how many: by chance, not by copying."""
    counts = [
        (int(np.isin(with_target(one, one.row_hashes), hashes).sum()), len(one))
        for one in tests
        if (one.target is None) == (table.target is None)
    ]
    return sum(hits for hits, _ in counts), sum(of for _, of in counts)


def _is_usual(tests: list[Table], table: Table, equal: float) -> bool:
    """Whether a table of test rows has equal rows of its own as frequently."""
    return any(
        is_as_in(pairs(with_target(one, one.row_hashes)), len(one), equal, len(table))
        for one in tests
        if (one.target is None) == (table.target is None)
    )
