from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d23_sentinel_values import sentinel_values


def _with(sentinel, rows=12):
    data = pd.DataFrame({"a": np.random.default_rng(0).normal(50, 8, size=400)})
    data.loc[: rows - 1, "a"] = sentinel
    return [one.evidence["sentinel"] for one in judge(sentinel_values, data=data).findings]


def test_codes_outside_of_the_others_are_found():
    assert [_with(code) for code in (-999, 9999, -1, 0)] == [["-999"], ["9999"], ["-1"], ["0"]]


def test_other_numbers_and_single_ones_are_none():
    assert _with(-500) == []
    assert _with(-999, rows=1) == []
    assert _with(55) == []


def test_zeros_of_counts_and_amounts_are_none():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"n": rng.poisson(3, 400), "x": rng.exponential(1, 400).clip(0.5) - 0.5})
    assert judge(sentinel_values, data=data).findings == ()


def test_a_rare_minus_one_counts_where_it_is_far_from_the_others_or_0_does_not_occur():
    rng = np.random.default_rng(0)
    shares = pd.DataFrame({"share": rng.uniform(0.3, 0.9, 400)})
    sizes = pd.DataFrame({"size": 1 + rng.poisson(6, 400)})
    floors = pd.DataFrame({"floor": rng.integers(0, 12, 400)})
    for data in (shares, sizes, floors):
        data.iloc[:8, 0] = -1
    found = [len(judge(sentinel_values, data=data).findings) for data in (shares, sizes, floors)]
    assert found == [1, 1, 0]


def test_placeholders_in_texts_are_found():
    data = pd.DataFrame({"job": ["clerk", "nurse", "?", "cook"] * 20})
    (found,) = judge(sentinel_values, data=data).findings
    assert found.evidence["sentinel"] == "'?'"


def test_namibia_is_a_country():
    data = pd.DataFrame({"country": ["NL", "BE", "NA", "FR", "DE"] * 20})
    assert judge(sentinel_values, data=data).findings == ()
