"""Tests and effect sizes that several checks share. Pure functions of arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Difference(NamedTuple):
    """How much two samples differ, and how likely so much is where they do not."""

    effect: float
    p: float


def normal_p(z: float) -> float:
    """The two-sided p-value of a standard normal score."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def two_proportions(hits_a: int, of_a: int, hits_b: int, of_b: int) -> Difference:
    """Difference of two shares (b less a), and its p by the pooled two-proportion z-test."""
    if not of_a or not of_b:
        return Difference(0.0, 1.0)
    effect = hits_b / of_b - hits_a / of_a
    pooled = (hits_a + hits_b) / (of_a + of_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / of_a + 1 / of_b))
    return Difference(effect, normal_p(effect / error) if error else 1.0)


def kolmogorov_smirnov(a: NDArray[np.float64], b: NDArray[np.float64]) -> Difference:
    """Largest distance of two empirical distributions, 0 to 1; NaN values are left out."""
    a, b = np.sort(a[~np.isnan(a)]), np.sort(b[~np.isnan(b)])
    if not len(a) or not len(b):
        return Difference(0.0, 1.0)
    at = a if len(a) < len(b) else b  # between two of these it is largest at one end
    distance = 0.0
    sides: tuple[Literal["left", "right"], ...] = ("left", "right")
    for side in sides:
        apart = np.searchsorted(a, at, side=side) / len(a)
        apart -= np.searchsorted(b, at, side=side) / len(b)
        distance = max(distance, float(np.max(np.abs(apart))))
    return Difference(distance, kolmogorov_p(distance, len(a), len(b)))


def kolmogorov_p(distance: float, of_a: float, of_b: float) -> float:
    """The chance of so large a distance between samples of these sizes, where they do not differ.

    By the asymptotic distribution with Stephens' correction (Numerical Recipes, 14.3).
    """
    root = math.sqrt(of_a * of_b / (of_a + of_b))
    return _kolmogorov_tail((root + 0.12 + 0.11 / root) * distance)


def _kolmogorov_tail(x: float) -> float:
    if x < 0.2:  # the series converges slowly where p is 1
        return 1.0
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return float(min(1.0, max(0.0, sum(terms))))


def cramers_v(counts: NDArray[Any], special: Any) -> Difference:
    """Cramér's V of a table of counts (groups x categories), and p by the chi-squared test.

    Bias-corrected (Bergsma 2013), so that many rare categories do not look like an effect.
    `special` is the module `scipy.special`. Empty rows and columns are left out.
    """
    counts = np.asarray(counts, dtype=np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n_rows, n_columns = counts.shape
    total = counts.sum()
    if min(n_rows, n_columns) < 2 or total < 2:
        return Difference(0.0, 1.0)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / total
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    freedom = (n_rows - 1) * (n_columns - 1)
    phi2 = max(0.0, chi2 / total - freedom / (total - 1))
    rows = n_rows - (n_rows - 1) ** 2 / (total - 1)
    columns = n_columns - (n_columns - 1) ** 2 / (total - 1)
    smaller = min(rows, columns) - 1
    effect = math.sqrt(phi2 / smaller) if smaller > 0 else 0.0
    return Difference(effect, float(special.chdtrc(freedom, chi2)))


def binomial_tail(hits: int, of: int, share: float) -> float:
    """The chance of at least so many hits where each has that chance; exact, needs no library."""
    if hits <= 0 or share >= 1:
        return 1.0
    if hits > of or share <= 0:
        return 0.0
    logs = math.lgamma(of + 1) - math.lgamma(hits + 1) - math.lgamma(of - hits + 1)
    first = logs + hits * math.log(share) + (of - hits) * math.log1p(-share)
    at = np.arange(hits, of)  # each term by the one before it
    steps = np.log((of - at) / (at + 1.0)) + math.log(share) - math.log1p(-share)
    terms = first + np.concatenate([[0.0], np.cumsum(steps)])
    return float(min(1.0, np.exp(terms).sum()))


def proportion_interval(hits: float, of: int, *, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share; 95 % by default."""
    if not of:
        return 0.0, 1.0
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def chi_squared_p(statistic: float, freedom: int) -> float:
    """The chance of so large a chi-squared statistic; needs no library.

    By the finite sums for whole degrees of freedom (Abramowitz and Stegun 26.4.4 and 26.4.5).
    """
    if freedom < 1 or statistic <= 0:
        return 1.0
    half = statistic / 2
    start = 0.5 if freedom % 2 else 0.0
    powers = start + np.arange(freedom // 2)
    logs = powers * math.log(half) - half - np.array([math.lgamma(k + 1) for k in powers])
    tail = math.erfc(math.sqrt(half)) if freedom % 2 else 0.0
    return float(min(1.0, tail + np.exp(logs).sum()))


def shares_differ(a: NDArray[Any], b: NDArray[Any], *, least: float = 5.0) -> Difference:
    """How much the shares of categories differ between two samples, given their counts.

    The effect is Cramér's V as if both were of one size, less what chance adds: so it is the same
    for a test set of any size. Categories that are expected less than `least` times in the smaller
    sample count as one: the chi-squared test does not hold for them.
    """
    of_a, of_b = float(a.sum()), float(b.sum())
    if not of_a or not of_b:
        return Difference(0.0, 1.0)
    expected = (a + b) * (min(of_a, of_b) / (of_a + of_b))
    rare = expected < least
    if rare.any():
        a, b = np.append(a[~rare], a[rare].sum()), np.append(b[~rare], b[rare].sum())
        if a[-1] + b[-1] < least:  # too few even together
            a, b = a[:-1], b[:-1]
    n_categories = int(((a + b) > 0).sum())
    if n_categories < 2:
        return Difference(0.0, 1.0)
    p, q = a / of_a, b / of_b
    together = np.maximum(p + q, 1e-300)
    spread = 1 / of_a + 1 / of_b
    raw = float(((p - q) ** 2 / together).sum()) / 2
    pooled = np.maximum((a + b) / (of_a + of_b), 1e-300)
    statistic = float(((p - q) ** 2 / pooled).sum()) / spread
    effect = math.sqrt(max(0.0, raw - (n_categories - 1) * spread / 4))
    return Difference(effect, chi_squared_p(statistic, n_categories - 1))
