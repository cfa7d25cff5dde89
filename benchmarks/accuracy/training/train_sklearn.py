"""scikit-learn's networks, trained epoch by epoch with `partial_fit`."""

from __future__ import annotations

import math
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
from outcome import Outcome, Prediction
from sklearn.neural_network import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from config import Config
    from data import Task
    from numpy.typing import NDArray
    from watching import Log, Watch

_SOLVERS = {"momentum": {"solver": "sgd", "momentum": 0.9}, "sgd": {"solver": "sgd", "momentum": 0}}
_ACTIVATIONS = {"sigmoid": "logistic"}


def train(config: Config, task: Task, log: Log, _: Watch) -> Outcome:
    """As `train_torch.train`. scikit-learn raises where a weight is no number: the run ends."""
    model = _build(config, task)
    more = {"classes": np.arange(task.n_classes)} if task.is_class else {}
    order = np.arange(len(task.y["train"]))
    if not config.is_shuffled:
        order = np.argsort(task.y["train"], kind="stable")
    kept, best, since, error, found = [], math.inf, 0, "", {}
    for epoch in range(config.epochs):
        try:
            model.partial_fit(task.x["train"][order], task.y["train"][order], **more)
        except ValueError as fault:
            error = str(fault)
            break
        found = {part: predict(model, task.x[part], task.y[part]) for part in ("train", "val")}
        log(
            {
                f"{part}_{name}": value
                for part, one in found.items()
                for name, value in (("loss", one.loss), (task.metric, one.score))
            },
            step=epoch,
        )
        kept.append(pickle.dumps(model))
        best, since = (found["val"].loss, 0) if found["val"].loss < best else (best, since + 1)
        if config.patience and since >= config.patience:
            break
    return _outcome(task, kept, found, error)


def _build(config: Config, task: Task) -> Any:
    kind = MLPClassifier if task.is_class else MLPRegressor
    solver = _SOLVERS.get(config.optimizer, {"solver": "adam"})
    return kind(
        hidden_layer_sizes=(config.width,) * config.depth,
        activation=_ACTIVATIONS.get(config.activation, config.activation),
        alpha=config.weight_decay,
        learning_rate_init=config.lr,
        batch_size=min(config.batch, len(task.y["train"])),
        shuffle=config.is_shuffled,
        random_state=config.seed % 2**31,
        **solver,
    )


def predict(model: Any, x: NDArray, y: NDArray) -> Prediction:
    """With probabilities where it is about classes."""
    ask = getattr(model, "predict_proba", model.predict)
    return Prediction(y, np.asarray(ask(x)))


def _outcome(task: Task, kept: list[bytes], found: dict[str, Prediction], error: str) -> Outcome:
    if not kept or error:  # what was being trained is lost
        constant = {part: _constant(task, part) for part in task.y}
        return Outcome(constant, [constant["test"].loss], constant["val"].score, error=error)
    losses = [predict(pickle.loads(model), task.x["test"], task.y["test"]).loss for model in kept]
    last = pickle.loads(kept[-1])
    predicted = {part: predict(last, task.x[part], task.y[part]) for part in task.y}
    sizes = {f"layer{number}": weights.size for number, weights in enumerate(last.coefs_)}
    return Outcome(predicted, losses, found["val"].score, layer_sizes=sizes)


def _constant(task: Task, part: str) -> Prediction:
    y = task.y[part]
    if not task.is_class:
        return Prediction(y, np.full(len(y), task.y["train"].mean()))
    shares = np.bincount(task.y["train"], minlength=task.n_classes) / len(task.y["train"])
    return Prediction(y, np.tile(shares, (len(y), 1)))
