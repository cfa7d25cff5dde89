"""LightGBM: the evaluations of each round, of `lightgbm.train` and of its estimators."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

import lightgbm.basic

from aseptic.capture.patches import Patches, Place
from aseptic.integrations.boosting import Rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.active_run import ActiveRun
    from aseptic.capture.patches import Observer


def start(run: ActiveRun) -> LightgbmWatch:
    """Watches the boosters that a run trains until `stop`."""
    return LightgbmWatch(run)


class LightgbmWatch:
    """Sees the boosters that one run trains."""

    def __init__(self, run: ActiveRun) -> None:
        self._rounds = Rounds(run)
        self._booster: weakref.ref[Any] | None = None  # whose evaluations these are
        self._history: dict[str, dict[str, list[float]]] = {}
        _PATCHES.add(self)

    def stop(self) -> None:
        """Watches no more."""
        _PATCHES.remove(self)
        self._rounds.finish()

    def evaluated(self, booster: Any, results: Any, *, is_train: bool) -> None:
        """Data sets were evaluated in a round: name, metric, value, whether more is better."""
        if self._booster is None or self._booster() is not booster:
            self._booster, self._history = weakref.ref(booster), {}
        history: dict[str, dict[str, list[float]]] = {}
        for part, metric, value, *_ in results:
            values = self._history.setdefault(part, {}).setdefault(metric, [])
            values.append(float(value))
            history.setdefault(part, {})[metric] = values
        self._rounds.log(
            booster,
            history,
            trained_on=next(iter(history), None) if is_train else None,
            target=lambda: _targets(booster),
        )


def _targets(booster: Any) -> Any:
    data = booster.train_set
    return None if data is None or data.get_weight() is not None else data.get_label()


def _evaluating(*, is_train: bool) -> Any:
    def watching(watch: LightgbmWatch) -> Observer:
        def observe(args: tuple[Any, ...], _: dict[str, Any], results: Any) -> None:
            caller = sys._getframe(3)  # noqa: SLF001 -- a person may ask for evaluations as well
            code = caller.f_globals.get("__name__"), caller.f_code.co_name
            if code == ("lightgbm.engine", "train"):
                watch.evaluated(args[0], results, is_train=is_train)

        return observe

    return watching


def _places() -> Iterator[Place]:
    yield Place(lightgbm.basic.Booster, "eval_train", _evaluating(is_train=True))
    yield Place(lightgbm.basic.Booster, "eval_valid", _evaluating(is_train=False))


_PATCHES = Patches(_places)
