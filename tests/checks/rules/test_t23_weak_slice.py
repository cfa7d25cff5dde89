"""What T23 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from tests.checks.examples import judge
from tests.checks.fitted_cases import alarms

from aseptic.checks.rules.t23_weak_slice import weak_slice


def town_of_another_rule(seed: int = 0, *, is_weak: bool = True):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"size": rng.normal(size=3000), "age": rng.normal(size=3000)})
    frame["town"] = rng.choice([0, 1, 2, 3, 4], 3000)
    label = (frame["size"] + rng.normal(size=3000) * 0.3 > 0).astype(int).to_numpy()
    train, test = (frame[:2000], label[:2000].copy()), (frame[2000:], label[2000:])
    if is_weak:
        there = train[0]["town"].to_numpy() == 4
        train[1][there] = 1 - train[1][there]
    return train, test


def test_sensible_models_on_untouched_data_have_no_weak_slice():
    assert alarms(weak_slice, judge) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_town_that_was_learnt_wrongly_is_found_and_named(seed: int):
    train, test = town_of_another_rule(seed)
    model = HistGradientBoostingClassifier(max_iter=30).fit(*train)
    (finding,) = judge(weak_slice, depth="automatic", train=train, test=test, model=model).findings
    assert finding.evidence["columns"] == ("town",)
    rows = np.array(finding.evidence["rows"])
    assert (test[0]["town"].to_numpy()[rows] == 4).all()
    assert "town is among its highest" in finding.message


@pytest.mark.parametrize("seed", range(4))
def test_without_the_fault_nothing_is_found(seed: int):
    train, test = town_of_another_rule(seed, is_weak=False)
    model = HistGradientBoostingClassifier(max_iter=30).fit(*train)
    assert judge(weak_slice, train=train, test=test, model=model).findings == ()


def test_noise_that_nothing_explains_is_no_weakness():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3000, 3))
    noise = rng.normal(size=3000) * np.where(features[:, 1] > 1, 5.0, 0.5)
    target = features[:, 0] + noise
    train, test = (features[:2000], target[:2000]), (features[2000:], target[2000:])
    model = LinearRegression().fit(*train)
    assert judge(weak_slice, train=train, test=test, model=model).findings == ()
