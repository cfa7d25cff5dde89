"""What can go wrong in a training: how it is planted, and which findings name it.

`causes` are the checks that name what is wrong; `symptoms` are those that say what is also true of
such a training, without its cause. They were written down before any rule was judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import Config
    from numpy.random import Generator

NETS = ("dense", "convolutional", "recurrent", "transformer")
STACKS = ("dense", "convolutional")
ALL = (*NETS, "mlp", "boosted")

#: How held-out data show that a fault has hurt: see `harm.py`.
Harm = Literal["score or loss", "rebound", "misreported", "time"]


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    name: str
    causes: tuple[str, ...]
    symptoms: tuple[str, ...]
    architectures: tuple[str, ...]
    plant: Callable[[Config, Generator], Config]
    harm: Harm = "score or loss"
    needs_classes: bool = False


def _between(rng: Generator, low: float, high: float) -> float:
    """Evenly between the logarithms."""
    return float(10 ** rng.uniform(low, high))


def _is_sgd(config: Config) -> bool:
    return config.optimizer in ("sgd", "momentum")


def _bad_cells(config: Config, rng: Generator) -> Config:
    return replace(config, bad_cells=_between(rng, -2.3, -1.3))


def _divergence(config: Config, rng: Generator) -> Config:
    if config.architecture == "boosted":
        lr = float(rng.uniform(2.5, 5)) if config.source in _QUANTITIES else _between(rng, 1, 1.6)
        return replace(config, lr=lr, patience=0)
    lr = _between(rng, 0.3, 1.3) if _is_sgd(config) else _between(rng, 0, 1)
    return replace(config, lr=lr, schedule="none", clip=0.0)


_QUANTITIES = ("diabetes", "housing", "diamonds", "boston", "computers")


def _oscillation(config: Config, rng: Generator) -> Config:
    ranges = {"sgd": (-0.2, 0.3), "momentum": (-0.7, -0.2)}
    lr = _between(rng, *ranges.get(config.optimizer, (-1.2, -0.5)))
    return replace(config, lr=lr, schedule="none", clip=0.0, patience=0)


def _lr_too_low(config: Config, rng: Generator) -> Config:
    if config.architecture == "boosted":
        return replace(config, lr=_between(rng, -4, -3))
    lr = _between(rng, -5.5, -4.3) if _is_sgd(config) else _between(rng, -6.5, -5.3)
    return replace(config, lr=lr, schedule="none")


def _vanishing(config: Config, rng: Generator) -> Config:
    depth = int(rng.integers(8, 13))
    return replace(config, depth=depth, activation="sigmoid", norm=False, dropout=0.0)


def _exploding(config: Config, rng: Generator) -> Config:
    scale = float(rng.uniform(3, 5))
    config = replace(config, activation="relu", norm=False, clip=0.0, init_scale=scale)
    if config.architecture == "recurrent":
        return replace(config, family="rnn")
    return replace(config, depth=int(rng.integers(5, 9)))


def _dead_units(config: Config, rng: Generator) -> Config:
    return replace(config, activation="relu", norm=False, init_bias=-float(rng.uniform(4, 15)))


def _saturated_units(config: Config, rng: Generator) -> Config:
    activation = "sigmoid" if config.activation == "sigmoid" else "tanh"
    config = replace(config, activation=activation, init_scale=float(rng.uniform(15, 50)))
    return replace(config, norm=False, family="rnn" if config.family else "")


def _no_update(config: Config, rng: Generator) -> Config:
    updates = "nothing" if rng.random() < 0.6 else "last layer"
    return replace(config, updates=updates)


def _symmetric_start(config: Config, rng: Generator) -> Config:
    constant = 0.0 if rng.random() < 0.5 else _between(rng, -1.5, -0.7)
    return replace(config, init_constant=constant, norm=False, dropout=0.0)


def _no_shuffling(config: Config, _: Generator) -> Config:
    return replace(config, is_shuffled=False)


def _gradients_accumulate(config: Config, _: Generator) -> Config:
    return replace(config, zeroes_gradients=False)


def _overfit(config: Config, rng: Generator) -> Config:
    """Few and noisy rows, more capacity, nothing against it, and no end."""
    noise = max(config.noise, float(rng.uniform(0.1, 0.3)))
    config = replace(config, noise=noise, n_train=int(rng.integers(60, 150)), patience=0)
    if config.architecture == "boosted":
        more = {"width": 31, "depth": 7, "weight_decay": 0.0, "epochs": 150}
        return replace(config, lr=float(rng.uniform(0.2, 0.5)), **more)
    width = config.width * (4 if config.architecture in ("dense", "mlp") else 2)
    steps = 300 if config.architecture in ("recurrent", "transformer") else 500
    batch = min(config.batch, 32)
    epochs = steps * batch // config.n_train
    more = {"dropout": 0.0, "weight_decay": 0.0, "schedule": "none", "batch": batch}
    return replace(config, width=width, epochs=epochs, **more)


def _random_labels(config: Config, _: Generator) -> Config:
    return replace(config, label_permutation=True, patience=0)


def _underfit_small(config: Config, _: Generator) -> Config:
    if config.architecture == "boosted":
        return replace(config, width=2, depth=1, epochs=4, lr=min(config.lr, 0.1))
    return replace(config, width=1, depth=1, dropout=0.0)


def _underfit_regularised(config: Config, rng: Generator) -> Config:
    if config.architecture == "boosted":
        return replace(config, weight_decay=_between(rng, 4, 5.5))
    if config.architecture == "mlp":
        return replace(config, weight_decay=_between(rng, 2, 3.3))
    if config.architecture in ("dense", "convolutional") and rng.random() < 0.4:
        return replace(config, dropout=float(rng.uniform(0.9, 0.97)))
    ranges = {"adamw": (1, 2), "adam": (-0.7, 1)}
    return replace(config, weight_decay=_between(rng, *ranges.get(config.optimizer, (-0.3, 0.7))))


def _input_scale(config: Config, rng: Generator) -> Config:
    return replace(config, input_scale=_between(rng, 2, 4))


def _double_softmax(config: Config, _: Generator) -> Config:
    return replace(config, softmax_twice=True)


def _evaluation_mode(config: Config, rng: Generator) -> Config:
    return replace(
        config,
        evaluates_in_eval_mode=False,
        dropout=max(config.dropout, float(rng.uniform(0.4, 0.6))),
    )


def _class_collapse(config: Config, _: Generator) -> Config:
    return replace(config, class_weight=0.0)


def _starved(config: Config, rng: Generator) -> Config:
    steps = min(200, config.epochs * -(-config.n_train // config.batch))
    epochs = max(3, steps * config.batch // config.n_train)
    wait_s = float(rng.uniform(0.008, 0.015)) / config.batch
    return replace(config, wait_each_row_s=wait_s, epochs=epochs)


def _stalled(config: Config, rng: Generator) -> Config:
    return replace(config, wait_once_s=float(rng.uniform(3, 4)), patience=0)


_TOO_FAST = ("T01", "T02", "T20")

FAULTS = {
    fault.name: fault
    for fault in (
        Fault("not finite input", ("T01",), (), NETS, _bad_cells),
        Fault("divergence", _TOO_FAST, ("T03", "T07", "T08"), ALL, _divergence),
        Fault(
            "oscillation",
            ("T02", "T03", "T20"),
            ("T01", "T07", "T08", "T09"),
            (*NETS, "mlp"),
            _oscillation,
        ),
        Fault("learning rate too low", ("T05",), ("T04", "T16"), ALL, _lr_too_low),
        Fault("vanishing gradients", ("T06",), ("T04",), STACKS, _vanishing),
        Fault("exploding gradients", ("T07",), _TOO_FAST, (*STACKS, "recurrent"), _exploding),
        Fault("dead units", ("T08",), ("T04", "T10"), STACKS, _dead_units),
        Fault(
            "saturated units",
            ("T09",),
            ("T04", "T06", "T16"),
            (*STACKS, "recurrent"),
            _saturated_units,
        ),
        Fault("no update", ("T10",), ("T04", "T16"), NETS, _no_update),
        Fault("symmetric start", ("T11",), ("T04", "T10"), STACKS, _symmetric_start),
        Fault("no shuffling", ("T12",), ("T03",), (*NETS, "mlp"), _no_shuffling),
        Fault(
            "gradients accumulate",
            ("T13",),
            ("T01", "T02", "T03", "T07", "T20"),
            NETS,
            _gradients_accumulate,
        ),
        Fault("overfit", ("T14",), (), ALL, _overfit, harm="rebound"),
        Fault("random labels", ("T15",), ("T14",), ALL, _random_labels),
        Fault(
            "too small",
            ("T16",),
            ("T04",),
            ("dense", "convolutional", "recurrent", "mlp", "boosted"),
            _underfit_small,
        ),
        Fault("too regularised", ("T16",), ("T04",), ALL, _underfit_regularised),
        Fault(
            "input scale",
            ("T17",),
            ("T02", "T03", "T07", "T08", "T09", "T20"),
            (*NETS, "mlp"),
            _input_scale,
        ),
        Fault(
            "double softmax", ("T21",), ("T04", "T16"), NETS, _double_softmax, needs_classes=True
        ),
        Fault(
            "evaluation in training mode", ("T24",), (), NETS, _evaluation_mode, harm="misreported"
        ),
        Fault(
            "class collapse",
            ("T25",),
            ("T02", "T04", "T15", "T16"),
            NETS,
            _class_collapse,
            needs_classes=True,
        ),
        Fault("starved of data", ("T19",), (), NETS, _starved, harm="time"),
        Fault("stalled", ("T18",), (), NETS, _stalled, harm="time"),
    )
}
