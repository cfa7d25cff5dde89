from __future__ import annotations

import numpy as np
import pandas as pd
from tests.checks.examples import judge

from aseptic.checks.rules.d07_gross_outliers import gross_outliers


def test_one_wrong_unit_among_a_hundred_values_is_found():
    data = pd.DataFrame({"a": np.random.default_rng(0).normal(5, 1, size=100)})
    data.loc[3, "a"] *= 100
    (found,) = judge(gross_outliers, data=data).findings
    assert found.evidence["rows"] == (3,)


def test_heavy_tails_are_no_outliers():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(50):
        data = pd.DataFrame(
            {
                "lognormal": rng.lognormal(0, 1.5, 300),
                "pareto": rng.pareto(1.5, 300),
                "t": rng.standard_t(3, 300),
                "cauchy": rng.standard_cauchy(300),
            }
        )
        alarms += bool(judge(gross_outliers, data=data).findings)
    assert alarms <= 2


def test_a_code_that_occurs_often_is_left_to_d23():
    data = pd.DataFrame({"a": np.random.default_rng(0).normal(5, 1, size=400)})
    data.loc[:5, "a"] = -999
    assert judge(gross_outliers, data=data).findings == ()


def test_values_that_are_missing_or_infinite_are_no_outliers():
    data = pd.DataFrame({"a": [np.inf, -np.inf, np.nan] + [1.0, 2.0, 3.0, 4.0] * 20})
    assert judge(gross_outliers, data=data).findings == ()


def test_a_large_gap_is_found_in_the_upper_two_per_cent_of_a_heavy_tail():
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(20):
        data = pd.DataFrame({f"even_{place}": rng.normal(size=350) for place in range(12)})
        high = rng.random(350) < 0.25
        data["rate"] = np.where(high, 4 + rng.exponential(10, 350), rng.lognormal(-1.9, 1.2, 350))
        data.loc[[3, 50, 90, 200], "rate"] = [910, 1400, 5950, 6400]
        report = judge(gross_outliers, data=data)
        found += [one.evidence["rows"] for one in report.findings] == [(3, 50, 90, 200)]
    assert found >= 15


def test_tails_without_a_mean_have_large_gaps_by_nature():
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(100):
        data = pd.DataFrame({"pareto": rng.pareto(1, 350), "wide": rng.lognormal(0, 2.2, 350)})
        alarms += bool(judge(gross_outliers, data=data).findings)
    assert alarms <= 8
