"""What T17 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tests.checks.examples import judge
from tests.checks.fitted_cases import alarms, split
from tests.checks.rules.trainings import EPOCHS, findings, healthy, stuck

from aseptic.checks.rules.t17_input_scale import input_scale


def test_sensible_models_on_untouched_data_have_inputs_of_one_scale():
    assert alarms(input_scale, judge) == []


@pytest.mark.parametrize("model", [KNeighborsClassifier(), SVC()], ids=["neighbours", "svc"])
def test_distances_between_columns_as_they_are_are_found(model):
    train, test = split("wine")
    (finding,) = judge(
        input_scale, depth="automatic", train=train, test=test, model=model.fit(*train)
    ).findings
    assert "StandardScaler" in finding.remedy


def test_a_scaler_in_the_pipeline_is_enough():
    train, test = split("wine")
    model = make_pipeline(StandardScaler(), SVC()).fit(*train)
    assert judge(input_scale, train=train, test=test, model=model).findings == ()


def test_trees_do_not_mind():
    train, test = split("wine")
    model = RandomForestClassifier(5).fit(*train)
    (outcome,) = judge(input_scale, train=train, test=test, model=model).outcomes
    assert "does not matter" in outcome.reason


def test_a_scale_that_costs_nothing_is_let_pass():
    train, test = split("digits")  # pixels: some hardly vary
    model = LogisticRegression(max_iter=50).fit(*train)
    assert judge(input_scale, train=train, test=test, model=model).findings == ()


def test_a_network_is_not_fitted_anew_after_a_cell():
    (features, label), test = split("wine")
    train = (features.assign(proline=features["proline"] * 1e6, ash=features["ash"] * 1e6), label)
    model = MLPClassifier((5,), max_iter=5).fit(*train)
    report = judge(input_scale, depth="automatic", train=train, test=test, model=model)
    assert report.outcomes[0].duration_s < 1
    assert "is handed columns" in report.findings[0].message


# -- of a network -----------------------------------------------------------------------------
def test_a_network_that_is_fed_large_numbers_and_does_badly_is_found():
    (finding,) = findings(input_scale, stuck(input_abs_max=4e4))
    assert finding.message == "the model is fed values of up to 4e+04"


def test_columns_of_different_size_are_found():
    assert findings(input_scale, stuck(input_scale_ratio=1e5))


def test_standardised_rows_with_a_long_tail_are_not():
    assert findings(input_scale, stuck(input_abs_max=30.0)) == ()


def test_a_network_that_has_learnt_all_the_same_is_not():
    fall = np.linspace(2.3, 0.02, EPOCHS)
    assert findings(input_scale, healthy(input_abs_max=255.0, train_loss=fall)) == ()
