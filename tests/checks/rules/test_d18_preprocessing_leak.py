"""D18 over what estimators did: leaks at their usual places, and none where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.checks.examples import judge, watched

from aseptic.checks.rules.d18_preprocessing_leak import preprocessing_leak

pytest.importorskip("sklearn")

IMPORTS = """
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler
"""
SPLIT = (
    "A, B, a, b = train_test_split(X, y, random_state=0)\nM = lambda: SGDClassifier(max_iter=2)\n"
)


def found(code, data="X, y = load_breast_cancer(return_X_y=True, as_frame=True)"):
    """The severities of what D18 finds in what the code does."""
    variables = {"np": np, "pd": pd}
    lineage = watched(f"{IMPORTS}\n{data}\n{SPLIT}{code}", variables)
    report = judge(preprocessing_leak, lineage=lineage)
    assert report.outcomes[0].outcome != "not applicable", report.outcomes[0].reason
    return [finding.severity for finding in report.findings]


def test_a_scaler_fitted_on_all_and_applied_to_the_parts_is_found():
    code = "s = StandardScaler().fit(X)\nM().fit(s.transform(A), a).score(s.transform(B), b)"
    assert found(code) == ["warning"]


def test_features_chosen_on_all_are_an_error():
    code = "s = SelectKBest(k=3).fit(X, y)\nM().fit(s.transform(A), a).score(s.transform(B), b)"
    assert found(code) == ["error"]


def test_scaling_before_a_cross_validation_is_information():
    code = "cross_val_score(M(), StandardScaler().fit_transform(X), y, cv=3)"
    assert found(code) == ["info"]


def test_rows_that_became_alike_are_not_taken_for_one_another():
    code = (
        "s = SelectKBest(k=2).fit(A, a)\nm = M().fit(s.transform(A), a)\n"
        "m.score(s.transform(A), a)\nm.score(s.transform(B), b)"
    )
    assert found(code, "X, y = load_digits(return_X_y=True, as_frame=True)") == []


def test_training_rows_that_are_scored_are_no_leak():
    code = "Z = StandardScaler().fit_transform(A)\nM().fit(Z, a).score(Z[:50], a[:50])"
    assert found(code) == []


def test_an_eval_set_is_seen():
    pytest.importorskip("lightgbm")
    code = "import lightgbm\nm = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1)\n"
    variables = {"np": np, "pd": pd}
    fit = "m.fit(A, a, eval_set=[(B, b)])"
    data = "X, y = load_breast_cancer(return_X_y=True, as_frame=True)"
    [use] = watched(f"{IMPORTS}\n{data}\n{SPLIT}{code}{fit}", variables).uses
    assert [one.rows for one in use.evaluated] == [143]
