"""D29 on the sketches of two runs: the data themselves are never there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace
from tests.checks.examples import judge

from aseptic.capture.data import describe
from aseptic.checks.rules.d29_drift_from_baseline import drift_from_baseline
from aseptic.testing.runs import make_run


def reading(data, **fields):
    return make_run(data_inputs={"people": describe("people", data)}, **fields)


def report(old, new):
    return judge(drift_from_baseline, run=reading(new), earlier=[reading(old)])


def found(old, new) -> list[tuple[str, str]]:
    return [(one.subject, one.severity) for one in report(old, new).findings]


def people(seed: int = 0, n: int = 3000, age: float = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(age, 10, n),
            "income": np.exp(rng.normal(10, 1, n)),
            "children": rng.poisson(1.3, n),
            "town": rng.choice(["a", "b", "c", "d"], n),
            "smokes": rng.random(n) < 0.2,
            "weight": np.where(rng.random(n) < 0.1, np.nan, rng.normal(70, 9, n)),
        }
    )


@pytest.mark.parametrize("n", [60, 300, 3000])
def test_new_data_of_the_same_kind_are_clean(n):
    alarms = sum(bool(found(people(2 * at, n), people(2 * at + 1, n))) for at in range(50))
    assert alarms <= 1


def test_the_same_data_are_clean():
    assert not found(people(), people())


def test_a_shift_of_half_a_standard_deviation_is_found():
    assert found(people(), people(1, age=45)) == [("age", "warning")]


def test_a_column_of_small_whole_numbers_that_grew_is_found():
    new = people(1)
    new["children"] += 1
    assert found(people(), new) == [("children", "warning")]


def test_missing_values_that_were_not_there_are_found():
    new = people(1)
    new.loc[::4, "age"] = np.nan
    (finding,) = report(people(), new).findings
    assert "is missing in 25" in finding.message


def test_a_number_that_became_a_text_is_found():
    new = people(1).astype({"age": str})
    assert found(people(), new) == [("age", "warning")]


def test_a_whole_number_that_became_a_float_is_not():
    assert not found(people(), people(1).astype({"children": float}))


def test_columns_that_came_and_went_are_said():
    assert found(people(), people(1).rename(columns={"town": "city"})) == [
        ("people", "info"),
        ("people", "info"),
    ]


def test_texts_of_many_more_kinds_are_found():
    new = people(1)
    new["town"] = np.random.default_rng(0).choice([f"t{at}" for at in range(20)], len(new))
    assert found(people(), new) == [("town", "warning")]


def test_the_marked_baseline_is_compared_with_and_not_the_run_before():
    marked = reading(people(2), is_baseline=True)
    before = reading(people(3, age=60))
    now = reading(people(4))
    assert not judge(drift_from_baseline, run=now, earlier=[before, marked]).findings
    assert judge(drift_from_baseline, run=now, earlier=[before]).findings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.zeros((1, 3)), np.ones((1, 3))),
        (np.zeros((500, 3)), np.zeros((400, 3))),
        (np.full((500, 3), np.nan), np.full((400, 3), np.nan)),
        (np.full((500, 3), np.inf), np.full((400, 3), np.inf)),
        (pd.DataFrame([[1, 2]] * 50, columns=["a", "a"]), pd.DataFrame({"a": [5] * 50})),
        (pd.DataFrame({"a": [[1]] * 50}), pd.DataFrame({"a": [{}] * 50})),
        (np.zeros(500), "text"),
    ],
)
def test_odd_data_give_no_finding_and_no_fault(old, new):
    result = report(old, new)
    assert not [one for one in result.findings if one.severity != "info"]
    assert "fault" not in (result.outcomes[0].reason or "")


def test_the_deployed_run_is_the_baseline_where_the_experiment_has_none():
    before, now = reading(people(age=40)), reading(people(seed=1, age=50))
    deployed = reading(people(seed=2, age=50), name="in-use", experiment="train")
    report = judge(drift_from_baseline, run=now, earlier=[before], deployed=deployed)
    assert report.findings == ()
    report = judge(drift_from_baseline, run=before, earlier=[], deployed=deployed)
    assert [one.message.rpartition(" ")[2] for one in report.findings] == ["in-use"]
    marked = reading(people(seed=3, age=40), is_baseline=True)
    report = judge(drift_from_baseline, run=now, earlier=[marked], deployed=deployed)
    assert [one.subject for one in report.findings] == ["age"]
    elsewhere = make_run(data_inputs={"others": "d"})
    report = judge(drift_from_baseline, run=now, earlier=[before], deployed=elsewhere)
    assert [one.subject for one in report.findings] == ["age"]


def test_columns_without_a_sketch_are_not_said_to_be_clean():
    before, now = reading(people()), reading(people(seed=1))
    columns = [
        replace(one, missing=None, quantiles=()) for one in now.data_inputs["people"].columns
    ]
    bare = replace(
        now.data_inputs["people"], columns=(*columns[:2], *now.data_inputs["people"].columns[2:])
    )
    report = judge(
        drift_from_baseline, run=replace(now, data_inputs={"people": bare}), earlier=[before]
    )
    (outcome,) = report.outcomes
    assert outcome.outcome == "not applicable"
    assert outcome.reason == "no sketch was kept of 2 of 6 columns, such as age"
