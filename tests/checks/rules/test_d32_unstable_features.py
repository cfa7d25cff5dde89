"""D32 on clean splits, and on features that mean another thing in the test data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split
from tests.checks.examples import judge

from aseptic.checks.rules.d32_unstable_features import unstable_features

NAMES = ["iris", "wine", "breast_cancer", "digits", "diabetes"]


def found(train, test):
    report = judge(unstable_features, train=train, test=test)
    assert "fault" not in (report.outcomes[0].reason or "")
    return report.findings


def split(name: str, seed: int):
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    A, B, a, b = train_test_split(X, y, random_state=seed)
    return (A, a), (B, b)


@pytest.mark.parametrize("name", NAMES)
def test_clean_splits_are_clean(name):
    assert sum(bool(found(*split(name, seed))) for seed in range(20)) == 0


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes"])
def test_a_feature_that_is_turned_round_is_found(name):
    train, (B, b) = split(name, 0)
    A, a = train
    told = [abs(np.corrcoef(A[:, at], a)[0, 1]) for at in range(A.shape[1])]
    best = int(np.argmax(told))
    turned = B.copy()
    turned[:, best] = B[:, best].max() + B[:, best].min() - B[:, best]
    report = found(train, (turned, b))
    assert {one.subject for one in report} == {str(best)}
    assert report[0].severity == "warning"


def test_a_feature_that_says_nothing_any_more_is_information():
    rng = np.random.default_rng(0)
    train, (B, b) = split("diabetes", 0)
    shuffled = B.copy()
    shuffled[:, 2] = rng.permutation(B[:, 2])
    (finding,) = found(train, (shuffled, b))
    assert (finding.subject, finding.severity) == ("2", "info")
    assert finding.evidence["plot"]["kind"] == "bars"


def test_a_feature_that_is_cut_off_is_not_taken_for_one_that_says_nothing():
    train, (B, b) = split("diabetes", 0)
    few = np.abs(B[:, 2] - np.median(B[:, 2])) < 0.01
    assert not [one for one in found(train, (B[few], b[few])) if one.subject == "2"]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ((np.zeros((0, 3)), np.zeros(0)), (np.zeros((0, 3)), np.zeros(0))),
        ((np.ones((1, 3)), [1]), (np.ones((1, 3)), [1])),
        ((np.zeros((90, 3)), np.ones(90)), (np.zeros((90, 3)), np.ones(90))),
        ((np.full((90, 3), np.nan), np.arange(90.0)), (np.full((90, 3), np.inf), np.arange(90.0))),
        (
            (pd.DataFrame({"a": [object()] * 90}), np.arange(90.0)),
            (pd.DataFrame({"a": [object()] * 90}), np.arange(90.0)),
        ),
    ],
)
def test_odd_data_find_nothing(train, test):
    assert not found(train, test)
