"""What `checks.statistics` promises, beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from aseptic.checks.statistics import (
    cramers_v,
    kolmogorov_smirnov,
    proportion_interval,
    two_proportions,
)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
def test_the_distance_of_distributions_is_scipys(shift: float):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=700), np.append(rng.normal(shift, size=400), np.nan)
    theirs = stats.ks_2samp(a, b[:-1], method="asymp")
    ours = kolmogorov_smirnov(a, b)
    assert ours.effect == pytest.approx(theirs.statistic)
    assert ours.p == pytest.approx(theirs.pvalue, abs=0.05)


def test_the_chi_squared_test_is_scipys():
    counts = np.array([[30, 20, 0, 10], [10, 25, 0, 20]])
    assert cramers_v(counts, special).p == pytest.approx(
        stats.chi2_contingency(counts[:, [0, 1, 3]]).pvalue
    )


def test_many_rare_categories_are_no_effect():
    rng = np.random.default_rng(2)
    counts = np.stack([np.bincount(rng.integers(0, 100, 200), minlength=100) for _ in range(2)])
    assert cramers_v(counts, special).effect < 0.2


def test_shares_that_differ_by_chance_are_told_from_others():
    assert two_proportions(10, 100, 12, 100).p > 0.5
    assert two_proportions(10, 100, 40, 100) == pytest.approx((0.3, 9.4e-07), rel=0.1)
    assert two_proportions(0, 0, 5, 10) == (0.0, 1.0)


def test_a_share_of_none_still_has_an_interval():
    low, high = proportion_interval(0, 50)
    assert low == 0.0
    assert 0.05 < high < 0.1
