"""Which trainings a part has: sound ones of every architecture, and faults planted in them.

The parts share no seed, and some data sets are in the evaluation part only.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from config import Config
from data import SOURCES, Source
from planted import FAULTS, Fault

if TYPE_CHECKING:
    from numpy.random import Generator

#: Sound trainings by architecture, and trainings with each fault.
SOUND = {
    "design": {
        "dense": 30,
        "convolutional": 15,
        "recurrent": 14,
        "transformer": 8,
        "mlp": 14,
        "boosted": 16,
    },
    "evaluation": {
        "dense": 44,
        "convolutional": 24,
        "recurrent": 20,
        "transformer": 12,
        "mlp": 20,
        "boosted": 24,
    },
}
PLANTED = {"design": 6, "evaluation": 12}
SHAPES = {
    "dense": ("flat",),
    "convolutional": ("image", "sequence"),
    "recurrent": ("sequence",),
    "transformer": ("sequence",),
    "mlp": ("flat",),
    "boosted": ("flat",),
}
#: What a sound small model of the kind does not learn as well as a linear one, or learns at once.
UNSUITED = {
    "boosted": ("iris", "penguins"),
    "convolutional": ("temperature", "sunspots", "co2"),
    "recurrent": ("digit_patches",),
    "transformer": ("digit_patches", "temperature"),
}


@dataclass(frozen=True)
class Plan:
    """One training to make."""

    name: str
    config: Config
    fault: Fault | None = None
    twin: str = ""  # the name of the training without the fault


def plan(part: str) -> list[Plan]:
    """All trainings of a part, the sound ones before those that are planted in them."""
    sound = [one for architecture in SOUND[part] for one in _sound(part, architecture)]
    planted = [one for fault in FAULTS.values() for one in _planted(part, fault, sound)]
    order = {one.name: place for place, one in enumerate(_interleaved(sound))}
    known = [*sound, *planted]
    return sorted(known, key=lambda one: (order[one.twin or one.name], one.fault is not None))


def few(planned: list[Plan], count: int) -> list[Plan]:
    """About so many, spread over faults and architectures, with their twins."""
    by_fault: dict[str, list[Plan]] = {}
    for one in planned:
        if one.fault:
            by_fault.setdefault(one.fault.name, []).append(one)
    names: set[str] = set()
    for turn in range(max(map(len, by_fault.values()))):
        for own in by_fault.values():
            if turn < len(own) and len(names) + 2 <= count:
                names |= {own[turn].name, own[turn].twin}
    return [one for one in planned if one.name in names]


def _interleaved(sound: list[Plan]) -> list[Plan]:
    """One of each architecture in turn, so that what is made first is mixed."""
    turns: dict[str, int] = {}
    placed = []
    for one in sound:
        turn = turns[one.config.architecture] = turns.get(one.config.architecture, 0) + 1
        placed.append((turn / _count(sound, one), one.name, one))
    return [one for *_, one in sorted(placed, key=lambda place: place[:2])]


def _count(sound: list[Plan], like: Plan) -> int:
    return sum(one.config.architecture == like.config.architecture for one in sound)


# -- sound trainings ------------------------------------------------------------------------------
def _sound(part: str, architecture: str) -> list[Plan]:
    suited = [
        source
        for source in SOURCES
        if source.is_installed
        and source.shape in SHAPES[architecture]
        and (part == "evaluation" or not source.is_held_out)
        and source.name not in UNSUITED.get(architecture, ())
    ]
    found = []
    for number in range(SOUND[part][architecture]):
        seed = zlib.crc32(f"training/{part}/{architecture}/{number}".encode())
        source = suited[number % len(suited)]
        config = _config(architecture, source, seed)
        found.append(Plan(f"{architecture}-{number:02}-{source.name}", config))
    return found


def _config(architecture: str, source: Source, seed: int) -> Config:
    rng = np.random.default_rng(seed)
    is_table = source.shape == "flat"
    noise = float(rng.choice([0.0, 0.0, 0.0, 0.05, 0.1 if is_table else 0.0]))
    n_train = int(rng.choice([900, 600, 400, 250] if is_table else [900, 600]))
    config = Config(source.name, architecture, seed, n_train=n_train, noise=noise)
    if architecture == "boosted":
        return _boosted(config, rng)
    config = _optimised(config, rng)
    makers = {
        "dense": _dense,
        "convolutional": _convolutional,
        "recurrent": _recurrent,
        "transformer": _transformer,
        "mlp": _mlp,
    }
    config = makers[architecture](config, rng)
    if source.is_noisy or noise:
        decay = 0.01 if config.optimizer == "adamw" else 0.003
        config = replace(config, width=min(config.width, 32), weight_decay=decay, patience=8)
        config = replace(config, depth=min(config.depth, 2))
    rows = min(n_train, _rows(source))
    steps = {"transformer": 300, "recurrent": 350, "convolutional": 320}.get(architecture)
    steps = steps or int(rng.integers(350, 550))
    epochs = int(np.clip(steps * config.batch / rows, 10, 60))
    return replace(config, epochs=epochs)


def _rows(source: Source) -> int:
    return int(0.5 * len(source.load()[1]))


def _optimised(config: Config, rng: Generator) -> Config:
    optimizer = str(rng.choice(["adam", "adam", "adamw", "momentum", "sgd"]))
    low, high = {"sgd": (0.05, 0.12), "momentum": (0.01, 0.04)}.get(optimizer, (0.002, 0.006))
    return replace(
        config,
        optimizer=optimizer,
        lr=_between(rng, low, high),
        weight_decay=float(rng.choice([0.0, 1e-4, 1e-3])),
        schedule=str(rng.choice(["none", "none", "step", "cosine", "warmup"])),
        batch=int(rng.choice([16, 32, 32, 64])),
        patience=int(rng.choice([0, 0, 8])),
    )


def _between(rng: Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _dense(config: Config, rng: Generator) -> Config:
    activation = str(rng.choice(["relu", "relu", "tanh", "gelu", "sigmoid"]))
    return replace(
        config,
        width=int(rng.choice([16, 32, 64, 128])),
        depth=1 if activation == "sigmoid" else int(rng.integers(1, 5)),
        activation=activation,
        norm=bool(rng.random() < 0.3),
        dropout=float(rng.choice([0.0, 0.0, 0.1, 0.3])),
    )


def _convolutional(config: Config, rng: Generator) -> Config:
    return replace(
        config,
        width=int(rng.choice([8, 16, 24])),
        depth=int(rng.integers(1, 4)),
        activation=str(rng.choice(["relu", "relu", "tanh", "gelu"])),
        norm=bool(rng.random() < 0.5),
        dropout=float(rng.choice([0.0, 0.0, 0.1, 0.2])),
        batch=min(config.batch, 32),
    )


def _recurrent(config: Config, rng: Generator) -> Config:
    """Adam with a larger step, or momentum."""
    is_adam = config.optimizer.startswith("adam")
    return replace(
        config,
        family=str(rng.choice(["rnn", "gru", "lstm"])),
        width=int(rng.choice([16, 32])),
        depth=1,
        activation="tanh",
        optimizer=config.optimizer if is_adam else "momentum",
        lr=_between(rng, 0.004, 0.01) if is_adam else _between(rng, 0.03, 0.08),
        clip=float(rng.choice([0.0, 1.0])),
        dropout=float(rng.choice([0.0, 0.1])),
        batch=min(config.batch, 32),
    )


def _transformer(config: Config, rng: Generator) -> Config:
    return replace(
        config,
        width=int(rng.choice([16, 32])),
        depth=int(rng.integers(1, 3)),
        activation=str(rng.choice(["relu", "gelu"])),
        optimizer=str(rng.choice(["adam", "adamw"])),
        lr=_between(rng, 0.004, 0.009),
        schedule=str(rng.choice(["none", "cosine", "warmup"])),
        clip=float(rng.choice([0.0, 1.0])),
        dropout=float(rng.choice([0.0, 0.1])),
        batch=min(config.batch, 32),
    )


def _mlp(config: Config, rng: Generator) -> Config:
    """What scikit-learn has: no dropout, no schedule but its own."""
    optimizer = "adam" if config.optimizer == "adamw" else config.optimizer
    return replace(
        config,
        width=int(rng.choice([16, 32, 64])),
        depth=int(rng.integers(1, 3)),
        activation=str(rng.choice(["relu", "relu", "tanh"])),
        optimizer=optimizer,
        schedule="none",
    )


def _boosted(config: Config, rng: Generator) -> Config:
    return replace(
        config,
        family=str(rng.choice(["hist", "lightgbm", "xgboost"])),
        width=int(rng.choice([4, 8, 15])),
        depth=int(rng.choice([2, 3, 4])),
        optimizer="boosting",
        lr=_between(rng, 0.06, 0.15),
        weight_decay=float(rng.choice([1.0, 3.0])),
        epochs=int(rng.choice([40, 60, 80])),
        patience=6,
    )


# -- planted faults -------------------------------------------------------------------------------
def _planted(part: str, fault: Fault, sound: list[Plan]) -> list[Plan]:
    """As many as the part has for each fault, of one architecture after the other."""
    rng = np.random.default_rng(zlib.crc32(f"training/{part}/{fault.name}".encode()))
    suited: dict[str, list[Plan]] = {}
    for place in rng.permutation(len(sound)):
        one = sound[int(place)]
        if _suits(one.config, fault):
            suited.setdefault(one.config.architecture, []).append(one)
    chosen: list[Plan] = []
    for turn in range(max(map(len, suited.values()))):
        chosen += [own[turn] for own in suited.values() if turn < len(own)]
    found = []
    for twin in chosen[: PLANTED[part]]:
        config = fault.plant(twin.config, rng)
        name = f"{twin.name}-{fault.name.replace(' ', '_')}"
        found.append(Plan(name, config, fault, twin.name))
    return found


def _suits(config: Config, fault: Fault) -> bool:
    source = next(one for one in SOURCES if one.name == config.source)
    if config.architecture not in fault.architectures:
        return False
    return source.is_class or not fault.needs_classes


def recipe(config: Any) -> str:
    """Changes where what is made would be another training."""
    return f"{zlib.crc32(repr(config).encode()):08x}"
