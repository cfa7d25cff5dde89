"""The evaluations of XGBoost and LightGBM, round by round."""

from __future__ import annotations

import numpy as np
import pytest

import aseptic

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4))
y = (X[:, 0] + rng.normal(size=300) > 0).astype(int)
X_train, y_train, X_val, y_val = X[:200], y[:200], X[200:], y[200:]
share = y_train.mean()
ENTROPY = -share * np.log(share) - (1 - share) * np.log(1 - share)


@pytest.fixture
def tracked(tmp_path):
    return lambda: aseptic.track(store=str(tmp_path))


def series(run, name):
    (found,) = run.store.read_series([run.run_id], name)
    return found.value.tolist()


def values(run):
    return {name: metric.value for name, metric in run.snapshot().metrics.items()}


def test_xgboost_s_estimators(tracked):
    xgboost = pytest.importorskip("xgboost")
    with tracked() as run:
        model = xgboost.XGBClassifier(n_estimators=8, eval_metric=["logloss", "error"])
        model.fit(X_train, y_train, eval_set=[(X_train, y_train), (X_val, y_val)], verbose=False)
    history = model.evals_result()
    assert series(run, "train_loss") == history["validation_0"]["logloss"]
    assert series(run, "val_loss") == history["validation_1"]["logloss"]
    assert series(run, "validation_1-error") == history["validation_1"]["error"]
    assert values(run)["dummy_loss"] == pytest.approx(ENTROPY)


def test_xgboost_s_train(tracked):
    xgboost = pytest.importorskip("xgboost")
    train, other = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_val, y_val)
    result = {}
    with tracked() as run:
        xgboost.train(
            {"objective": "reg:squarederror"},
            train,
            num_boost_round=6,
            evals=[(train, "a"), (other, "b")],
            evals_result=result,
            verbose_eval=False,
        )
    assert series(run, "train_loss") == result["a"]["rmse"]
    assert series(run, "val_loss") == result["b"]["rmse"]
    assert values(run)["dummy_loss"] == pytest.approx(y_train.std())


def test_xgboost_without_evaluations_logs_nothing(tracked):
    xgboost = pytest.importorskip("xgboost")
    with tracked() as run:
        xgboost.XGBClassifier(n_estimators=3).fit(X, y)
        xgboost.cv({"objective": "binary:logistic"}, xgboost.DMatrix(X, y), 3, nfold=2)
    assert not values(run)


def test_lightgbm_s_estimators(tracked):
    lightgbm = pytest.importorskip("lightgbm")
    with tracked() as run:
        model = lightgbm.LGBMClassifier(n_estimators=8, verbose=-1)
        model.fit(X_train, y_train, eval_set=[(X_train, y_train), (X_val, y_val)])
    history = model.evals_result_
    assert series(run, "train_loss") == history["training"]["binary_logloss"]
    assert series(run, "val_loss") == history["valid_1"]["binary_logloss"]
    assert values(run)["dummy_loss"] == pytest.approx(ENTROPY, rel=1e-6)


def test_lightgbm_s_train_and_folds(tracked):
    lightgbm = pytest.importorskip("lightgbm")
    with tracked() as run:
        train = lightgbm.Dataset(X_train, y_train)
        other = lightgbm.Dataset(X_val, y_val, reference=train)
        options = {"objective": "binary", "verbose": -1}
        booster = lightgbm.train(options, train, 5, valid_sets=[other], valid_names=["held"])
        booster.eval_valid()
    assert len(series(run, "val_loss")) == 5
    assert "train_loss" not in values(run)
    with tracked() as folds:
        lightgbm.cv(options, lightgbm.Dataset(X, y), 3, nfold=2)
    assert not values(folds)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_models_are_the_same_with_and_without_and_nothing_is_left(library, tracked):
    module = pytest.importorskip(library)
    kind = module.XGBClassifier if library == "xgboost" else module.LGBMClassifier
    options = {"n_estimators": 5, "random_state": 0}
    options |= {} if library == "xgboost" else {"verbose": -1}
    owners = [module.Booster]
    if library == "xgboost":
        owners.append(module.callback.CallbackContainer)
    before = [dict(vars(owner)) for owner in owners]
    plain = kind(**options).fit(X_train, y_train, eval_set=[(X_val, y_val)])
    with tracked():
        model = kind(**options).fit(X_train, y_train, eval_set=[(X_val, y_val)])
    assert np.array_equal(plain.predict_proba(X), model.predict_proba(X))
    assert [dict(vars(owner)) for owner in owners] == before
