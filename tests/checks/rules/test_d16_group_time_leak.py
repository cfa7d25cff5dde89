"""D16 on groups and times that were split at random, and on those that may be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.d16_group_time_leak import group_time_leak


def judged(data: pd.DataFrame, y, is_train) -> list[str]:
    report = judge(
        group_time_leak, train=(data[is_train], y[is_train]), test=(data[~is_train], y[~is_train])
    )
    assert "fault" not in (report.outcomes[0].reason or "")
    return [finding.subject for finding in report.findings]


def patients(seed: int = 0, effect: float = 2.0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, 120, 1200)
    own = rng.normal(size=(120, 5)) * effect
    data = pd.DataFrame(own[patient, :4] + rng.normal(size=(1200, 4)), columns=list("abcd"))
    data["patientId"] = [f"P{number:03}" for number in patient]
    return data, own[patient, 4] + rng.normal(size=1200)


def at_random(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(n) < 0.75


def test_patients_on_both_sides_are_found():
    data, y = patients()
    assert judged(data, y, at_random(1200)) == ["patientId"]


def test_patients_on_one_side_each_are_clean():
    data, y = patients()
    assert not judged(data, y, (data.patientId < "P090").to_numpy())


@pytest.mark.parametrize("seed", range(10))
def test_groups_whose_rows_are_no_more_alike_than_others_are_clean(seed):
    data, y = patients(seed, effect=0.0)
    assert not judged(data, y, at_random(1200, seed))


def test_a_category_of_few_values_is_no_group():
    data, y = patients()
    data["patientId"] = data.patientId.str[:2]
    assert not judged(data.rename(columns={"patientId": "ward_group"}), y, at_random(1200))


def test_an_identity_of_each_row_is_no_group():
    data, y = patients()
    assert not judged(data.assign(patientId=np.arange(1200)), y, at_random(1200))


def walk(as_text: bool = False) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    day = pd.date_range("2020-01-01", periods=1000)
    data = pd.DataFrame({"day": day, "x": rng.normal(size=1000)})
    if as_text:
        data["day"] = data.day.dt.strftime("%Y-%m-%d")
    return data, np.cumsum(rng.normal(size=1000))


@pytest.mark.parametrize("as_text", [False, True])
def test_a_series_that_was_split_at_random_is_found(as_text):
    data, y = walk(as_text)
    assert judged(data, y, at_random(1000)) == ["day"]


def test_a_series_that_was_cut_in_time_is_clean():
    data, y = walk()
    assert not judged(data, y, np.arange(1000) < 750)


def test_a_cut_in_time_that_lets_some_later_rows_in_is_found():
    data, y = walk()
    is_train = np.arange(1000) < 750
    is_train[[800, 850, 900, 950]] = True
    assert judged(data, y, is_train) == ["day"]


def test_timed_rows_whose_target_does_not_hang_on_time_may_be_split_at_random():
    data, _ = walk()
    for seed in range(10):
        y = np.random.default_rng(seed).normal(size=1000)
        assert not judged(data, y, at_random(1000, seed))
        assert not judged(data, y > 0, at_random(1000, seed))


def test_odd_columns_are_no_fault():
    data = pd.DataFrame(
        {
            "id": [[1]] * 200,
            "group": [None] * 200,
            "user": [np.nan] * 200,
            "date": [pd.NaT] * 200,
            "text": ["2020-01-01", "no date"] * 100,
        }
    )
    assert not judged(data, np.arange(200) % 2, at_random(200))


def test_a_third_of_the_rows_with_their_patient_on_the_other_side_is_found():
    data, y = patients()
    is_train = (data.patientId < "P080").to_numpy(copy=True)
    loose = (data.patientId < "P040").to_numpy()
    is_train[loose] = at_random(int(loose.sum()))
    assert judged(data, y, is_train) == ["patientId"]


def seasons(seed: int, rows: int, noise: float) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    day = rng.integers(0, 720, rows)
    y = np.sin(2 * np.pi * day / 360) + noise * rng.normal(size=rows)
    time = pd.Timestamp("2021-03-01") + pd.to_timedelta(day, unit="D")
    return pd.DataFrame({"recorded_at": time, "x": rng.normal(size=rows)}), y


@pytest.mark.parametrize("seed", range(10))
def test_seasons_of_small_data_that_were_split_at_random_are_found(seed):
    data, y = seasons(seed, 200, 0.4)
    assert judged(data, y, at_random(200, seed)) == ["recorded_at"]
    assert judged(data, np.exp(3 * y), at_random(200, seed)) == ["recorded_at"]
    assert judged(data, y > 0, at_random(200, seed)) == ["recorded_at"]


def test_small_timed_data_whose_target_does_not_hang_on_the_time_are_seldom_a_finding():
    found = 0
    for seed in range(100):
        data, y = seasons(seed, 130, 1e6)
        found += bool(judged(data, y, at_random(130, seed)))
        found += bool(judged(data, y > 0, at_random(130, seed)))
    assert found <= 2
