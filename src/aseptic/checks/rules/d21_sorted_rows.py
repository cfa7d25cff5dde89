"""D21: the rows are in the order of the target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding


@check("D21", severity="info", needs=("data", "target"))
def sorted_rows(
    run: Evidence, *, changes: float = 0.5, correlation: float = 0.5, rows: int = 20, z: float = 4.0
) -> Iterator[Finding]:
    """The rows are in the order of the target.

    Why: a split or a fold without shuffling holds classes that the other side lacks, and a model
    trained in batches forgets the first ones.

    Method: how often neighbouring rows have different classes, below `changes` of what a random
    order would give (the Gini impurity), by more than `z` standard errors; for a number as
    target, the rank correlation with the row's position above `correlation`. At least `rows`
    rows. A warning where the model is set not to shuffle.

    Remedy: shuffle before the split and in training (`shuffle=True`); if the order is that of
    time, split by time instead.

    Bad::

        data = (np.random.default_rng(0).normal(size=(300, 3)), np.arange(300) // 100)

    Good::

        data = (np.random.default_rng(0).normal(size=(300, 3)), np.arange(300) % 3)
    """
    table = run.main
    target = run.target(table)
    if len(target) < rows:
        raise NotApplicable(f"{table.name} has fewer than {rows} rows")
    severity = "warning" if getattr(run.model, "shuffle", True) is False else "info"
    if run.task == "classification":
        share, error = _changes(target)
        if share < changes and 1 - share > z * error:
            yield run.finding(
                f"neighbouring rows of {table.name} have different classes only {share:.0%} as"
                " often as in a random order",
                severity=severity,  # type: ignore[arg-type]  # one of two literals
                table=table,
                changes=share,
                limit=changes,
            )
        return
    found = _correlation(target)
    if abs(found) > correlation and abs(found) * math.sqrt(len(target)) > z:
        yield run.finding(
            f"the target of {table.name} goes with the position of the row (rank correlation"
            f" {found:.2f})",
            severity=severity,  # type: ignore[arg-type]  # one of two literals
            table=table,
            correlation=found,
            limit=correlation,
        )


def _changes(target: Any) -> tuple[float, float]:
    """Changes of class between neighbours, in units of a random order, and their error."""
    codes = pd.factorize(target)[0]
    shares = np.unique(codes, return_counts=True)[1] / len(codes)
    expected = float(1 - (shares**2).sum())
    if expected <= 0:
        return 1.0, 0.0
    found = float((codes[1:] != codes[:-1]).mean())
    return found / expected, math.sqrt(max(1 - expected, 0.01) / expected / (len(codes) - 1))


def _correlation(target: Any) -> float:
    values = target.to_numpy(dtype=np.float64, na_value=np.nan)
    known = pd.Series(values[np.isfinite(values)])
    if known.nunique() < 2:
        return 0.0
    return float(np.corrcoef(known.rank(), np.arange(len(known)))[0, 1])
