"""A training loop in PyTorch as people write it, with the faults that a config asks for."""

from __future__ import annotations

import copy
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from nets import build_net, last_layer
from torch.nn import functional

from outcome import Outcome, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import Config
    from data import Task
    from watching import Log, Watch

    from torch import Tensor, nn

torch.set_num_threads(1)

OPTIMIZERS = {
    "sgd": lambda parameters, lr, decay: torch.optim.SGD(parameters, lr, weight_decay=decay),
    "momentum": lambda parameters, lr, decay: torch.optim.SGD(
        parameters, lr, momentum=0.9, weight_decay=decay
    ),
    "adam": lambda parameters, lr, decay: torch.optim.Adam(parameters, lr, weight_decay=decay),
    "adamw": lambda parameters, lr, decay: torch.optim.AdamW(parameters, lr, weight_decay=decay),
}


def train(config: Config, task: Task, log: Log, watch: Watch) -> Outcome:
    """Trains, tells `log` what a person would, and hands the model to `watch` before it starts."""
    net = build_net(config, task)
    optimizer = _optimizer(net, config)
    steps_per_epoch = math.ceil(len(task.y["train"]) / config.batch)
    schedule = _schedule(optimizer, config, config.epochs * steps_per_epoch)
    watch(net, optimizer)
    x = {part: torch.from_numpy(values) for part, values in task.x.items()}
    y = {part: torch.from_numpy(values) for part, values in task.y.items()}
    weights = _class_weights(config, task)
    kept: list[dict[str, Any]] = []
    best, since, step = math.inf, 0, 0
    for epoch in range(config.epochs):
        net.train()
        for rows in _batches(y["train"], config):
            _wait(config, step, config.epochs * steps_per_epoch)
            if config.zeroes_gradients:
                optimizer.zero_grad()
            loss = _loss(net(x["train"][rows]), y["train"][rows], config, weights)
            loss.backward()
            if config.clip:
                torch.nn.utils.clip_grad_norm_(net.parameters(), config.clip)
            optimizer.step()
            schedule.step()
            log({"loss": loss.item()}, step=step)
            step += 1
        found = _evaluate(net, x, y, config)
        log(
            {
                "train_loss": found["train"][0],
                f"train_{task.metric}": found["train"][1],
                "val_loss": found["val"][0],
                f"val_{task.metric}": found["val"][1],
            },
            step=epoch,
        )
        kept.append(copy.deepcopy(net.state_dict()))
        best, since = (found["val"][0], 0) if found["val"][0] < best else (best, since + 1)
        if config.patience and since >= config.patience:
            break
    return _outcome(config, task, kept, reported=found["val"])


def _optimizer(net: nn.Module, config: Config) -> torch.optim.Optimizer:
    parameters = list(net.parameters())
    if config.updates == "last layer":
        parameters = list(last_layer(net).parameters())
    elif config.updates == "nothing":  # that of a model that was made before
        parameters = list(copy.deepcopy(net).parameters())
    return OPTIMIZERS[config.optimizer](parameters, config.lr, config.weight_decay)


def _schedule(
    optimizer: torch.optim.Optimizer, config: Config, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    factors = {
        "none": lambda _: 1.0,
        "step": lambda step: 0.3 if step > 0.6 * steps else 1.0,
        "cosine": lambda step: 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))),
        "warmup": lambda step: min(1.0, (step + 1) / (0.1 * steps)),
    }
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factors[config.schedule])


def _batches(y: Tensor, config: Config) -> Iterator[Tensor]:
    order = torch.randperm(len(y)) if config.is_shuffled else torch.argsort(y, stable=True)
    yield from torch.split(order, config.batch)


def _wait(config: Config, step: int, steps: int) -> None:
    """For the data."""
    if config.wait_each_step_s:
        time.sleep(config.wait_each_step_s)
    if config.wait_once_s and step == steps // 2:
        time.sleep(config.wait_once_s)


def _class_weights(config: Config, task: Task) -> Tensor | None:
    if config.class_weight == 1.0:
        return None
    weights = torch.ones(task.n_classes)
    weights[0] = config.class_weight
    return weights


def _loss(out: Tensor, y: Tensor, config: Config, weights: Tensor | None = None) -> Tensor:
    if not y.dtype.is_floating_point:
        out = out.softmax(dim=1) if config.softmax_twice else out
        return functional.cross_entropy(out, y, weight=weights)
    return functional.mse_loss(out[:, 0], y)


def _evaluate(
    net: nn.Module, x: dict[str, Tensor], y: dict[str, Tensor], config: Config
) -> dict[str, tuple[float, float]]:
    """Loss and score on train (not more rows than 500) and validation, as the person does it."""
    if config.evaluates_in_eval_mode:
        net.eval()
    found = {}
    with torch.no_grad():
        for part in ("train", "val"):
            out = net(x[part][:500])
            loss = _loss(out, y[part][:500], config).item()
            found[part] = loss, _prediction(out, y[part][:500]).score
    return found


def _prediction(out: Tensor, y: Tensor) -> Prediction:
    if y.dtype.is_floating_point:
        return Prediction(y.numpy(), out[:, 0].numpy())
    return Prediction(y.numpy(), out.softmax(dim=1).numpy())


def _outcome(
    config: Config, task: Task, kept: list[dict[str, Any]], *, reported: tuple[float, float]
) -> Outcome:
    """What was learnt, judged as it should be: in a model that nobody watches."""
    net = build_net(config, task)
    net.eval()
    test_losses = []
    for state in kept:
        net.load_state_dict(state)
        with torch.no_grad():
            predicted = {
                part: _prediction(net(torch.from_numpy(task.x[part])), torch.from_numpy(y))
                for part, y in task.y.items()
                if part == "test" or state is kept[-1]
            }
        test_losses.append(predicted["test"].loss)
    sizes = {
        name.removesuffix(".weight"): int(np.prod(parameter.shape))
        for name, parameter in net.named_parameters()
        if name.endswith("weight")
    }
    return Outcome(predicted, test_losses, reported_score=reported[1], layer_sizes=sizes)
