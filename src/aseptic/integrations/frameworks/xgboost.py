"""XGBoost: the evaluations of each round, of `xgboost.train` and of its estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xgboost.callback

from aseptic.capture.patches import Patches, Place
from aseptic.integrations.boosting import Rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.active_run import ActiveRun
    from aseptic.capture.patches import Observer


def start(run: ActiveRun) -> XgboostWatch:
    """Watches the boosters that a run trains until `stop`."""
    return XgboostWatch(run)


class XgboostWatch:
    """Sees the boosters that one run trains."""

    def __init__(self, run: ActiveRun) -> None:
        self._rounds = Rounds(run)
        _PATCHES.add(self)

    def stop(self) -> None:
        """Watches no more."""
        _PATCHES.remove(self)
        self._rounds.finish()

    def passed_round(self, container: Any, booster: Any, train: Any, evals: Any) -> None:
        """A round is over, and its evaluations are in the container's history."""
        if container.is_cv or not container.history:
            return
        names = [name for matrix, name in evals or () if matrix is train]
        named = [name for _, name in evals or () if name in ("train", "training")]
        self._rounds.log(
            booster,
            container.history,
            trained_on=next(iter(names or named), None),
            target=lambda: train.get_label() if not train.get_weight().size else None,
        )


def _passing(watch: XgboostWatch) -> Observer:
    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], _: object) -> None:
        given = (
            dict(zip(("self", "model", "epoch", "dtrain", "evals"), args, strict=False)) | kwargs
        )
        watch.passed_round(given["self"], given["model"], given["dtrain"], given["evals"])

    return observe


def _places() -> Iterator[Place]:
    container = getattr(xgboost.callback, "CallbackContainer", None)
    if container is not None:
        yield Place(container, "after_iteration", _passing)


_PATCHES = Patches(_places)
