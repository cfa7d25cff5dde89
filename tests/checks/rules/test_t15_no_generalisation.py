"""What T15 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Ridge
from tests.checks.examples import judge
from tests.checks.fitted_cases import alarms, split
from tests.checks.rules.trainings import EPOCHS, begun, findings, healthy, outcome, stuck

from aseptic.checks.rules.t15_no_generalisation import no_generalisation


def test_sensible_models_on_untouched_data_generalise():
    assert alarms(no_generalisation, judge) == []


@pytest.mark.parametrize("name", ["breast_cancer", "digits"])
def test_shuffled_training_labels_are_found(name: str):
    (features, label), test = split(name)
    label = np.random.default_rng(0).permutation(label)
    model = RandomForestClassifier(50, random_state=0).fit(features, label)
    train = (features, label)
    assert judge(no_generalisation, train=train, test=test, model=model).findings


def test_a_model_of_shuffled_labels_beside_true_data_is_an_error_and_said_so():
    train, test = split("breast_cancer")
    shuffled = np.random.default_rng(1).permutation(train[1])
    model = RandomForestClassifier(50, random_state=0).fit(train[0], shuffled)
    found = judge(no_generalisation, train=(train[0], shuffled), test=test, model=model).findings
    assert [one.severity for one in found] == ["warning"]
    assert "in the order of the rows" in found[0].remedy


def test_a_test_set_in_another_order_is_an_error():
    train, (features, target) = split("diabetes")
    model = RandomForestRegressor(50, random_state=0).fit(*train)
    target = np.random.default_rng(0).permutation(target)
    (finding,) = judge(
        no_generalisation, train=train, test=(features, target), model=model
    ).findings
    assert finding.severity == "error"


def test_a_model_that_has_learnt_nothing_is_not_its_concern():
    rng = np.random.default_rng(0)
    features, target = rng.normal(size=(600, 3)), rng.normal(size=600)
    train, test = (features[:400], target[:400]), (features[400:], target[400:])
    model = Ridge().fit(*train)
    assert judge(no_generalisation, train=train, test=test, model=model).findings == ()


# -- by curves --------------------------------------------------------------------------------
def test_a_training_that_learns_its_rows_alone_is_found():
    chance = {"val_loss": np.full(EPOCHS, 2.35), "val_accuracy": np.full(EPOCHS, 0.1)}
    (finding,) = findings(no_generalisation, healthy(**chance))
    assert "what was learnt holds for the training rows alone" in finding.message


def test_a_model_that_is_right_and_far_too_sure_generalises():
    assert findings(no_generalisation, healthy(val_loss=np.full(EPOCHS, 2.35))) == ()


def test_validation_data_that_agree_for_a_while_are_left_to_t14():
    loss = np.linspace(2.2, 4.0, EPOCHS)
    assert findings(no_generalisation, healthy(val_loss=loss)) == ()


def test_a_training_that_has_learnt_nothing_yet_is_another_matter():
    assert findings(no_generalisation, stuck()) == ()


def test_while_training_goes_on_it_waits():
    series = begun(healthy(val_loss=np.full(EPOCHS, 2.35)), epochs=8)
    assert outcome(no_generalisation, series, is_running=True).reason == "training has just begun"
