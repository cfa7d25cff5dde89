"""Gradient-boosted trees: scikit-learn's, LightGBM and XGBoost, with the losses of each round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from outcome import Outcome, Prediction

if TYPE_CHECKING:
    from config import Config
    from data import Task
    from numpy.typing import NDArray
    from watching import Log, Watch

Pair = tuple[float, float]
_EVERY = 5  # rounds between those whose test loss the oracle knows


class _Patience:
    """Logs a round as people do, and says when validation has not got better for long."""

    def __init__(self, config: Config, task: Task, log: Log) -> None:
        self.config, self.task, self.log = config, task, log
        self.best, self.since = math.inf, 0

    def is_over(self, round_number: int, losses: Pair, errors: Pair) -> bool:
        """`losses` and `errors` are of train and validation; for quantities they are the same."""
        values = dict(zip(("train_loss", "val_loss"), losses, strict=True))
        for part, error in zip(("train", "val"), errors, strict=True):
            scale = 1.0 if self.task.is_class else float(np.var(self.task.y[part]))
            values[f"{part}_{self.task.metric}"] = 1 - error / scale
        self.log(values, step=round_number)
        is_better = losses[1] < self.best
        self.best, self.since = (losses[1], 0) if is_better else (self.best, self.since + 1)
        return bool(self.config.patience) and self.since >= self.config.patience


def train(config: Config, task: Task, log: Log, _: Watch) -> Outcome:
    """As `train_torch.train`; `width` is the number of leaves and `depth` that of levels."""
    makers = {"hist": _hist, "lightgbm": _lightgbm, "xgboost": _xgboost}
    predict, rounds = makers[config.family](config, task, _Patience(config, task, log))
    at = [*range(_EVERY, rounds, _EVERY), rounds]
    losses = [Prediction(task.y["test"], predict(task.x["test"], n)).loss for n in at]
    predicted = {part: Prediction(task.y[part], predict(x, rounds)) for part, x in task.x.items()}
    return Outcome(predicted, losses, predicted["val"].score)


def _hist(config: Config, task: Task, patience: _Patience) -> tuple[Any, int]:
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
    ask = "staged_predict_proba" if task.is_class else "staged_predict"
    rounds = 0
    while rounds < config.epochs:
        rounds = min(rounds + 2, config.epochs)
        model.set_params(max_iter=rounds)
        model.fit(task.x["train"], task.y["train"])
        direct = model.predict_proba if task.is_class else model.predict
        found = [Prediction(task.y[part], direct(task.x[part])) for part in ("train", "val")]
        losses = (found[0].loss, found[1].loss)
        errors = (1 - found[0].score, 1 - found[1].score) if task.is_class else losses
        if patience.is_over(rounds, losses, errors):
            break

    def predict(x: NDArray, n: int) -> NDArray:
        return next(p for stage, p in enumerate(getattr(model, ask)(x), 1) if stage == n)

    return predict, rounds


def _lightgbm(config: Config, task: Task, patience: _Patience) -> tuple[Any, int]:
    import lightgbm

    params = {
        "objective": "multiclass" if task.is_class else "regression",
        "metric": ["multi_logloss", "multi_error"] if task.is_class else "l2",
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
        found = [one[2] for one in state.evaluation_result_list]  # of train, then of val
        losses = (found[0], found[len(found) // 2])
        errors = (found[len(found) // 2 - 1], found[-1])
        if patience.is_over(state.iteration, losses, errors):
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


def _xgboost(config: Config, task: Task, patience: _Patience) -> tuple[Any, int]:
    import xgboost

    params = {
        "objective": "multi:softprob" if task.is_class else "reg:squarederror",
        "eval_metric": ["merror", "mlogloss"] if task.is_class else "rmse",
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

    class AfterRound(xgboost.callback.TrainingCallback):
        def after_iteration(self, _: Any, epoch: int, evals_log: Any) -> bool:
            own = [evals_log[part] for part in ("train", "val")]
            if task.is_class:
                losses, errors = ((one[name][-1] for one in own) for name in ("mlogloss", "merror"))
                return patience.is_over(epoch, (*losses,), (*errors,))
            squares = tuple(one["rmse"][-1] ** 2 for one in own)
            return patience.is_over(epoch, squares, squares)

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
