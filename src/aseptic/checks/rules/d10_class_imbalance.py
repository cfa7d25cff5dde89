"""D10: some classes are much rarer than others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check
from aseptic.checks.statistics import proportion_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("D10", severity="info", needs=("data", "target"))
def class_imbalance(
    run: Evidence, *, ratio: float = 0.1, classes: int = 20, rows: int = 20
) -> Iterator[Finding]:
    """Some classes are much rarer than others.

    Why: accuracy then says little (always answering the commonest class scores high), and a
    random split may leave too few rows of a rare class on one side.

    Method: the rarest class against the commonest, below `ratio`; by its share plus one standard
    error, so that few rows alone are no reason. For at most `classes` classes and
    at least `rows` rows.

    Remedy: split with `stratify=y`, judge by balanced accuracy or average precision; class
    weights or resampling (of the training data only) cost calibration.

    Bad::

        data = (np.random.default_rng(0).normal(size=(500, 3)), np.arange(500) % 50 == 0)

    Good::

        data = (np.random.default_rng(0).normal(size=(500, 3)), np.arange(500) % 3)
    """
    table = run.main
    if run.task != "classification":
        raise NotApplicable("the target is a number, not a class")
    counts = run.target(table).value_counts()
    counts = counts[counts > 0]
    if not 2 <= len(counts) <= classes or counts.sum() < rows:
        raise NotApplicable(f"needs 2 to {classes} classes and {rows} rows")
    found = counts.iloc[-1] / counts.iloc[0]
    _, upper = proportion_interval(int(counts.iloc[-1]), int(counts.sum()), z=1.0)
    if found < ratio and upper < ratio * counts.iloc[0] / counts.sum():
        rare, common = counts.index[-1], counts.index[0]
        yield run.finding(
            f"class {rare} has {counts.iloc[-1]:,} of {counts.sum():,} rows, one for"
            f" {1 / found:,.0f} of class {common}",
            table=table,
            ratio=found,
            limit=ratio,
            rarest=int(counts.iloc[-1]),
            commonest=int(counts.iloc[0]),
            plot=plots.bars(
                [str(label) for label in counts.index],
                {"rows": counts.to_numpy().tolist()},
                x="class",
                y="rows",
            ),
        )
