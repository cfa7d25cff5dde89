"""PyTorch: losses, gradients, weights and epochs of any training loop, seen where torch passes by.

Optimizers are seen by torch's own hooks for all optimizers, backward passes by a question that they
ask before they begin, so that no traceback has a frame of ours. Loss functions, data loaders and
the few others are watched functions (`capture/patches.py`); to the compilers of torch their
wrappers are what they wrap.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import torch
import torch.utils.data
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from aseptic.capture.patches import Patches, Place, as_own_frame
from aseptic.integrations.torch_losses import FUNCTIONS
from aseptic.integrations.torch_watch import TorchWatch
from aseptic.tracking import find_active_run, run_of_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aseptic.active_run import ActiveRun
    from aseptic.capture.patches import Observer

#: The parameters of loss functions by position, after the first two.
_OPTIONS = {
    "cross_entropy": ("weight", "size_average", "ignore_index", "reduce", "reduction"),
    "nll_loss": ("weight", "size_average", "ignore_index", "reduce", "reduction"),
    "mse_loss": ("size_average", "reduce", "reduction"),
}


def start(run: ActiveRun) -> _OfRun:
    """Watches the trainings of a run until `stop`."""
    return _OfRun(run)


def watch(run: ActiveRun, model: Any, optimizer: Any = None, loss: Any = None) -> None:
    """What a person names of a training need not be found. Until the run ends."""
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"watch takes a torch.nn.Module, not {type(model).__name__}")
    found = _WATCHES.get(run)
    if found is not None:
        found.add(model, optimizer, loss)


class _OfRun:
    """The hooks in torch for one run."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        with _LOCK:
            if not _WATCHES:
                _HOOKS.put_in()
            _WATCHES[run] = TorchWatch(run)

    def stop(self) -> None:
        """Logs what is left; after the last run torch is as it was."""
        with _LOCK:
            found = _WATCHES.pop(self._run, None)
            if not _WATCHES:
                _HOOKS.take_out()
        if found is not None:
            found.stop()


_LOCK = threading.RLock()
_WATCHES: dict[ActiveRun, TorchWatch] = {}


def _here() -> TorchWatch | None:
    """The watch of the run that this code belongs to."""
    run = run_of_context()
    if run is None or run.is_ended:
        run = find_active_run()
    watch = None if run is None else _WATCHES.get(run)
    return None if watch is None or watch.is_off else watch


def _tell(event: Callable[..., None], *args: Any) -> None:
    """Tells the watch of the run that this code belongs to; a fault switches it off."""
    watch = _here()
    if watch is not None:
        began = time.perf_counter()
        try:
            event(watch, *args)
            watch.spent_s += time.perf_counter() - began
        except Exception as error:  # noqa: BLE001 -- a fault of ours never stops a training
            watch.is_off = True
            watch.run.problem("training with torch", f"{type(error).__name__}: {error}")


# -- what torch calls -----------------------------------------------------------------------------
def _before_step(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not torch.compiler.is_compiling():
        _tell(TorchWatch.before_step, optimizer, _has_closure(args, kwargs))


def _after_step(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not torch.compiler.is_compiling():
        _tell(TorchWatch.after_step, optimizer, _has_closure(args, kwargs))


def _has_closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether `step` was given a closure; the first argument is the optimizer itself."""
    return callable(kwargs.get("closure")) or any(callable(one) for one in args[1:])


def _backward(args: tuple[Any, ...], _: dict[str, Any], __: object) -> None:
    # `torch.autograd.grad` asks the same question: 2 frames up from here is who asks
    if sys._getframe(2).f_code.co_name == "backward":  # noqa: SLF001 -- as said
        _tell(TorchWatch.backward, args[0])


def _loss(kind: str) -> Observer:
    names = _OPTIONS.get(kind, ())

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        options = (
            kwargs if len(args) == 2 else {**dict(zip(names, args[2:], strict=False)), **kwargs}
        )
        if options.get("size_average") is not None or options.get("reduce") is not None:
            return  # what these mean is torch's past
        prediction = args[0] if args else kwargs["input"]
        target = args[1] if len(args) > 1 else kwargs["target"]
        _tell(TorchWatch.computed, kind, prediction, target, options, result)

    return observe


def _scaled(args: tuple[Any, ...], _: dict[str, Any], result: Any) -> None:
    _tell(TorchWatch.scaled, args[1], result)


def _scaler_updated(*_: object) -> None:
    _tell(TorchWatch.scaler_updated)


def _saved_hooks(*_: object) -> None:
    _tell(TorchWatch.found_saved_hooks)


def _places() -> Iterator[Place]:
    functional = torch.nn.functional
    for name in FUNCTIONS:
        if name in vars(functional):
            yield _place(functional, name, _loss(name))
    if "_make_grads" in vars(torch.autograd):
        yield _place(torch.autograd, "_make_grads", _backward)
    scaler = getattr(torch.amp, "GradScaler", None)
    if scaler is not None:
        yield _place(scaler, "scale", _scaled)
        yield _place(scaler, "update", _scaler_updated)
    yield _place(torch.autograd.graph.saved_tensors_hooks, "__enter__", _saved_hooks)


def _place(owner: Any, name: str, observer: Observer) -> Place:
    return Place(owner, name, lambda _: observer)


class _TorchPatches(Patches):
    """Wrappers that torch's compilers look through, and that are made once.

    Code that was compiled while a function was wrapped is not compiled again for another wrapper.
    They tell whom the code belongs to, and nobody else, so they need not ask who watches.
    """

    def __init__(self) -> None:
        super().__init__(_places)
        self._made: dict[int, tuple[Any, Any]] = {}

    def _wrapper(self, original: Any, observe: Callable[[Any], Observer]) -> Any:
        if id(original) not in self._made:
            self._made[id(original)] = original, _wrapped(original, observe(None))
        return self._made[id(original)][1]


def _wrapped(original: Any, observer: Observer) -> Any:
    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        observer(args, kwargs, result)
        return result

    vars(watched).update({"__script_if_tracing_wrapper": True, "__original_fn": original})
    return as_own_frame(watched)


class _Hooks:
    """Everything that is put into torch while a run is watched."""

    def __init__(self) -> None:
        self._patches = _TorchPatches()
        self._handles: list[Any] = []
        self._next: Any = None

    def put_in(self) -> None:
        self._handles = [
            register_optimizer_step_pre_hook(_before_step),
            register_optimizer_step_post_hook(_after_step),
        ]
        self._patches.add(self)
        self._next = _timed_next(_Iterator.__next__)
        _Iterator.__next__ = self._next

    def take_out(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._patches.remove(self)
        if vars(_Iterator).get("__next__") is self._next:
            _Iterator.__next__ = self._next.__wrapped__


_Iterator: Any = torch.utils.data.dataloader._BaseDataLoaderIter  # noqa: SLF001 -- of all its iterators


def _timed_next(original: Any) -> Any:
    """The method that gives a batch, which tells how long it took and when there are no more."""

    @functools.wraps(original)
    def watched(self: Any) -> Any:
        began = time.perf_counter()
        try:
            batch = original(self)
        except StopIteration:
            _tell(TorchWatch.waited, self, time.perf_counter() - began, True)
            raise
        _tell(TorchWatch.waited, self, time.perf_counter() - began, False)
        return batch

    return as_own_frame(watched)


def _after_fork() -> None:
    """What a child was forked with is its parent's to write."""
    global _LOCK  # noqa: PLW0603 -- another thread of the parent may have held it
    _LOCK = threading.RLock()
    for watch in _WATCHES.values():
        watch.forget_points()


_HOOKS = _Hooks()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
