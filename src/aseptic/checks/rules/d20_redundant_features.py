"""D20: features that say what others say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_FEWEST = 30
_MOST_COLUMNS = 300
_ROWS = 2_000


@check("D20", severity="info", needs=("data",), cost="fit")
def redundant_features(
    run: Evidence, *, correlation: float = 0.95, inflation: float = 1000.0
) -> Iterator[Finding]:
    """Features say what other features say.

    Why: coefficients and importances are shared out among them by chance, linear models become
    unstable, and each must be delivered where the model is used.

    Method: columns of numbers whose Spearman correlation is above `correlation`, grouped; and
    columns that a linear combination of the others gives: variance inflation above `inflation`
    (R² of 0.999), in a sample. Exact duplicates are left to D03.

    Remedy: keep one of each group, or their difference or ratio where that is what matters.

    Bad::

        rng = np.random.default_rng(0)
        size = rng.normal(size=500)
        data = pd.DataFrame({
            "height": size + rng.normal(size=500) * 0.05,
            "weight": size + rng.normal(size=500) * 0.05,
            "age": rng.normal(size=500),
        })

    Good::

        rng = np.random.default_rng(0)
        data = pd.DataFrame(rng.normal(size=(500, 4)), columns=list("abcd"))
    """
    sample = run.main.sample(_ROWS)
    names, values = _numbers(sample)
    order = np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0, kind="stable")
    ranks = _average_ranks(values, order)
    related = np.abs(np.corrcoef(ranks, rowvar=False))
    np.fill_diagonal(related, 0.0)
    is_close = (related > correlation) & (related < 1 - 1e-9)
    groups = _groups(is_close)
    for group in groups[:10]:
        shown = [names[place] for place in group]
        lowest = max(related[np.ix_(group, group)].max(axis=0).min(), 0.0)
        yield run.finding(
            f"{_listed(shown)} rise and fall together (correlation {lowest:.2f})",
            subject=shown[0],
            remedy=f"keep one of {_listed(shown)}, chosen by what is known at prediction time",
            sample=sample,
            columns=shown,
            correlation=float(lowest),
            limit=correlation,
            plot=plots.bars(
                shown[1:],
                {"correlation": [float(related[group[0], place]) for place in group[1:]]},
                y=f"with {shown[0]}",
            ),
        )
    yield from _combined(run, sample, names, values, groups, inflation)


def _combined(
    run: Evidence,
    sample: Sample,
    names: list[str],
    values: NDArray[np.float64],
    groups: list[list[int]],
    inflation: float,
) -> Iterator[Finding]:
    """Columns that others add up to, where no single one is alike."""
    grouped = {place for group in groups for place in group[1:]}
    kept = [place for place in range(len(names)) if place not in grouped]
    if len(kept) < 3 or len(values) < 5 * len(kept):
        return
    factors = _inflation(values[:, kept])
    found = [kept[at] for at in np.flatnonzero(factors > inflation)]
    if not found:
        return
    shown = [names[place] for place in found]
    yield run.finding(
        f"{_listed(shown)} can be computed from each other",
        subject=shown[0],
        remedy=f"drop one of {_listed(shown)}; for one-hot columns, `OneHotEncoder(drop='first')`",
        sample=sample,
        columns=shown,
        inflation=float(min(factors.max(), 1e12)),
        limit=inflation,
    )


def _numbers(sample: Sample) -> tuple[list[str], NDArray[np.float64]]:
    """The columns of numbers that vary, as an array with gaps filled."""
    names = sample.of_kind("number")[:_MOST_COLUMNS]
    if len(names) < 2:
        raise NotApplicable("fewer than two columns of numbers")
    if len(sample) < _FEWEST:
        raise NotApplicable(f"{len(sample):,} rows are too few")
    values = np.column_stack([sample.numbers(name) for name in names])
    known = np.isfinite(values)
    enough = known.mean(axis=0) > 0.5
    values = np.where(known, values, np.nan)[:, enough]
    names = [name for name, is_kept in zip(names, enough, strict=True) if is_kept]
    if len(names) < 2:
        raise NotApplicable("fewer than two columns of numbers")
    values = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    varies = np.array([len(np.unique(column[:200])) > 2 for column in values.T])
    if varies.sum() < 2:
        raise NotApplicable("fewer than two columns of numbers that vary")
    return [name for name, is_kept in zip(names, varies, strict=True) if is_kept], values[:, varies]


def _average_ranks(values: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ranks where equal values have the mean of their ranks."""
    ranks = np.empty(values.shape)
    for place in range(values.shape[1]):
        _, at, counts = np.unique(values[:, place], return_inverse=True, return_counts=True)
        ranks[:, place] = (np.bincount(at, weights=order[:, place]) / counts)[at]
    return ranks


def _groups(is_close: NDArray[np.bool_]) -> list[list[int]]:
    """Places that are close to the first one of their group, the largest groups first."""
    left = set(range(len(is_close)))
    groups = []
    while left:
        first = max(sorted(left), key=lambda place: is_close[place, sorted(left)].sum())
        near = [place for place in sorted(left) if is_close[first, place]]
        if not near:
            break
        groups.append([first, *near])
        left -= {first, *near}
    return groups


def _inflation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The variance inflation of each column: 1 / (1 - R²) of it on the others."""
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    matrix = scaled.T @ scaled / len(scaled) + 1e-10 * np.eye(values.shape[1])
    factors: NDArray[np.float64] = np.diag(np.linalg.inv(matrix)).copy()
    return factors


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3:,} others"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
