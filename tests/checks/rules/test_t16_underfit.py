"""What T16 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.svm import SVC
from tests.checks.examples import judge
from tests.checks.fitted_cases import alarms, split

from aseptic.checks.rules.t16_underfit import underfit


def test_sensible_models_on_untouched_data_are_not_underfit():
    assert alarms(underfit, judge) == []


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("breast_cancer", DummyClassifier()),
        ("digits", LogisticRegression(C=1e-7)),
        ("wine", SVC()),  # columns of very different size
        ("diabetes", Lasso(alpha=30.0)),
        ("diabetes", GradientBoostingRegressor(n_estimators=3, learning_rate=0.01)),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_models_that_are_held_back_are(name: str, model):
    train, test = split(name)
    (finding,) = judge(
        underfit, depth="automatic", train=train, test=test, model=model.fit(*train)
    ).findings
    assert finding.severity == "warning"


def test_no_pattern_is_not_underfitting():
    rng = np.random.default_rng(0)
    features, label = rng.normal(size=(900, 4)), rng.integers(0, 2, 900)
    train, test = (features[:500], label[:500]), (features[500:], label[500:])
    model = LogisticRegression().fit(*train)
    assert judge(underfit, train=train, test=test, model=model).findings == ()


def test_the_remedy_names_the_setting():
    train, test = split("digits")
    model = LogisticRegression(C=1e-7).fit(*train)
    (finding,) = judge(underfit, train=train, test=test, model=model).findings
    assert "`C=1e-06`" in finding.remedy
