"""Two tables column by column: which columns they share, and how much each one differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable
from aseptic.checks.statistics import Difference, kolmogorov_smirnov, shares_differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.tables import Sample

_NUMERIC = ("number",)
_GROUPED = ("boolean", "category")


class ColumnPair(NamedTuple):
    """A column that two samples share: its name in each, and how it is compared."""

    name: str
    other: str
    is_numeric: bool


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
