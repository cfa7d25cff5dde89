"""D07: a few values lie far from all the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aseptic.checks import plots
from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence
    from aseptic.checks.tables import Sample
    from aseptic.model import Finding

_QUARTILES = (0.25, 0.5, 0.75)
_LEAST_TAIL = 10
_TAIL = 30  # values below the gap that say how heavy the tail is


@check("D07", needs=("data",))
def gross_outliers(
    run: Evidence,
    *,
    z: float = 8.0,
    gap: float = 1.6,
    share: float = 0.02,
    p: float = 0.001,
    rows: int = 30,
    light: float = 4.5,
    wide: float = 2.5,
    sheer: float = 20.0,
    large: float = 10.0,
    large_p: float = 0.01,
) -> Iterator[Finding]:
    """A few values lie far from all the others.

    Why: a wrong unit, a slipped decimal point or a code for "unknown" moves means and scales, and
    a linear model follows it.

    Method: distances from the median in standard deviations (by the quartiles). At most `share`
    of the values lie beyond `z`, and a gap parts them from the rest: the nearest of them is
    `gap` times as far out as the next value. Heavy tails have gaps too: the tail below the gap
    gives a Hill estimate of the tail index, by which the spacings of a heavy tail are exponential
    (Rényi), and so large a gap must have a probability below `p` over the number of columns (of
    the ratio of the spacing to the estimate, an F distribution). Of a gap of `large` times with
    two values or more beyond it, below `large_p` is enough: heavy tails seldom have such gaps but
    at their very end (fewer than one column in 300, measured). Where the tail is light, as all
    others lie within `light`, a gap of `wide` times is enough, and one of `sheer` times always,
    if the values are as far out in logarithms too. In columns of at least `rows` values, of which
    ten are different.

    Remedy: look at these rows: a wrong unit, a misplaced decimal point? Correct or drop them;
    what is right but extreme is for `RobustScaler`, a logarithm or clipping.

    Bad::

        data = pd.DataFrame({"height_m": np.random.default_rng(0).normal(1.7, 0.1, size=400)})
        data.loc[:3, "height_m"] *= 100

    Good::

        data = pd.DataFrame({"income": np.random.default_rng(0).lognormal(10, 1, size=400)})
    """
    sample = run.sample(run.main)
    of = len(sample.of_kind("number"))
    if not of or len(sample) < rows:
        raise NotApplicable(f"no columns of numbers with {rows} rows in {run.main.name}")
    for name, values, column in _far_columns(sample, z):
        gaps = [
            found
            for found in _gaps(column, z=z, gap=gap, share=share, rows=rows)
            if found.p < p / of
            or (found.beyond > 1 and found.nearest > large * found.before and found.p < large_p)
            or (
                found.nearest > found.before * (wide if found.before <= light else sheer)
                and _log_distance(values, column, found.nearest) > light
            )
        ]
        found = min(gaps, key=lambda one: one.p, default=None)
        if found is None or _is_one_code(values, column, found.nearest):
            continue
        if len(np.unique(values)) < _LEAST_TAIL:
            continue
        count, nearest, before, found_p = found
        what = f"value of {name} lies" if count == 1 else f"values of {name} lie"
        yield run.finding(
            f"{count:,} {what} at least {nearest:,.0f} standard deviations away, the"
            f" others within {before:,.0f}",
            subject=name,
            sample=sample,
            rows=sample.positions[np.flatnonzero(column >= nearest)],
            count=count,
            nearest_z=nearest,
            limit=z,
            next_z=before,
            gap=nearest / before if before else math.inf,
            gap_limit=gap,
            p=found_p,
            plot=_plot(column, name),
        )


def _far_columns(
    sample: Sample, z: float
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Columns with a value farther out than `z`: name, values, and how far out each of them is."""
    for names, numbers in sample.number_blocks():
        distances = _distances(numbers)
        for place in np.flatnonzero(np.nanmax(distances, axis=0, initial=0.0) > z):
            yield names[place], numbers[:, place], distances[:, place]


def _distances(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many robust standard deviations each value lies from the median of its column.

    0 for columns more than half of which is one value; infinite values are D01.
    """
    values = np.where(np.isfinite(numbers), numbers, np.nan)
    whole = ~np.isnan(values).any(axis=0)
    quartiles = np.empty((3, values.shape[1]))
    quartiles[:, whole] = np.quantile(values[:, whole], _QUARTILES, axis=0)  # ten times faster
    quartiles[:, ~whole] = np.nanquantile(values[:, ~whole], _QUARTILES, axis=0)
    low, middle, high = quartiles
    scale = (high - low) / 1.349
    with np.errstate(all="ignore"):
        distances: NDArray[np.float64] = np.abs(values - middle) / scale
    distances[:, ~(scale > 0)] = 0.0
    return distances


class _Gap(NamedTuple):
    beyond: int  # values
    nearest: float  # of those
    before: float  # the last one before the gap
    p: float  # of so large a gap in a heavy tail


def _gaps(
    column: NDArray[np.float64], *, z: float, gap: float, share: float, rows: int
) -> Iterator[_Gap]:
    known = column[~np.isnan(column)]
    if len(known) < rows:
        return
    most = max(1, int(share * len(known)))
    tail_size = min(_TAIL, max(_LEAST_TAIL, len(known) // 10))
    kept = min(len(known), most + tail_size + 1)
    tail = np.sort(np.partition(known, len(known) - kept)[len(known) - kept :])[::-1]
    for count in range(1, min(most, len(tail) - 2) + 1):
        outer, inner = float(tail[count - 1]), float(tail[count])
        if outer <= z:
            return
        if inner <= 0 or outer <= gap * inner:
            continue
        below = np.log(inner / np.maximum(tail[count + 1 : count + 1 + tail_size], 1e-12))
        hill = max(float(below.mean()), 1e-6)  # 1 / tail index
        spacing = count * math.log(outer / inner) / hill
        p = most * (1 + spacing / len(below)) ** -len(below)  # F with 2 and 2 len(below) degrees
        yield _Gap(count, outer, inner, min(1.0, p))


def _log_distance(
    values: NDArray[np.float64], column: NDArray[np.float64], nearest: float
) -> float:
    """How far out the nearest outlier is in logarithms; infinitely where there are none."""
    known = values[np.isfinite(values)]
    if known.min() <= 0:
        return math.inf
    logs = np.log(known)
    low, middle, high = np.quantile(logs, _QUARTILES)
    outer = np.log(values[column >= nearest])
    return float(np.abs(outer - middle).min() / max((high - low) / 1.349, 1e-12))


def _is_one_code(values: NDArray[np.float64], column: NDArray[np.float64], nearest: float) -> bool:
    """Whether all outliers are one number, as often as a code is: D23 says so."""
    outer = values[column >= nearest]
    return len(outer) >= 3 and bool(np.all(outer == outer[0]))


def _plot(column: NDArray[np.float64], name: str) -> dict[str, object]:
    spread = np.log10(1.0 + column[np.isfinite(column)])
    return plots.histograms({name: spread}, x="log10(1 + standard deviations from the median)")
