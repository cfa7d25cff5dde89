"""The curves that estimators of scikit-learn keep, and the candidates of searches."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest

import aseptic

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
)
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import (
    MLPClassifier,
    MLPRegressor,
    _multilayer_perceptron,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4))
y = (X[:, 0] > 0.3).astype(int)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def tracked(tmp_path):
    return lambda: aseptic.track(store=str(tmp_path))


def series(run, name):
    (found,) = run.store.read_series([run.run_id], name)
    return found.step.tolist(), found.value.tolist()


def values(run):
    return {name: metric.value for name, metric in run.snapshot().metrics.items()}


def network(**options):
    return MLPClassifier((8,), max_iter=6, random_state=0, **options)


def test_a_network_s_loss_is_logged_epoch_by_epoch(tracked):
    with tracked() as run:
        model = network().fit(X, y)
    assert series(run, "train_loss") == (list(range(6)), model.loss_curve_)
    share = y.mean()
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert values(run)["dummy_loss"] == pytest.approx(entropy)
    assert values(run)["input_abs_max"] == np.abs(X).max()


def test_a_network_with_early_stopping_has_scores_of_validation(tracked):
    with tracked() as run:
        model = network(early_stopping=True).fit(X, y)
    assert series(run, "val_score")[1] == model.validation_scores_


def test_a_network_in_a_pipeline_counts(tracked):
    with tracked() as run:
        make_pipeline(StandardScaler(), network()).fit(X, y)
    assert len(series(run, "train_loss")[1]) == 6


def test_training_that_goes_on_goes_on_in_its_series(tracked):
    with tracked() as run:
        model = network(warm_start=True).fit(X, y)
        model.fit(X, y)
        part = MLPRegressor(hidden_layer_sizes=(4,), random_state=0)
        part.partial_fit(X, y)
    assert series(run, "train_loss")[1] == model.loss_curve_
    with tracked() as other:
        for _ in range(4):
            part.partial_fit(X, y)
    assert series(other, "train_loss")[1] == part.loss_curve_


def test_of_several_models_the_first_counts_and_the_run_says_so(tracked):
    with tracked() as run:
        first = network().fit(X, y)
        network(alpha=1.0).fit(X, y)
    assert series(run, "train_loss")[1] == first.loss_curve_
    assert [one.reason for one in run.snapshot().problems] == [
        "only those of the first model are recorded: 1 more were fitted"
    ]


@pytest.mark.parametrize("kind", [GradientBoostingClassifier, GradientBoostingRegressor])
def test_boosting_has_a_loss_by_stage_and_a_dummy_of_the_same_unit(kind, tracked):
    with tracked() as run:
        model = kind(n_estimators=12, learning_rate=1e-9).fit(X, y)
    assert series(run, "train_loss")[1] == list(model.train_score_)
    assert values(run)["dummy_loss"] == pytest.approx(model.train_score_[0])


def test_histogram_boosting_has_losses_of_training_and_validation(tracked):
    with tracked() as run:
        model = HistGradientBoostingClassifier(max_iter=9, early_stopping=True).fit(X, y)
    assert series(run, "train_loss")[1] == [-one for one in model.train_score_]
    assert series(run, "val_loss")[1] == [-one for one in model.validation_score_]


def test_a_search_keeps_its_candidates_and_the_curve_of_the_best(tracked):
    with tracked() as run:
        search = GridSearchCV(network(), {"alpha": [1e-4, 1e-2]}, cv=2).fit(X, y)
    assert series(run, "train_loss")[1] == search.best_estimator_.loss_curve_
    artifact = run.snapshot().artifacts["candidates.csv"]
    text = run.store.read_object(artifact.digest).decode()
    assert "param_alpha" in text
    assert len(text.strip().splitlines()) == 3
    assert not run.snapshot().problems


def test_networks_of_an_ensemble_and_of_folds_are_parts_of_it(tracked):
    with tracked() as run:
        BaggingClassifier(network(), n_estimators=2).fit(X, y)
        cross_val_score(network(), X, y, cv=2)
    assert "train_loss" not in values(run)


def test_models_are_the_same_with_and_without(tracked):
    plain, model = network(), network()
    np.random.seed(0)
    plain.fit(X, y)
    state = np.random.get_state()[1].tolist()
    np.random.seed(0)
    with tracked():
        model.fit(X, y)
    assert np.random.get_state()[1].tolist() == state
    assert all(map(np.array_equal, plain.coefs_, model.coefs_))
    assert vars(clone(model)).keys() == vars(network()).keys()


def test_nothing_is_left_in_the_library(tracked):
    kind = _multilayer_perceptron.BaseMultilayerPerceptron
    before = dict(vars(kind))
    with pytest.raises(ValueError, match="inconsistent"), tracked(), tracked():
        network().fit(X, y[:-1])
    assert dict(vars(kind)) == before


def test_a_library_that_is_imported_in_the_run_is_seen(tmp_path):
    script = """
import aseptic, sys
import numpy as np
before = list(sys.meta_path)
with aseptic.track(store=sys.argv[1]) as run:
    from sklearn.neural_network import MLPRegressor
    X = np.random.default_rng(0).normal(size=(50, 3))
    MLPRegressor(hidden_layer_sizes=(4,), max_iter=5).fit(X, X[:, 0])
print(run.snapshot().metrics["train_loss"].count, sys.meta_path == before)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["5", "True"]
