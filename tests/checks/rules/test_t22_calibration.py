"""What T22 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from tests.checks.examples import judge
from tests.checks.fitted_cases import alarms, split

from aseptic.checks.rules.t22_calibration import calibration


def repeated_columns(seed: int = 0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(1000, 1)) + rng.normal(size=(1000, 20)) * 0.1
    label = (features.mean(axis=1) + rng.normal(size=1000) > 0).astype(int)
    return (features[:500], label[:500]), (features[500:], label[500:])


def test_sensible_models_on_untouched_data_give_true_probabilities():
    assert alarms(calibration, judge) == []


def test_naive_bayes_that_counts_one_thing_twenty_times_is_too_sure():
    train, test = repeated_columns()
    model = GaussianNB().fit(*train)
    (finding,) = judge(calibration, train=train, test=test, model=model).findings
    assert finding.message.endswith("it is too sure")
    assert "naive Bayes" in finding.remedy


@pytest.mark.parametrize("seed", range(8))
def test_the_true_model_is_never_found(seed: int):
    train, test = repeated_columns(seed)
    model = LogisticRegression().fit(*train)
    assert judge(calibration, train=train, test=test, model=model).findings == ()


def test_a_model_without_probabilities_is_not_judged():
    train, test = split("breast_cancer")
    (outcome,) = judge(calibration, train=train, test=test, model=SVC().fit(*train)).outcomes
    assert outcome.reason == "SVC gives no probabilities"
