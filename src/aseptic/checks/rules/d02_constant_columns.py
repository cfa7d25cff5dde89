"""D02: columns that hold one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check
from aseptic.checks.statistics import two_proportions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding


@check("D02", severity="info", needs=("data",))
def constant_columns(
    run: Evidence, *, share: float = 0.999, rows: int = 20, different: float = 0.01
) -> Iterator[Finding]:
    """Columns hold one value only, and tell a model nothing.

    Why: they cost time and memory, break some scalers, and often come of a filter or a join that
    went wrong. A column that is constant in train but not in test was cut apart by the split.

    Method: one distinct value, or one value in more than `share` of the rows, in tables of at
    least `rows` rows. Columns with nothing in them are D01. A warning where the test data holds
    other values in more than `different` of its rows, and not by chance (two proportions, p < .001
    over the number of columns).

    Remedy: leave the columns out (`VarianceThreshold` does it in a pipeline).

    Bad::

        data = pd.DataFrame({"country": ["NL"] * 100, "age": np.arange(100) % 37})

    Good::

        data = pd.DataFrame({"country": ["NL", "BE"] * 50, "age": np.arange(100) % 37})
    """
    table = run.main
    sample = run.sample(table)
    if len(sample) < rows:
        raise NotApplicable(f"{table.name} has fewer than {rows} rows")
    constant = {name: top for name, top in _top_shares(sample).items() if top > share}
    tests = [] if table.role != "train" else run.tables_of("validation", "test")
    split = [
        name
        for name in constant
        if any(_varies(sample, run.sample(one), name, different) for one in tests)
    ]
    quiet = [name for name in constant if name not in split]
    for name in split:
        yield run.finding(
            f"{name} has one value in {table.name}, but varies in the test data",
            subject=name,
            severity="warning",
            remedy=f"shuffle or stratify the split: no model can learn from {name} as it is",
            sample=sample,
            top_share=constant[name],
            limit=share,
        )
    if quiet:
        named = ", ".join(quiet[:5]) + (" …" if len(quiet) > 5 else "")
        what = "column holds" if len(quiet) == 1 else "columns hold"
        yield run.finding(
            f"{len(quiet):,} {what} one value in at least {share:.1%} of the rows: {named}",
            subject=quiet[0] if len(quiet) == 1 else None,
            sample=sample,
            columns=quiet[:50],
            top_shares=[constant[name] for name in quiet[:50]],
            limit=share,
        )


def _top_shares(sample: Sample) -> dict[str, float]:
    """The share of the commonest value, of columns where it can be high; missing is a value."""
    shares = {}
    for names, numbers in sample.number_blocks():
        for place in np.flatnonzero(_may_be_constant(numbers)):
            values = numbers[:, place]
            known = values[~np.isnan(values)]
            if len(known):
                shares[names[place]] = np.unique(known, return_counts=True)[1].max() / len(values)
    for name in set(sample.features.columns) - set(sample.of_kind("number")):
        counts = np.bincount(sample.codes(name) + 1)
        if len(counts) > 1:
            shares[name] = counts[1:].max() / len(sample)
    return {name: float(shares[name]) for name in sample.features.columns if name in shares}


def _may_be_constant(numbers: np.ndarray) -> np.ndarray:
    """Columns in which one of three rows has a value that is common among some fifty rows.

    Almost all values of a nearly constant column are equal: looking at all is for those alone.
    """
    if not numbers.size:
        return np.zeros(numbers.shape[1], dtype=bool)
    few = numbers[:: max(1, len(numbers) // 50)]
    agreeing = [(few == numbers[at]).mean(axis=0) for at in (0, len(numbers) // 2, -1)]
    common: np.ndarray = np.max(agreeing, axis=0) > 0.8
    return common


def _varies(train: Sample, test: Sample, name: str, least: float) -> bool:
    if train.kinds[name] == "other" or name not in test.features or not len(test):
        return False
    ours = np.bincount(train.codes(name) + 1)
    usual = train.features[name].iloc[int(np.argmax(train.codes(name) + 1 == np.argmax(ours)))]
    values = test.features[name]
    others = int((values.notna() & (values != usual).fillna(value=False)).sum())
    effect, p = two_proportions(len(train) - int(ours.max()), len(train), others, len(test))
    return effect > least and p < 0.001 / len(train.features.columns)
