"""D13 on clean splits, on shifts of single columns, and on what only shows jointly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split
from tests.checks.examples import judge

from aseptic.checks.rules.d13_covariate_drift import covariate_drift

NAMES = ["iris", "wine", "breast_cancer", "digits", "diabetes"]


def found(train, test, **others):
    report = judge(covariate_drift, train=train, test=test, **others)
    assert "fault" not in (report.outcomes[0].reason or "")
    return report.findings


def split(name: str, seed: int = 0):
    X = getattr(datasets, f"load_{name}")(as_frame=True).data
    A, B = train_test_split(X, random_state=seed)
    return A.copy(), B.copy()


@pytest.mark.parametrize("name", NAMES)
def test_clean_splits_are_clean(name):
    assert sum(bool(found(*split(name, seed))) for seed in range(20)) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_column_that_is_shifted_is_found_and_no_other(name):
    train, test = split(name)
    column = train.columns[np.argmax(train.nunique())]
    test[column] += 1.5 * train[column].std()
    findings = found(train, test)
    assert [finding.subject for finding in findings] == [column]
    assert findings[0].evidence["plot"]["kind"] == "lines"


def test_a_category_that_became_frequent_is_found():
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"town": rng.choice(["a", "b", "c"], 900, p=[0.6, 0.3, 0.1])})
    test = pd.DataFrame({"town": rng.choice(["a", "b", "c"], 300, p=[0.4, 0.3, 0.3])})
    (finding,) = found(train, test)
    assert finding.subject == "town"
    assert finding.evidence["plot"]["kind"] == "bars"


def test_many_shifted_columns_are_one_finding():
    train, test = split("breast_cancer")
    (finding,) = found(train, test + 2 * train.std())
    assert finding.message.startswith("30 columns")


def test_what_differs_only_jointly_is_found():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(1500, 4)), rng.normal(size=(1000, 4))
    test[:, 1] = test[:, 0] + 0.2 * rng.normal(size=1000)
    test[:, 1] /= test[:, 1].std()
    (finding,) = found(train, test)
    assert finding.evidence["auc"] > 0.6


def test_a_split_by_time_does_not_make_its_times_and_counters_drift():
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "number": np.arange(1000),
            "day": pd.date_range("2020", periods=1000),
            "x": rng.normal(size=1000),
            "z": rng.normal(size=1000),
        }
    )
    assert not found(data[:700], data[700:])


def test_an_array_beside_a_frame_is_compared_by_place():
    train, test = split("wine")
    assert found(train, test.to_numpy() + np.eye(13)[0] * 1000)[0].subject == "alcohol"


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (np.zeros((50, 2)), np.zeros((1, 2))),
        (np.full((50, 2), np.nan), np.ones((50, 2))),
        (np.full((50, 2), np.inf), np.ones((50, 2))),
        (pd.DataFrame({"a": [[1]] * 50}), pd.DataFrame({"a": [[1]] * 50})),
        (pd.DataFrame({"a": ["x"] * 50}), pd.DataFrame({"a": [1] * 50})),
        (pd.DataFrame([[1, 2]] * 50, columns=["a", "a"]), np.ones((50, 2))),
        (pd.DataFrame({"a": [None] * 50}), pd.DataFrame({"a": [None] * 50})),
    ],
)
def test_odd_tables_are_no_fault(train, test):
    found(train, test)


def test_ten_thousand_columns_are_looked_at_in_part():
    rng = np.random.default_rng(0)
    assert not found(rng.normal(size=(200, 10_000)), rng.normal(size=(100, 10_000)))


def measured_five_times(seed: int, shift: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Persons with five rows each, split by person."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(200, 4))
    person = np.repeat(np.arange(200), 5)
    data = pd.DataFrame(own[person] + rng.normal(0, 0.1, (1000, 4)), columns=list("abcd"))
    data["person"] = person
    train, test = data[:750].sample(frac=1, random_state=seed), data[750:].copy()
    test["a"] += shift
    return train, test


@pytest.mark.parametrize("seed", range(20))
def test_a_split_by_person_is_clean(seed):
    assert not found(*measured_five_times(seed))


def test_a_shift_between_persons_is_found_by_one_row_of_each():
    findings = found(*measured_five_times(0, shift=1.5))
    assert [finding.subject for finding in findings] == ["a"]
    assert findings[0].evidence["sample"] == "50 of 250 rows"


def test_what_only_names_the_row_is_not_compared():
    train, test = measured_five_times(0)
    (outcome,) = judge(covariate_drift, train=train[["person"]], test=test[["person"]]).outcomes
    assert "name who a row is about" in outcome.reason


def test_two_groups_are_a_category():
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"group": rng.choice(["a", "b"], 900, p=[0.8, 0.2])})
    test = pd.DataFrame({"group": rng.choice(["a", "b"], 300)})
    assert [finding.subject for finding in found(train, test)] == ["group"]
