"""Gradient-boosted trees: scikit-learn's, LightGBM and XGBoost, with the losses of each round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from outcome import Outcome, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import Config
    from data import Task
    from numpy.typing import NDArray
    from watching import Log, Watch

_EVERY = 5  # rounds between those whose test loss the oracle knows


class _Patience:
    """Logs the losses of a round, and says when validation has not got better for long."""

    def __init__(self, config: Config, log: Log) -> None:
        self.config, self.log = config, log
        self.best, self.since = math.inf, 0

    def is_over(self, round_number: int, train_loss: float, val_loss: float) -> bool:
        self.log({"train_loss": train_loss, "val_loss": val_loss}, step=round_number)
        is_better = val_loss < self.best
        self.best, self.since = (val_loss, 0) if is_better else (self.best, self.since + 1)
        return bool(self.config.patience) and self.since >= self.config.patience


def train(config: Config, task: Task, log: Log, watch: Watch) -> Outcome:
    """As `train_torch.train`; `width` is the number of leaves and `depth` that of levels."""
    makers = {"hist": _hist, "lightgbm": _lightgbm, "xgboost": _xgboost}
    predict, rounds = makers[config.family](config, task, _Patience(config, log), watch)
    at = [*range(_EVERY, rounds, _EVERY), rounds]
    losses = [Prediction(task.y["test"], predict(task.x["test"], n)).loss for n in at]
    predicted = {part: Prediction(task.y[part], predict(x, rounds)) for part, x in task.x.items()}
    return Outcome(predicted, losses, predicted["val"].score)


def _hist(config: Config, task: Task, patience: _Patience, watch: Watch) -> tuple[Any, int]:
    """Two rounds at a time, with `warm_start`."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task.is_class else HistGradientBoostingRegressor
    model = kind(
        learning_rate=config.lr,
        max_leaf_nodes=max(2, config.width),
        max_depth=config.depth,
        min_samples_leaf=2 if config.weight_decay == 0 else 10,
        l2_regularization=config.weight_decay,
        warm_start=True,
        early_stopping=False,
        random_state=config.seed % 2**31,
    )
    watch(model, None)
    ask = "staged_predict_proba" if task.is_class else "staged_predict"
    rounds = 0
    while rounds < config.epochs:
        rounds = min(rounds + 2, config.epochs)
        model.set_params(max_iter=rounds)
        model.fit(task.x["train"], task.y["train"])
        direct = model.predict_proba if task.is_class else model.predict
        losses = [Prediction(task.y[p], direct(task.x[p])).loss for p in ("train", "val")]
        if patience.is_over(rounds, *losses):
            break

    def predict(x: NDArray, n: int) -> NDArray:
        return next(p for stage, p in enumerate(getattr(model, ask)(x), 1) if stage == n)

    return predict, rounds


def _lightgbm(config: Config, task: Task, patience: _Patience, watch: Watch) -> tuple[Any, int]:
    import lightgbm

    params = {
        "objective": "multiclass" if task.is_class else "regression",
        "metric": "multi_logloss" if task.is_class else "l2",
        "learning_rate": config.lr,
        "num_leaves": max(2, config.width),
        "max_depth": config.depth,
        "min_data_in_leaf": 2 if config.weight_decay == 0 else 10,
        "lambda_l2": config.weight_decay,
        "num_threads": 1,
        "seed": config.seed % 2**31,
        "verbosity": -1,
    }
    if task.is_class:
        params["num_class"] = task.n_classes

    def after_round(state: Any) -> None:
        train_loss, val_loss = (one[2] for one in state.evaluation_result_list)
        if patience.is_over(state.iteration, train_loss, val_loss):
            raise lightgbm.callback.EarlyStopException(state.iteration, [])

    train_set = lightgbm.Dataset(task.x["train"], task.y["train"])
    val_set = lightgbm.Dataset(task.x["val"], task.y["val"], reference=train_set)
    model = lightgbm.train(
        params,
        train_set,
        config.epochs,
        valid_sets=[train_set, val_set],
        valid_names=["train", "val"],
        callbacks=[after_round],
    )
    return lambda x, n: model.predict(x, num_iteration=n), model.current_iteration()


def _xgboost(config: Config, task: Task, patience: _Patience, watch: Watch) -> tuple[Any, int]:
    import xgboost

    params = {
        "objective": "multi:softprob" if task.is_class else "reg:squarederror",
        "eval_metric": "mlogloss" if task.is_class else "rmse",
        "eta": config.lr,
        "max_leaves": max(2, config.width),
        "max_depth": config.depth,
        "min_child_weight": 1 if config.weight_decay == 0 else 5,
        "lambda": config.weight_decay,
        "nthread": 1,
        "seed": config.seed % 2**31,
        "verbosity": 0,
    }
    if task.is_class:
        params["num_class"] = task.n_classes
    power = 1 if task.is_class else 2

    class AfterRound(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            losses = (list(evals_log[part].values())[0][-1] ** power for part in ("train", "val"))
            return patience.is_over(epoch, *losses)

    sets = {part: xgboost.DMatrix(task.x[part], task.y[part]) for part in ("train", "val")}
    model = xgboost.train(
        params,
        sets["train"],
        config.epochs,
        evals=[(sets["train"], "train"), (sets["val"], "val")],
        callbacks=[AfterRound()],
        verbose_eval=False,
    )

    def predict(x: NDArray, n: int) -> NDArray:
        return model.predict(xgboost.DMatrix(x), iteration_range=(0, n))

    return predict, model.num_boosted_rounds()
