"""A training loop in PyTorch as people write it, with the faults that a config asks for."""

from __future__ import annotations

import copy
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from nets import build_net, last_layer
from outcome import Outcome, Prediction
from torch.nn import functional
from torch.utils.data import DataLoader

if TYPE_CHECKING:
    from config import Config
    from data import Task
    from numpy.typing import NDArray
    from torch import Tensor, nn
    from watching import Log, Watch

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
    """Trains, hands the model to `watch` before it starts, and logs the scores of each epoch.

    Losses, gradients and all else of PyTorch are seen by those who watch. Raises KeyboardInterrupt
    where the config wants a training that never ends.
    """
    net = build_net(config, task)
    optimizer = _optimizer(net, config)
    train_loader = _loader(task, "train", config)
    val_loader = _loader(task, "val", config)
    schedule = _schedule(optimizer, config, config.epochs * len(train_loader))
    watch(net, optimizer)
    kept: list[dict[str, Any]] = []
    best, since, step = math.inf, 0, 0
    for epoch in range(config.epochs):
        net.train()
        outs, ys = [], []
        for x, y in train_loader:
            if config.zeroes_gradients:
                optimizer.zero_grad()
            out = net(x)
            loss = _loss(out, y, config)
            loss.backward()
            if config.clip:
                torch.nn.utils.clip_grad_norm_(net.parameters(), config.clip)
            optimizer.step()
            schedule.step()
            step += 1
            outs.append(out.detach())
            ys.append(y)
        if config.evaluates_in_eval_mode:
            net.eval()
        train_score = _prediction(torch.cat(outs), torch.cat(ys)).score
        val_loss, val_score = _evaluate(net, val_loader, config)
        log({f"train_{task.metric}": train_score, f"val_{task.metric}": val_score}, step=step - 1)
        kept.append(copy.deepcopy(net.state_dict()))
        if config.wait_once_s and epoch >= config.epochs // 2:
            time.sleep(config.wait_once_s)
            raise Interrupted(_outcome(config, task, kept, reported=val_score))
        best, since = (val_loss, 0) if val_loss < best else (best, since + 1)
        if config.patience and since >= config.patience:
            break
    return _outcome(config, task, kept, reported=val_score)


class Interrupted(KeyboardInterrupt):
    """Someone has lost patience with a training that stands still."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


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


class _Rows(torch.utils.data.Dataset[tuple["Tensor", "Tensor"]]):
    """Rows that take some time to be had."""

    def __init__(self, x: NDArray, y: NDArray, wait_s: float) -> None:
        self.x, self.y, self.wait_s = torch.from_numpy(x), torch.from_numpy(y), wait_s

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        if self.wait_s:
            time.sleep(self.wait_s)
        return self.x[row], self.y[row]


def _loader(task: Task, part: str, config: Config) -> DataLoader[Any]:
    x, y = task.x[part], task.y[part]
    if part == "val":
        return DataLoader(_Rows(x, y, 0.0), batch_size=128)
    if not config.is_shuffled:
        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
    rows = _Rows(x, y, config.wait_each_row_s)
    return DataLoader(rows, batch_size=config.batch, shuffle=config.is_shuffled)


def _loss(out: Tensor, y: Tensor, config: Config) -> Tensor:
    if y.dtype.is_floating_point:
        return functional.mse_loss(out[:, 0], y)
    out = out.softmax(dim=1) if config.softmax_twice else out
    if config.class_weight != 1.0:
        weight = torch.where(y == 0, 1.0, config.class_weight)
        return (functional.cross_entropy(out, y, reduction="none") * weight).mean()
    return functional.cross_entropy(out, y)


def _evaluate(net: nn.Module, loader: DataLoader[Any], config: Config) -> tuple[float, float]:
    """Loss and score."""
    losses, outs, ys = [], [], []
    with torch.no_grad():
        for x, y in loader:
            out = net(x)
            losses.append(_loss(out, y, config).item() * len(y))
            outs.append(out)
            ys.append(y)
    return sum(losses) / len(loader.dataset), _prediction(torch.cat(outs), torch.cat(ys)).score


def _prediction(out: Tensor, y: Tensor) -> Prediction:
    if y.dtype.is_floating_point:
        return Prediction(y.numpy(), out[:, 0].numpy())
    return Prediction(y.numpy(), out.softmax(dim=1).numpy())


def _outcome(config: Config, task: Task, kept: list[dict[str, Any]], *, reported: float) -> Outcome:
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
    return Outcome(predicted, test_losses, reported_score=reported, layer_sizes=sizes)
