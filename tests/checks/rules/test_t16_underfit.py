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
from tests.checks.rules.trainings import EPOCHS, PROBES, findings, healthy, outcome

from aseptic.checks.rules.t16_underfit import underfit
from aseptic.testing import make_run


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


# -- by curves --------------------------------------------------------------------------------
POOR = np.full(EPOCHS, 0.6)


def test_a_training_that_stays_below_its_reference_is_found():
    (finding,) = findings(underfit, healthy(train_accuracy=POOR, val_accuracy=POOR))
    assert finding.message == (
        "val_accuracy ends at 0.60 (train_accuracy 0.60), where a reference has 0.90"
    )


def test_a_training_that_knows_its_rows_has_capacity():
    assert findings(underfit, healthy(val_accuracy=POOR)) == ()


def test_weights_that_have_shrunk_away_speak_of_weight_decay():
    norms = 3.0 * 0.9 ** np.arange(len(PROBES))
    run = make_run(params={"weight_decay": 0.5})
    series = healthy(train_accuracy=POOR, val_accuracy=POOR, weight_norms=norms)
    (finding,) = findings(underfit, series, run=run)
    assert "have shrunk away" in finding.message
    assert "`weight_decay=0.005`" in finding.remedy


def test_while_training_goes_on_it_is_not_judged():
    assert outcome(underfit, healthy(), is_running=True).reason == "training goes on"
