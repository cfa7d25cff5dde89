"""D30 on what is of later by name, by time or by row, and on what only seems so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.d30_future_features import future_features


def found(frame: pd.DataFrame, y) -> list[str]:
    report = judge(future_features, train=(frame, y))
    assert "fault" not in (report.outcomes[0].reason or "")
    return [finding.subject for finding in report.findings]


def patients(n: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    admitted = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), "s")
    died = rng.random(n) < 0.3
    return pd.DataFrame({"age": rng.normal(60, 10, n), "admitted_at": admitted}), died


def test_a_date_of_death_that_is_missing_for_the_living_is_found():
    frame, died = patients()
    frame["death_date"] = frame.admitted_at + pd.Timedelta("9D")
    frame.loc[~died, "death_date"] = pd.NaT
    assert found(frame, died) == ["death_date"]


def test_a_stay_that_is_longer_for_one_class_is_found():
    frame, died = patients()
    days = np.random.default_rng(1).exponential(np.where(died, 20, 5)) + 0.1
    frame["discharge_date"] = frame.admitted_at + pd.to_timedelta(days, "D")
    assert found(frame, died) == ["discharge_date"]


def test_an_end_that_tells_nothing_is_clean():
    frame, died = patients()
    days = np.random.default_rng(1).exponential(5, len(frame)) + 0.1
    frame["discharge_date"] = frame.admitted_at + pd.to_timedelta(days, "D")
    assert not found(frame, died)


def test_a_date_that_is_planned_beforehand_is_clean():
    frame, died = patients()
    frame["planned_end"] = frame.admitted_at + pd.to_timedelta(np.where(died, 20, 5), "D")
    assert not found(frame, died)


def test_a_name_of_later_that_tells_nothing_is_clean():
    frame, died = patients()
    frame["pulse_after"] = np.random.default_rng(1).normal(size=len(frame))
    assert not found(frame, died)


@pytest.mark.parametrize("name", ["pulseAfter", "outcome_code", "balance_after"])
def test_a_name_of_later_that_tells_the_target_is_found(name):
    frame, died = patients()
    frame[name] = died + np.random.default_rng(1).normal(size=len(frame))
    assert found(frame, died) == [name]


def test_the_target_of_the_next_row_is_found_and_that_of_the_row_before_is_not():
    y = pd.Series(np.random.default_rng(0).normal(size=500).cumsum())
    frame = pd.DataFrame({"x": np.arange(500) % 7, "lag": y.shift(1), "lead": y.shift(-1)})
    assert found(frame, y) == ["lead"]


def test_a_slow_target_is_not_taken_for_a_feature_of_the_future():
    y = pd.Series(np.arange(500) // 100)
    assert not found(pd.DataFrame({"x": np.arange(500) % 7, "lag": y.shift(1), "again": y}), y)


def test_odd_data_are_no_fault():
    frame, died = patients()
    frame["closed_at"] = pd.NaT
    frame["outcome"] = [[1]] * len(frame)
    frame["after"] = None
    assert not found(frame, died)
    assert not found(frame.head(3), died[:3])
