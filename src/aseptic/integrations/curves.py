"""Curves that a library keeps itself, logged for a run: of the first model that is trained in it.

Whoever fits several models in one cell would get one curve of many pieces. So the first one counts,
and the run says how many others there were. Models that a search or an ensemble fits count as parts
of it.
"""

from __future__ import annotations

import sys
import time
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from aseptic.checks.roles import role_of
from aseptic.integrations.variables import names_logged_in_callers
from aseptic.tracking import find_active_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

    from aseptic.active_run import ActiveRun
    from aseptic.store.base import Point

#: Modules whose functions fit many models to choose among them or to combine them.
_OF_MANY = (
    "sklearn.model_selection",
    "sklearn.ensemble._bagging",
    "sklearn.ensemble._stacking",
    "sklearn.ensemble._voting",
    "sklearn.ensemble._weight_boosting",
    "sklearn.multiclass",
    "sklearn.multioutput",
    "sklearn.calibration",
    "sklearn.feature_selection",
    "sklearn.inspection",
)


class ModelCurves:
    """The curves of one run's first model."""

    def __init__(self, run: ActiveRun) -> None:
        self.run = run
        self._first: weakref.ref[Any] | None = None
        self._others: weakref.WeakSet[Any] = weakref.WeakSet()
        self._more = 0
        self._logged: dict[str, int] = {}  # points of each series

    def is_of(self, model: Any) -> bool:
        """Whether this run and this code are about the model: it is the first, in no search."""
        if find_active_run() is not self.run or is_part_of_many():
            return False
        if self._first is None:
            self.run.leave_to_person(names_logged_in_callers())
            self._first = weakref.ref(model)
        if self._first() is model:
            return True
        if model not in self._others:
            self._others.add(model)
            self._more += 1
        return False

    def log_rest(self, curves: Mapping[str, Sequence[float]]) -> None:
        """Logs what of each curve was not logged before; x is the place in the curve."""
        now = time.time()
        points: list[Point] = []
        for name, values in curves.items():
            begin = self._logged.get(name, 0)
            for place, value in enumerate(values[begin:], begin):
                points.append(({name: float(value)}, float(place), now))
            self._logged[name] = max(begin, len(values))
        if points:
            self.run.log_seen(points)

    @property
    def has_facts(self) -> bool:
        """Whether facts were logged."""
        return "n_train" in self._logged

    def log_facts(self, facts: Mapping[str, float]) -> None:
        """Logs what is known of the training data, once."""
        fresh = {name: one for name, one in facts.items() if name not in self._logged}
        if fresh:
            self._logged.update(dict.fromkeys(fresh, 1))
            self.run.log_seen([(fresh, 0.0, time.time())])

    def finish(self) -> None:
        """Says how many models there were besides."""
        if self._more:
            reason = f"only those of the first model are recorded: {self._more} more were fitted"
            self.run.problem("training curves", reason)


def is_part_of_many() -> bool:
    """Whether the model that is being fitted is one of many, for a search or an ensemble."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 -- who fits is told by frames
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if isinstance(module, str) and module.startswith(_OF_MANY):
            return True
        frame = frame.f_back
    return False


def class_facts(target: Any) -> dict[str, float]:
    """`n_classes`, `top_class_share` and, as `dummy_loss`, the entropy of the classes."""
    _, counts = np.unique(np.asarray(target), return_counts=True)
    shares = counts / counts.sum()
    return {
        "dummy_loss": float(-(shares * np.log(shares)).sum()),
        "n_classes": float(len(counts)),
        "top_class_share": float(shares.max()),
        "n_train": float(counts.sum()),
    }


def variance_facts(target: Any) -> dict[str, float]:
    """The variance of a target, as `dummy_loss`."""
    values = np.asarray(target, dtype=np.float64)
    return {"dummy_loss": float(values.var(axis=0).mean()), "n_train": float(len(values))}


def input_facts(features: Any) -> dict[str, float]:
    """`input_abs_max` and `input_scale_ratio` of a table or array of numbers."""
    values = np.asarray(features)
    if values.ndim != 2 or values.dtype.kind not in "iuf" or not len(values):
        return {}
    facts = {"input_abs_max": float(np.max(np.abs(values)))}
    spread = np.std(values.astype(np.float64), axis=0)
    spread = spread[spread > 0]
    if len(spread) > 1:
        facts["input_scale_ratio"] = float(spread.max() / spread.min())
    return {name: value for name, value in facts.items() if np.isfinite(value)}


def held_out(names: Iterable[str]) -> str | None:
    """Of data sets that a model is not trained on, the one for validation, if that is certain."""
    found = list(names)
    if len(found) == 1:
        return found[0]
    named = [name for name in found if role_of(name) == "validation"]
    return named[0] if len(named) == 1 else None
