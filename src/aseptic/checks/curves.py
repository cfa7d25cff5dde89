"""What training logged, by meaning: losses by epoch and by step, layers, and how much was learnt.

Losses are judged in units of the dummy loss L0, that of always answering the same: the entropy of
the classes, the variance of the target. So no rule needs to know what a large loss is. Each series
is read once, thinned to a few thousand points, and shared by all rules.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from aseptic.checks import plots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from aseptic.checks.evidence import Evidence

    Floats = NDArray[np.float64]

_MOST_POINTS = 2_000  # of a series that a rule looks at; longer ones are thinned by medians
_PLOT_POINTS = 120
_STEPS_IN_BIN = 25  # at least: the losses of fewer batches scatter
_BINS = 40  # epochs that are made of steps where no epochs were logged
_AS_GOOD = 0.02  # of a score: so little below its reference is as good
_SHORT = 0.1  # of a score, below its reference: that is bad
_SHRUNK = 0.1  # of the norm that a layer's weights began with
_FEWEST_STEPS = 60  # of a loss, to be taken for one by step where nothing else tells
_LAYER = re.compile(r"layer/(.+)/([a-z_]+)")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
_NUMBERS = re.compile(r"(\d+)")

#: How libraries name the part of the data that a number is about: Keras `val_`, Hugging Face
#: `eval_`, LightGBM `valid_0` and `training`, XGBoost `validation_0-` and `eval-`.
_TRAIN = ("train", "training", "learn")
_VALIDATION = ("val", "valid", "validation", "eval", "dev", "holdout", "test")
_ENTROPIES = (
    "loss", "logloss", "binarylogloss", "multilogloss", "mlogloss", "crossentropy", "nll", "xent",
    "binarycrossentropy", "categoricalcrossentropy", "sparsecategoricalcrossentropy", "bce", "ce",
    "deviance",
)  # fmt: skip
_LOSSES = (
    *_ENTROPIES, "mse", "rmse", "mae", "l1", "l2", "meansquarederror", "meanabsoluteerror",
    "rootmeansquarederror", "error", "merror", "binaryerror", "multierror",
)  # fmt: skip
_SCORES = ("accuracy", "acc", "r2", "score", "f1", "auc", "metric")
_STEP, _EPOCH = ("step", "batch", "iter", "iteration"), ("epoch",)


_Part = Literal["", "train", "validation"]
_Kind = Literal["loss", "score"]


class _Name(NamedTuple):
    """What the name of a series says."""

    series: str
    part: _Part
    kind: _Kind
    measure: str  # such as `loss`, `logloss`, `accuracy`
    per: str  # "", "epoch" or "step"; in this order they are preferred
    rank: int  # how usual the name is
    number: int | None  # `validation_1`


@dataclass(frozen=True)
class Curve:
    """A series: x is the step or the epoch, as it was logged."""

    name: str
    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def finite(self) -> Curve:
        """Without the points that are NaN or infinite."""
        known = np.isfinite(self.y)
        return self if known.all() else Curve(self.name, self.x[known], self.y[known])

    def part(self, begin: float, end: float) -> Curve:
        """From one share of its length along x to another: `part(0, 1/3)` is the first third.

        One point at least. Probes are denser at the beginning: shares of their number would not do.
        """
        if len(self) == 0:
            return self
        first, length = self.x[0], self.x[-1] - self.x[0]
        inside = (self.x >= first + begin * length) & (self.x <= first + end * length)
        if not inside.any():
            inside[np.argmin(np.abs(self.x - (first + begin * length)))] = True
        return Curve(self.name, self.x[inside], self.y[inside])

    @cached_property
    def last(self) -> float:
        """The level at the end: the median of the last tenth of what is finite; NaN if nothing."""
        return median(self.finite.part(0.9, 1.0).y)


class Pair(NamedTuple):
    """The losses of training and validation at the same epochs."""

    x: Floats
    train: Floats
    validation: Floats


def median(values: Floats) -> float:
    """The median; NaN of nothing."""
    return float(np.median(values)) if len(values) else math.nan


def smoothed(values: Floats, width: int = 3) -> Floats:
    """Running medians, over fewer points at the ends."""
    if len(values) <= width or width < 2:
        return values
    half = width // 2
    padded = np.pad(values, half, mode="edge")
    found: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), -1)
    return found


def thinned(curve: Curve, most: int = _MOST_POINTS) -> Curve:
    """At most so many points: medians of pieces of equal length."""
    size = math.ceil(len(curve) / most)
    if size <= 1:
        return curve
    starts = np.arange(0, len(curve), size)
    whole = len(curve) // size * size
    values = np.median(curve.y[:whole].reshape(-1, size), axis=1)
    if whole < len(curve):
        values = np.append(values, np.median(curve.y[whole:]))
    return Curve(curve.name, curve.x[starts], values)


def first_where(holds: NDArray[np.bool_]) -> int | None:
    """The first place where it holds."""
    return int(np.argmax(holds)) if holds.any() else None


def curves_of(run: Evidence) -> Curves:
    """What the series of a run mean, worked out once for all rules."""
    held = run.memory.get("curves")
    if held is None or held.series is not run.series:
        held = run.memory["curves"] = Curves(run)
    found: Curves = held
    return found


class Curves:
    """The series of one training."""

    def __init__(self, run: Evidence) -> None:
        self.series = run.series
        self.facts = run.facts
        self.is_running = run.is_running
        self.takes_turns = run.takes_turns
        self.params = {} if run.run is None else run.run.params
        self._curves: dict[str, Curve] = {}
        self._layers: dict[str, dict[str, str]] = {}  # by kind, the series of each layer
        for name in self.series:
            if found := _LAYER.fullmatch(name):
                self._layers.setdefault(found[2], {})[found[1]] = name

    # -- what there is --------------------------------------------------------------------------
    def has_series(self, name: str) -> bool:
        """Whether there is a series of this name or meaning, with a point at least."""
        if name == "*":
            return bool(self.series)
        if name.startswith("layer/*/"):
            return bool(self.layers(name.removeprefix("layer/*/")))
        meant = {
            "train_loss": lambda: self.train_loss,
            "val_loss": lambda: self.validation_loss,
            "train_accuracy": lambda: self.train_score,  # or any other score
            "val_accuracy": lambda: self.validation_score,
            "loss": lambda: self.steps or self.train_loss,
        }
        if name in meant:
            return meant[name]() is not None
        return name in self.series and len(self.series[name][0]) > 0

    def has_fact(self, name: str) -> bool:
        """Whether a number of this name was logged."""
        return self.fact(name) is not None

    def fact(self, name: str) -> float | None:
        """A number that was logged once, else None."""
        value = self.facts.get(name)
        if value is None and name in self.series and len(self.series[name][1]):
            value = float(self.series[name][1][-1])
        return value if value is not None and math.isfinite(value) else None

    def raw(self, name: str) -> Curve:
        """A series as it was logged, point by point."""
        x, y = self.series[name]
        return Curve(name, np.asarray(x, np.float64), np.asarray(y, np.float64))

    def curve(self, name: str) -> Curve | None:
        """A series of this very name, thinned; None where there is none."""
        if name not in self._curves:
            if name not in self.series or not len(self.series[name][0]):
                return None
            self._curves[name] = thinned(self.raw(name))
        return self._curves[name]

    # -- losses ---------------------------------------------------------------------------------
    @cached_property
    def _named(self) -> dict[tuple[_Part, _Kind], list[_Name]]:
        """Names of losses and scores by the part of the data that they are of."""
        found: dict[tuple[_Part, _Kind], list[_Name]] = {}
        for series in self.series:
            if not series.startswith("layer/") and len(self.series[series][0]):
                name = _read_name(series)
                if name is not None:
                    found.setdefault((name.part, name.kind), []).append(name)
        if ("", "loss") not in found and ("train", "loss") not in found:
            _make_first_set_training(found)
        return found

    @property
    def losses(self) -> list[str]:
        """The names of all losses."""
        kinds = self._named.items()
        return [name.series for (_, kind), names in kinds if kind == "loss" for name in names]

    @cached_property
    def validation_loss(self) -> Curve | None:
        """The loss on validation data, by epoch."""
        return self._first("validation", "loss")

    @cached_property
    def validation_score(self) -> Curve | None:
        """The first score (the higher the better) on validation data."""
        return self._first("validation", "score")

    @cached_property
    def train_score(self) -> Curve | None:
        """The first score on training data."""
        return self._first("train", "score") or self._first("", "score")

    @cached_property
    def steps(self) -> Curve | None:
        """The training loss of each step (batch), where it was logged."""
        name = self._step_name
        return None if name is None else self.curve(name)

    @cached_property
    def train_loss(self) -> Curve | None:
        """The training loss by epoch; made of the steps where only these were logged."""
        names = self._training_losses()
        names = [name for name in names if name.series != self._step_name]
        same = None if self.validation_loss is None else _read_name(self.validation_loss.name)
        names.sort(key=lambda name: (same is None or name.measure != same.measure, name.per))
        if names:
            return self.curve(names[0].series)
        return None if self.steps is None else self._epochs_of_steps()

    @cached_property
    def pair(self) -> Pair | None:
        """The two losses at the epochs of validation; the epochs where both are finite."""
        train, validation = self.train_loss, self.validation_loss
        if train is None or validation is None:
            return None
        x, y = validation.x, validation.y
        if len(train) == len(validation):
            other = train.y
        else:
            is_one_axis = 0.5 < (train.x[-1] + 1) / (x[-1] + 1) < 2
            at = x if is_one_axis else _shares(x)
            other = np.interp(at, train.x if is_one_axis else _shares(train.x), train.y)
        known = np.isfinite(other) & np.isfinite(y)
        return Pair(x[known], other[known], y[known])

    @property
    def is_boosted(self) -> bool:
        """Whether the losses are named as gradient-boosted trees name them."""
        loss = self.validation_loss
        name = None if loss is None else _read_name(loss.name)
        return name is not None and name.measure not in ("loss", "mse", "mae", "error")

    @cached_property
    def steps_per_epoch(self) -> int | None:
        """How many steps an epoch has, where both steps and epochs were logged in full."""
        if (given := self.fact("steps_per_epoch")) is not None:
            return round(given)
        if self._step_name is None or self.train_loss is None or len(self.train_loss) < 2:
            return None
        if self._is_made_of_steps:
            return None
        x = self.raw(self._step_name).x
        ends = self.train_loss.x
        if abs(ends[-1] - x[-1]) <= 1:  # epochs were logged at their last step
            lengths = np.diff(ends)
            return int(lengths[0]) if np.ptp(lengths) <= 1 else None
        return round(len(x) / len(ends))

    # -- how much was learnt --------------------------------------------------------------------
    @cached_property
    def _dummy(self) -> tuple[float, str] | None:
        if (given := self.fact("dummy_loss")) is not None and given > 0:
            return given, "dummy_loss"
        classes = self.fact("n_classes")
        if classes is not None and classes >= 2 and self._is_cross_entropy:
            return math.log(classes), f"ln({classes:.0f}), as of {classes:.0f} even classes"
        if self.steps is not None:
            first = median(self.raw(self.steps.name).finite.y[:3])
            if first > 0:
                return first, f"the first steps of {self.steps.name}"
        return None

    @property
    def _is_cross_entropy(self) -> bool:
        loss = self.train_loss or self.validation_loss
        name = None if loss is None else _read_name(loss.name)
        return name is not None and name.measure in _ENTROPIES

    @property
    def dummy_loss(self) -> float | None:
        """L0, the loss of one and the same answer; where it is not known, that of the first steps.

        `dummy_said` says which.
        """
        return None if self._dummy is None else self._dummy[0]

    @property
    def dummy_said(self) -> str:
        """Where L0 comes from."""
        return "" if self._dummy is None else self._dummy[1]

    @cached_property
    def explained(self) -> float | None:
        """The share of L0 that the training loss has lost at its end; None if L0 is not known.

        Minus infinity where the loss has become NaN or infinite.
        """
        loss = self.train_loss
        if self.is_lost:
            return -math.inf
        if loss is None or self.dummy_loss is None:
            return None
        return 1 - loss.last / self.dummy_loss

    @property
    def skill(self) -> float | None:
        """The accuracy or R² of validation at its end, where 0 is guessing; None if not known."""
        score = self.validation_score
        if score is None or not len(score.finite):
            return None
        if score.name.lower().endswith("r2"):
            return score.last
        classes = self.fact("n_classes")
        if "acc" not in score.name.lower() or not classes:
            return None
        chance = max(self.fact("top_class_share") or 0.0, 1 / classes)
        return (score.last - chance) / max(1 - chance, 1e-9)

    @property
    def is_as_good(self) -> bool:
        """Whether the validation score is known to be as good as its reference."""
        return self.shortfall is not None and self.shortfall < _AS_GOOD

    @property
    def is_short_in_training(self) -> bool:
        """Whether the scores on training and on validation data stay below `reference_score`."""
        short, train = self.shortfall, self.train_score
        reference = self.fact("reference_score")
        if short is None or train is None or reference is None or math.isnan(train.last):
            return False
        return min(short, reference - train.last) > _SHORT

    @property
    def learnt_least(self) -> float | None:
        """What is explained at the end of the training or of the validation loss: the less."""
        validation, base = self.validation_loss, self.dummy_loss
        if self.explained is None or validation is None or base is None:
            return self.explained
        of_validation = 1 - validation.last / base
        return min(self.explained, -math.inf if math.isnan(of_validation) else of_validation)

    @cached_property
    def shortfall(self) -> float | None:
        """By how much the validation score stays below `reference_score`; None if not known."""
        reference, score = self.fact("reference_score"), self.validation_score
        if reference is None or score is None or not len(score.finite):
            return None
        return reference - score.last

    def is_harmed(self, *, explained: float = 0.5, on_validation: bool = False) -> bool:
        """Whether less of L0 is explained than that, by the training loss at its end.

        Or with `on_validation` by the worse of the two losses. Where `reference_score` is known, it
        counts too: a score as good as that is no harm, and one that is worse even on training
        data is.
        """
        if self.is_as_good:
            return False
        if self.is_short_in_training:
            return True
        found = self.learnt_least if on_validation else self.explained
        return found is not None and found < explained

    @property
    def is_early(self) -> bool:
        """Whether training goes on and has not yet had the time to show what it can."""
        return self.is_running and not self.is_lost and not self.has_seen(epochs=3, steps=200)

    def has_seen(self, *, epochs: int, steps: int) -> bool:
        """Whether training has gone on for so many epochs, or steps where no epochs are logged."""
        by_epoch = self.validation_loss or (None if self._is_made_of_steps else self.train_loss)
        if by_epoch is not None:
            return len(self.raw(by_epoch.name)) >= epochs
        return self.steps is not None and len(self.raw(self.steps.name)) >= steps

    @property
    def is_lost(self) -> bool:
        """Whether the training loss is NaN or infinite at its end."""
        losses = (self.steps, self.train_loss)
        return any(loss is not None and not np.isfinite(loss.y[-1]) for loss in losses)

    # -- layers ---------------------------------------------------------------------------------
    def layers(self, kind: str) -> list[tuple[str, Curve]]:
        """The series of one kind, such as `grad_norm`, in the order of the network.

        That is the number logged as `layer/NAME/index`, else the order in which they were logged,
        numbers in names counted.
        """
        names = self._layers.get(kind, {})
        found = [(layer, self.curve(names[layer])) for layer in self._ordered(list(names))]
        return [(layer, curve) for layer, curve in found if curve is not None]

    @cached_property
    def shrinkage(self) -> tuple[str, float] | None:
        """The layer whose weights have shrunk most, and to which share of their first norm."""
        shares = [
            (median(curve.part(0.9, 1).finite.y) / float(curve.y[0]), name)
            for name, curve in self.layers("weight_norm")
            if float(curve.y[0]) > 0 and len(curve.part(0.9, 1).finite)
        ]
        if not shares:
            return None
        share, name = min(shares)
        return name, share

    @property
    def has_shrunk_away(self) -> bool:
        """Whether the weights of a layer were driven to 0, as strong weight decay does."""
        return self.shrinkage is not None and self.shrinkage[1] < _SHRUNK

    def _ordered(self, names: list[str]) -> list[str]:
        index = {name: self.fact(f"layer/{name}/index") for name in names}
        if all(place is not None for place in index.values()):
            return sorted(names, key=lambda name: index[name] or 0.0)
        return _by_numbers(names)

    # -- what a finding shows -------------------------------------------------------------------
    def learnt(self) -> dict[str, Any]:
        """The numbers of a finding that say how much was learnt, and how that is known."""
        if self.explained is None:
            return {}
        numbers = {"explained": self.explained, "dummy_loss": self.dummy_loss}
        return numbers if self.dummy_said == "dummy_loss" else {**numbers, "of": self.dummy_said}

    # -- within ---------------------------------------------------------------------------------
    def _first(self, part: _Part, kind: _Kind) -> Curve | None:
        names = self._named.get((part, kind), [])
        best = min(names, key=lambda name: (name.per, name.rank), default=None)
        return None if best is None else self.curve(best.series)

    @property
    def _is_made_of_steps(self) -> bool:
        """Whether what stands for the epochs was made of the steps."""
        return self.train_loss is not None and self.train_loss.name == self._step_name

    def _training_losses(self) -> list[_Name]:
        if self.takes_turns:
            return []  # none that should fall
        return [*self._named.get(("train", "loss"), []), *self._named.get(("", "loss"), [])]

    @cached_property
    def _step_name(self) -> str | None:
        """The loss that was logged at each step: it says so, or has far more points than others.

        Beside what a hook logs at each step, a few points are enough.
        """
        names = self._training_losses()
        for name in names:
            if name.per == "step":
                return name.series
        lengths = {name.series: len(self.series[name.series][0]) for name in names}
        if not lengths:
            return None
        longest = max(lengths, key=lambda name: lengths[name])
        others = [count for name, count in lengths.items() if name != longest]
        if self.validation_loss is not None:
            others.append(len(self.series[self.validation_loss.name][0]))
        is_hooked = bool(self._layers) or "grad_norm" in self.series or "lr" in self.series
        fewest = max(2 * max(others, default=0), 1 if is_hooked else _FEWEST_STEPS)
        return longest if lengths[longest] >= fewest else None

    def _epochs_of_steps(self) -> Curve:
        assert self.steps is not None
        raw = self.raw(self.steps.name)
        bins = _BINS if self.validation_loss is None else max(len(self.validation_loss), 2)
        return thinned(raw, max(1, min(bins, len(raw) // _STEPS_IN_BIN)))


def _read_name(series: str) -> _Name | None:
    words = [word.lower() for word in _SEPARATORS.split(series) if word]
    part: _Part = ""
    per, rank, number = "", 0, None
    for place, word in enumerate(words):
        if word in _TRAIN or word in _VALIDATION:
            is_train = word in _TRAIN
            part = "train" if is_train else "validation"
            rank = (_TRAIN if is_train else _VALIDATION).index(word)
            if place + 1 < len(words) and words[place + 1].isdigit():
                number = int(words[place + 1])
    if any(word in _STEP for word in words):
        per = "step"
    elif any(word in _EPOCH for word in words):
        per = "epoch"
    left = [
        word
        for word in words
        if word not in (*_TRAIN, *_VALIDATION, *_STEP, *_EPOCH) and not word.isdigit()
    ]
    measure = "".join(left)
    if measure in _LOSSES:
        rank += 0 if measure == "loss" else 10
        return _Name(series, part, "loss", measure, per, rank, number)
    if measure in _SCORES or measure.endswith(("accuracy", "auc", "score")):
        return _Name(series, part, "score", measure, per, rank, number)
    return None


def _make_first_set_training(found: dict[tuple[_Part, _Kind], list[_Name]]) -> None:
    """`eval_set=[(X, y), (X_val, y_val)]`: of numbered sets, the first is the training data."""
    for kind in ("loss", "score"):
        names = found.get(("validation", kind), [])
        numbers = {name.number for name in names if name.number is not None}
        if len(numbers) > 1:
            first = min(numbers)
            found["train", kind] = [name for name in names if name.number == first]
            found["validation", kind] = [name for name in names if name.number != first]


def _by_numbers(names: list[str]) -> list[str]:
    """Names that differ in numbers alone by these, in the places that they have: `2` before `10`.

    A store gives names that were logged together by the alphabet.
    """
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_NUMBERS.sub("#", name), []).append(name)
    turns = {
        form: iter(sorted(group, key=lambda name: [int(n) for n in _NUMBERS.findall(name)]))
        for form, group in alike.items()
    }
    return [next(turns[_NUMBERS.sub("#", name)]) for name in names]


def _shares(x: Floats) -> Floats:
    """How far along each point is, from 0 to 1."""
    return np.linspace(0, 1, len(x)) if len(x) > 1 else np.ones(1)


def plot_of(curves: Iterable[Curve], *, y: str = "", x: str = "step") -> dict[str, Any]:
    """Curves as a small plot, over the x of the first, without what is not finite."""
    shown = [curve.finite for curve in curves]
    shown = [curve for curve in shown if len(curve)]
    if not shown:
        return plots.lines([], {}, x=x, y=y)
    first = thinned(shown[0], _PLOT_POINTS)
    lines = {
        curve.name: first.y if curve is shown[0] else np.interp(first.x, curve.x, curve.y)
        for curve in shown
    }
    return plots.lines(first.x.tolist(), {name: y.tolist() for name, y in lines.items()}, x=x, y=y)
