"""Epochs and evaluations of a torch training, told from its data loaders and recognised losses.

An epoch is one pass of a `DataLoader`, from its first batch to its end, in which weights were
updated. An evaluation is what a loss function computed without gradients, between updates, of one
source of data. What is not certain is not told: of a pass that was left early, or of several
sources of which none says that it is for validation, there is no loss.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Part = Literal["train", "validation", "test"] | None


class Mean:
    """A mean of losses, weighted by samples. On another device it stays there."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.total: Any = 0.0
        self.count = 0

    def add(self, value: Any, count: int) -> None:
        """Takes in the mean of so many samples."""
        self.total = self.total + value * count
        self.count += count

    @property
    def value(self) -> Any:
        """NaN of nothing."""
        return self.total / self.count if self.count else float("nan")


class Pass:
    """One pass of a data loader."""

    def __init__(self, dataset: int) -> None:
        self.dataset = dataset
        self.began = time.perf_counter()
        self.ended: float | None = None
        self.waited_s = 0.0
        self.steps = 0
        self.losses = Mean()  # as the loss function computed them
        self.objectives = Mean()  # as the backward pass began with them
        self.is_recognised = True
        self.is_whole = True  # whether each of its backward passes was looked at


class Source(NamedTuple):
    """Where the data of an evaluation are from."""

    dataset: int  # its `id`; 0 where it is no data loader's
    part: Part


class Epochs:
    """The passes and evaluations of one run; tells what is complete to `tell(values, step)`."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell = tell
        self._passes: dict[int, Pass] = {}  # by the id of the iterator
        self._current: int | None = None
        self._trained: set[int] = set()  # datasets that weights were updated with
        self._evaluated: dict[Source, tuple[Mean, Any]] = {}
        self._known: tuple[float, float] | None = None  # waited, and in all, in seconds
        self.n_train: int | None = None

    # -- data loaders ---------------------------------------------------------------------------
    def waited(self, iterator: Any, seconds: float, *, is_over: bool) -> None:
        """A loader has given a batch, or its end, after so many seconds."""
        key = id(iterator)
        found = self._passes.get(key)
        if found is None or (found.ended is not None and not is_over):
            if found is not None:
                self._close(found)
            found = self._passes[key] = Pass(id(iterator._dataset))  # noqa: SLF001 -- only there
            found.began -= seconds
        found.waited_s += seconds
        if self._current is not None and self._current != key:
            before = self._passes.get(self._current)
            if before is not None and before.ended is not None:
                self._close(before)
                del self._passes[self._current]
        self._current = key
        if is_over:
            found.ended = time.perf_counter()

    def current(self) -> Pass | None:
        """The pass that gave the latest batch."""
        return None if self._current is None else self._passes.get(self._current)

    # -- training and evaluation ----------------------------------------------------------------
    def stepped(self, objective: Any, loss: Any, count: int) -> None:
        """Weights were updated.

        `objective` is None where the update was not looked at, `loss` where it is not certain
        which one it was.
        """
        found = self.current()
        if found is None:
            return
        found.steps += 1
        self._trained.add(found.dataset)
        if objective is None:
            found.is_whole = False
        else:
            found.objectives.add(objective, 1)
        if loss is None:
            found.is_recognised = False
        else:
            found.losses.add(loss, count)

    def evaluated(self, source: Source, value: Any, count: int, predicted: Any) -> None:
        """A loss was computed without gradients, of a model that is evaluated."""
        found = self.current()
        if found is not None and found.ended is not None and found.steps:
            self._close(found)
        mean, classes = self._evaluated.get(source, (Mean(), None))
        mean.add(value, count)
        if predicted is not None:
            same = classes is None or len(classes) == len(predicted)
            classes = predicted if classes is None or not same else classes + predicted
        self._evaluated[source] = mean, classes

    def source_in_loader(self) -> tuple[int, bool] | None:
        """The data set that batches come from now, and whether it is trained on."""
        found = self.current()
        if found is None or found.ended is not None:
            return None
        return found.dataset, found.dataset in self._trained

    def finish(self) -> None:
        """The run is over: tells what is complete."""
        for found in self._passes.values():
            if found.ended is not None:
                self._close(found)
        self.close_evaluations()
        self._passes.clear()

    @property
    def wait_share(self) -> float | None:
        """The share of the training passes' time in which they waited for data; None before one."""
        open_passes = [one for one in self._passes.values() if one.steps and one.ended is None]
        waited, lasted = self._known or (0.0, 0.0)
        now = time.perf_counter()
        waited += sum(one.waited_s for one in open_passes)
        lasted += sum(now - one.began for one in open_passes)
        return waited / lasted if lasted else None

    # -- within ---------------------------------------------------------------------------------
    def _close(self, found: Pass) -> None:
        """A pass is complete."""
        if not found.steps or found.ended is None:
            return
        waited, lasted = self._known or (0.0, 0.0)
        self._known = waited + found.waited_s, lasted + found.ended - found.began
        values: dict[str, Any] = {}
        if found.is_recognised:
            values["train_loss"] = found.losses.value
        elif found.is_whole:
            values["train_loss"] = found.objectives.value
        if self.n_train is None:
            values["steps_per_epoch"] = found.steps
            if found.is_recognised:
                self.n_train = values["n_train"] = found.losses.count
        found.steps = 0
        self._tell(values)

    def close_evaluations(self) -> None:
        """The evaluations since the last update are complete: that of validation is told."""
        if not self._evaluated:
            return
        held_out = {one: seen for one, seen in self._evaluated.items() if one.part != "train"}
        self._evaluated = {}
        named = [one for one in held_out if one.part == "validation"] or list(held_out)
        if len(named) != 1:
            return
        mean, classes = held_out[named[0]]
        values = {"val_loss": mean.value}
        if classes is not None and classes.sum():
            values["top_predicted_share"] = float(classes.max() / classes.sum())
        self._tell(values)
