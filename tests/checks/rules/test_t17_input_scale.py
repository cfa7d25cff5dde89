"""What T17 finds and what it lets pass."""

from __future__ import annotations

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
