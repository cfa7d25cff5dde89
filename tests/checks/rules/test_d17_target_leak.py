"""D17 on planted leaks of each kind, and on strong columns that are honest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from tests.checks.examples import judge

from aseptic.checks.rules.d17_target_leak import target_leak

NAMES = ["iris", "wine", "breast_cancer", "digits", "diabetes"]


def load(name: str) -> tuple[pd.DataFrame, pd.Series]:
    data = getattr(datasets, f"load_{name}")(as_frame=True)
    return data.data, data.target


def found(train) -> list[str]:
    return [finding.subject for finding in judge(target_leak, train=train).findings]


@pytest.mark.parametrize("name", NAMES)
def test_honest_columns_do_not_give_the_target_away(name):
    assert not found(load(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_noisy_copy_of_the_target_is_found(name, noise):
    features, target = load(name)
    scale = 1.0 if target.nunique() < 20 else target.std()
    rng = np.random.default_rng(0)
    leak = target + rng.normal(0, noise * scale, len(target))
    assert found((features.assign(leak=leak), target)) == ["leak"]


def test_the_target_as_text_and_as_code_is_found_twice():
    features, target = load("breast_cancer")
    both = features.assign(text=target.map({0: "bad", 1: "good"}), code=target)
    assert sorted(found((both, target))) == ["code", "text"]


def test_a_date_that_only_one_class_has_gives_it_away():
    rng = np.random.default_rng(0)
    ill = rng.random(400) < 0.3
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    frame["died_on"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, 400), "D")
    frame.loc[~ill, "died_on"] = pd.NaT
    assert found((frame, ill)) == ["died_on"]


@pytest.mark.parametrize(
    ("features", "target"),
    [
        (np.zeros((100, 3)), np.zeros(100)),
        (np.full((100, 3), np.nan), np.arange(100) % 2),
        (np.zeros((5, 3)), [0, 1, 0, 1, 0]),
        (np.zeros((100, 3)), np.full(100, np.nan)),
        (pd.DataFrame({"a": [[1]] * 100, "b": [{}] * 100}), np.arange(100) % 2),
        (np.arange(100)[:, None], np.arange(100).astype(str)),
    ],
)
def test_odd_data_give_no_finding_and_no_fault(features, target):
    (outcome,) = judge(target_leak, train=(features, target)).outcomes
    assert outcome.outcome != "findings"
    assert "fault" not in (outcome.reason or "")
