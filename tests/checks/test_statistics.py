"""What `checks.statistics` promises, beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from aseptic.checks.statistics import (
    binomial_tail,
    chi_squared_p,
    cramers_v,
    kolmogorov_smirnov,
    proportion_interval,
    shares_differ,
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


@pytest.mark.parametrize("freedom", [1, 2, 3, 10, 101, 500])
@pytest.mark.parametrize("ratio", [0.01, 1.0, 2.0, 5.0])
def test_the_tail_of_chi_squared_is_scipys(freedom: int, ratio: float):
    theirs = special.chdtrc(freedom, ratio * freedom)
    assert chi_squared_p(ratio * freedom, freedom) == pytest.approx(theirs, rel=1e-6, abs=1e-300)


def test_a_difference_of_shares_is_the_same_for_a_small_and_a_large_test_set():
    train = np.array([80_000, 20_000])
    small, large = np.array([50, 50]), np.array([50_000, 50_000])
    assert shares_differ(train, small).effect == pytest.approx(
        shares_differ(train, large).effect, abs=0.02
    )


def test_shares_of_rare_categories_differ_by_chance_no_more_often_than_said():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(30, 0.3))
    pairs = [(rng.multinomial(400, shares), rng.multinomial(80, shares)) for _ in range(1000)]
    assert sum(shares_differ(*pair).p < 0.01 for pair in pairs) < 20


@pytest.mark.parametrize("counts", [[], [0, 0], [5], [1, 1]])
def test_shares_of_next_to_nothing_do_not_differ(counts: list[int]):
    assert shares_differ(np.array(counts), np.array(counts[::-1])).p == 1.0


@pytest.mark.parametrize(
    ("hits", "of", "share"),
    [(12, 57, 0.06), (3, 714, 0.002), (1, 1, 0.5), (900, 1000, 0.98), (20, 100_000, 1e-4)],
)
def test_the_binomial_tail_is_that_of_scipy(hits, of, share):
    assert binomial_tail(hits, of, share) == pytest.approx(special.bdtrc(hits - 1, of, share))


def test_the_binomial_tail_at_its_ends():
    assert binomial_tail(0, 10, 0.0) == 1.0
    assert binomial_tail(1, 10, 0.0) == 0.0
    assert binomial_tail(11, 10, 0.5) == 0.0
    assert binomial_tail(10, 10, 1.0) == 1.0


@pytest.mark.parametrize("sizes", [(1, 1), (5, 30), (30, 5), (200, 200)])
def test_the_largest_distance_of_two_distributions_is_found_at_any_value(sizes):
    rng = np.random.default_rng(0)
    for spread in (3, 1000):
        a, b = (rng.integers(0, spread, size).astype(float) for size in sizes)
        at = np.concatenate([a, b])[:, None]
        distance = np.abs((a <= at).mean(axis=1) - (b <= at).mean(axis=1)).max()
        assert kolmogorov_smirnov(a, b).effect == pytest.approx(distance)
