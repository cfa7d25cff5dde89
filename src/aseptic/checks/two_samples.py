"""Two tables column by column: which columns they share, and how much each one differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable
from aseptic.checks.column_names import names_an_identity
from aseptic.checks.statistics import Difference, kolmogorov_smirnov, shares_differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.tables import Sample

_NUMERIC = ("number",)
_GROUPED = ("boolean", "category")
_LEAST_IDENTITIES = 10  # fewer are a category that happens to be called a group


class ColumnPair(NamedTuple):
    """A column that two samples share: its name in each, and how it is compared."""

    name: str
    other: str
    is_numeric: bool


def independent_rows(train: Sample, test: Sample) -> tuple[Sample, Sample]:
    """One row a person, machine or the like, the first, where a split by these parts the samples.

    Rows of one person are alike, so a few persons more or less look like a shift: only one row of
    each may count for a p-value. The samples as they are where no column names an identity that
    repeats and is never on both sides.
    """
    for name, other in common_columns(train, test):
        if holds_identities(train, name):
            ours, theirs = train.codes(name), test.codes(other)
            rows = _first_rows(ours), _first_rows(theirs)
            repeats = len(rows[0]) < len(train) or len(rows[1]) < len(test)
            if repeats and not _share_a_value(train.features[name], test.features[other]):
                return train.taken(rows[0]), test.taken(rows[1])
    return train, test


def holds_identities(sample: Sample, column: str) -> bool:
    """Whether a column names who or what a row is about: by its name, and many distinct values."""
    return names_an_identity(column) and int(sample.codes(column).max(initial=-1)) >= (
        _LEAST_IDENTITIES - 1
    )


def _first_rows(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each code occurs first, in order; rows without one are all kept."""
    first = np.unique(codes, return_index=True)[1]
    return np.union1d(first, np.flatnonzero(codes < 0))


def _share_a_value(a: pd.Series, b: pd.Series) -> bool:
    try:
        return bool(a.dropna().astype(object).isin(set(b.dropna().astype(object))).any())
    except TypeError:  # values that cannot be hashed
        return bool(a.dropna().map(repr).isin(set(b.dropna().map(repr))).any())


def common_columns(a: Sample, b: Sample) -> list[tuple[str, str]]:
    """The columns of both, by name; by place where no name is shared and they are as many."""
    theirs = set(b.features.columns)
    found = [(name, name) for name in a.features.columns if name in theirs]
    if not found and a.features.shape[1] == b.features.shape[1]:
        found = list(zip(a.features.columns, b.features.columns, strict=True))
    return found


def comparable_columns(a: Sample, b: Sample) -> list[ColumnPair]:
    """The shared columns of numbers and of categories. Raises NotApplicable where there is none."""
    found = list(_comparable(a, b))
    if not found:
        raise NotApplicable(f"{a.table.name} and {b.table.name} share no numbers or categories")
    return found


def _comparable(a: Sample, b: Sample) -> Iterator[ColumnPair]:
    for name, other in common_columns(a, b):
        kinds = {a.kinds[name], b.kinds[other]}
        if kinds <= set(_NUMERIC):
            yield ColumnPair(name, other, True)
        elif kinds <= set(_GROUPED):
            yield ColumnPair(name, other, False)


def difference(a: Sample, b: Sample, pair: ColumnPair) -> Difference:
    """How much the column differs: by its distribution, or by the shares of its categories."""
    if pair.is_numeric:
        return kolmogorov_smirnov(a.numbers(pair.name), b.numbers(pair.other))
    _, ours, theirs = counts_of(a.features[pair.name], b.features[pair.other])
    return shares_differ(ours, theirs)


def counts_of(a: pd.Series, b: pd.Series) -> tuple[list[str], NDArray[Any], NDArray[Any]]:
    """The categories of both, and how often each occurs in either; missing values are left out."""
    if a.dtype != b.dtype:
        a, b = a.astype(object), b.astype(object)
    both = pd.concat([a, b], ignore_index=True)
    try:
        codes, labels = pd.factorize(both)
    except TypeError:  # values that cannot be hashed
        codes, labels = pd.factorize(both.map(repr))
    ours, theirs = codes[: len(a)], codes[len(a) :]
    counts = [np.bincount(part[part >= 0], minlength=len(labels)) for part in (ours, theirs)]
    return [str(label) for label in labels], counts[0], counts[1]


def plot(a: Sample, b: Sample, pair: ColumnPair) -> dict[str, Any]:
    """How the column lies in both."""
    names = (a.table.name, b.table.name)
    if pair.is_numeric:
        values = (a.numbers(pair.name), b.numbers(pair.other))
        return plots.histograms(dict(zip(names, values, strict=True)), x=pair.name)
    return share_bars(names, *counts_of(a.features[pair.name], b.features[pair.other]))


def share_bars(
    names: tuple[str, str], labels: list[str], ours: NDArray[Any], theirs: NDArray[Any]
) -> dict[str, Any]:
    """Bars of shares by category, the most frequent first."""
    order = np.argsort(-(ours + theirs), kind="stable")
    shares = [(counts / max(1, counts.sum()))[order].tolist() for counts in (ours, theirs)]
    shown = [labels[at] for at in order]
    return plots.bars(shown, dict(zip(names, shares, strict=True)), y="share")
