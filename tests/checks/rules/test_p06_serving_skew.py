"""P06: serving data beside training data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge

from aseptic.checks.rules.p06_serving_skew import serving_skew


def people(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, size=rows),
            "income": rng.lognormal(10, 1, size=rows),
            "weight": rng.normal(70, 12, size=rows),
            "city": rng.choice(["Lund", "Umeå"], size=rows),
        }
    )


def severities(serving, train=None) -> list[str]:
    train = people() if train is None else train
    return [one.severity for one in judge(serving_skew, train=train, serving=serving).findings]


@pytest.mark.parametrize("rows", [1, 5, 50, 2000])
def test_more_rows_of_the_same_population_are_clean(rows: int):
    for seed in range(1, 6):
        assert severities(people(rows, seed)) == []


def test_drift_is_no_skew_of_preparation():
    serving = people(seed=1)
    serving["income"] *= 3
    serving["age"] += 20
    assert severities(serving) == []


def test_columns_that_lack_are_an_error_and_extra_ones_information():
    assert severities(people(seed=1).drop(columns="age")) == ["error"]
    assert severities(people(seed=1).assign(id=1)) == ["info"]


def test_another_order_and_another_kind_are_warnings():
    assert severities(people(seed=1)[["income", "age", "weight", "city"]]) == ["warning"]
    assert severities(people(seed=1).astype({"age": str})) == ["warning"]


def test_gaps_where_training_had_none_are_a_warning():
    serving = people(seed=1)
    serving.loc[:30, "weight"] = np.nan
    assert severities(serving) == ["warning"]
    train = people()
    train.loc[:3, "weight"] = np.nan
    assert severities(serving, train) == []


def test_raw_rows_for_a_model_that_learnt_scaled_ones_are_a_warning():
    numbers = people().drop(columns="city")
    scaled = (numbers - numbers.mean()) / numbers.std()
    assert severities(people(seed=1).drop(columns="city"), scaled) == ["warning"]
    assert severities(people(seed=1).drop(columns="city").to_numpy(), scaled.to_numpy()) == [
        "warning"
    ]


def test_odd_tables_are_no_fault():
    frame = people()
    for serving in (
        frame.iloc[:0],
        frame.assign(age=np.nan),
        frame.assign(age=[object()] * len(frame)),
        pd.concat([frame, frame], axis=1),
        np.zeros((3, 7)),
        np.full((30, 4), np.nan),
    ):
        report = judge(serving_skew, train=frame, serving=serving)
        assert "fault" not in str(report.outcomes[0].reason), report
    assert severities(np.zeros((30, 4)), np.zeros((30, 3))) == ["error"]
