"""D04: rows that occur more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.copies import are_copies, is_above, may_repeat, repeats, with_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Table
    from aseptic.model import Finding


@check("D04", needs=("data",))
def duplicate_rows(
    run: Evidence, *, share: float = 0.01, rows: int = 3, times: float = 3.0, p: float = 0.01
) -> Iterator[Finding]:
    """Rows occur more than once.

    Why: copies count twice in what the model learns, and a split deals them to both sides, where
    the metric rewards memory.

    Method: equal hashes of all features and the target, of all rows; more than `share` of the
    rows, and at least `rows`, have an equal one before them. Coarse data repeat by nature, so
    this counts only where it is no nature: rows of train are equal to another one more than
    `times` as often as rows of test are to one of train, by the two-proportion z-test (`p`); or
    where most rows that agree in half of the columns agree in all of them.

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
    if not may_repeat(run.sample(table), share):
        return
    hashes = with_target(table, table.row_hashes)
    again = repeats(hashes)
    found, count = float(again.mean()), int(again.sum())
    if found <= share or count < rows:
        return
    natural = _natural_count(tests, table, hashes)
    alike = int(np.isin(hashes, hashes[again]).sum())
    is_more = is_above(alike, len(table), *natural, times=times, p=p)
    if is_more or are_copies(run.sample(table)):
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
