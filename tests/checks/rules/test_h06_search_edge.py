"""What H06 finds and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.checks.examples import judge
from tests.checks.fitted_cases import split

from aseptic.checks.rules.h06_search_edge import search_edge


def noisy(rows: int = 300):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(rows, 40))
    return features, (features[:, 0] + rng.normal(size=rows) > 0).astype(int)


def test_a_best_value_at_the_edge_is_found_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1, 10, 100]}
    model = GridSearchCV(pipeline, grid).fit(*noisy())
    (finding,) = judge(search_edge, model=model).findings
    assert finding.subject == "logisticregression__C"
    assert "down to 0.001" in finding.remedy


def test_a_best_value_in_the_middle_is_none():
    model = GridSearchCV(LogisticRegression(), {"C": [1e-5, 1e-3, 0.02, 0.1, 10]}).fit(*noisy())
    assert judge(search_edge, model=model).findings == ()


def test_a_flat_curve_is_none():
    train, _ = split("wine")
    model = GridSearchCV(LogisticRegression(max_iter=20), {"C": [10, 11, 12]}).fit(*train)
    assert judge(search_edge, model=model).findings == ()


def test_one_neighbour_is_a_natural_end():
    train, _ = split("digits")
    model = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 10, 40]}).fit(*train)
    assert model.best_params_ == {"n_neighbors": 1}
    assert judge(search_edge, model=model).findings == ()


def test_words_and_two_values_are_none():
    grid = {"solver": ["lbfgs", "newton-cg"], "C": [1, 100]}
    model = GridSearchCV(LogisticRegression(), grid).fit(*noisy())
    assert judge(search_edge, model=model).findings == ()


def test_a_random_search_is_judged_too():
    train, _ = split("diabetes")
    values = {"alpha": list(np.logspace(2, 6, 9))}
    model = RandomizedSearchCV(Ridge(), values, n_iter=9, random_state=0).fit(*train)
    assert judge(search_edge, model=model).findings


@pytest.mark.parametrize("model", [Ridge(), object(), GridSearchCV(Ridge(), {"alpha": [1]})])
def test_what_is_no_finished_search_is_not_judged(model):
    (outcome,) = judge(search_edge, model=model).outcomes
    assert outcome.outcome == "not applicable"
