"""One training with torch: what is logged at each step, and at probes more.

Only what torch itself tells is used: the tensor that a backward pass begins with, the gradients
that an optimizer is about to apply. Everything is computed on detached tensors and without random
numbers; on another device, values stay tensors until some steps have gone by, so that it never has
to be waited for at each step.
"""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

import torch

from aseptic.integrations.torch_graph import read_graph
from aseptic.integrations.torch_layers import layers_of, norm, norm_on_device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aseptic.integrations.torch_layers import Layers

    Tell = Callable[[Mapping[str, Any], float], None]

_MOST_PROBES = 120
_DENSE = 8  # probes at each of the first steps; then 6 for each doubling of the steps
_A_DOUBLING = 6
_PROBE_SHARE = 0.01  # of the training's time, that probes may take
_STEP_SHARE = 0.015  # and all that is done at other steps
_FREE_S = 0.05  # that nobody counts
_RAREST = 64


def probe_steps() -> Iterator[int]:
    """The steps at which more is looked at: all at first, then ever fewer, 120 in all.

    6 for each doubling of the number of steps, whatever that will be in the end: of 1,000 steps 50
    are probes, of 100,000 90.
    """
    at = 0.0
    for number in range(_MOST_PROBES):
        yield int(at)
        at = at + 1 if number < _DENSE - 1 else max(at * 2 ** (1 / _A_DOUBLING), int(at) + 1)


class Training:
    """The weights that are trained together, by one optimizer or by several in turn."""

    def __init__(self, prefix: str, tell: Tell) -> None:
        self.prefix = prefix  # of its series: of the second training of a run `training2/`
        self.step = 0
        self._optimizers: dict[int, weakref.ref[Any]] = {}
        self._parameters: list[weakref.ref[Any]] = []
        self._ids: frozenset[int] = frozenset()
        self._tell = tell
        self._layers: Layers | None = None
        self._names: dict[int, str] = {}  # of layers, by the `id` of their parameters
        self._stepped: dict[int, Any] = {}  # the rates of those that took part in this update
        self._late: int | None = None
        self._values: dict[str, Any] = {}  # of this update, to be logged when it is complete
        self._probes = _Probes()
        self._pace = _Pace()
        self._clearing = _Clearing()
        self._inputs = {"input_abs_max": 0.0, "input_scale_ratio": 0.0}

    # -- which weights --------------------------------------------------------------------------
    def is_of(self, optimizer: Any) -> bool:
        """Whether an optimizer is known to take part."""
        ref = self._optimizers.get(id(optimizer))
        return ref is not None and ref() is optimizer

    def shares_weights(self, optimizer: Any) -> bool:
        """Whether an optimizer trains weights of this training."""
        ids = {id(one) for one in _parameters(optimizer)}
        return any(id(one) in ids for ref in self._parameters if (one := ref()) is not None)

    def take_in(self, optimizer: Any, modules: Sequence[tuple[str, Any]], *, late: bool) -> None:
        """The weights of an optimizer belong to this training from now on.

        `late`: the update that it takes part in now is over for the others.
        """
        self._late = id(optimizer) if late else None
        self._optimizers = {i: ref for i, ref in self._optimizers.items() if ref() is not None}
        self._optimizers[id(optimizer)] = weakref.ref(optimizer)
        known = [one for ref in self._parameters if (one := ref()) is not None]
        ids = {id(one) for one in known}
        known += [one for one in _parameters(optimizer) if id(one) not in ids]
        self._parameters = [weakref.ref(one) for one in known]
        self._ids = frozenset(map(id, known))
        self._layers = layers_of(modules, known)
        self._names = self._layers.names_by_parameter()
        if self.step == 0:
            self._say(dict(self._layers.beginnings()), 0)

    @property
    def missed_layers(self) -> str | None:
        """What to say where the network has more layers than are looked at."""
        layers = self._layers
        if layers is None or layers.total == len(layers):
            return None
        return f"{len(layers)} of {layers.total} layers are looked at"

    # -- one update -----------------------------------------------------------------------------
    def begin_update(self) -> None:
        """A backward pass begins: an update before it is over, whichever optimizers took part."""
        if self._stepped:
            self._complete()
        self._clearing.look()

    def glance(self) -> None:
        """A backward pass begins of an update that is not looked at."""
        self._clearing.look()

    def count(self) -> None:
        """Gradients are about to be applied in an update that is not looked at."""
        self._clearing.count()

    def rest(self) -> bool:
        """An update is over that was not looked at. Whether the next is not either."""
        self.step += 1
        return self.rests

    @property
    def rests(self) -> bool:
        """Whether the next update is not to be looked at."""
        is_due = self._pace.is_at(self.step) or self._probes.is_at(self.step)
        return not is_due and len(self._optimizers) == 1 and not self._stepped

    def spend(self, seconds: float) -> None:
        """So long it took to look at an update."""
        self._pace.spend(seconds)

    def read(self, root: Any) -> None:
        """At a probe, reads the graph that a backward pass is about to consume."""
        if self._layers is None or not self._probes.is_at(self.step):
            return
        began = time.thread_time()
        seen = read_graph(root, self._names)
        for layer, units in seen.units.items():
            if units.dead is not None:
                self._values[f"layer/{layer}/dead_share"] = units.dead
            if units.saturated is not None:
                self._values[f"layer/{layer}/saturated_share"] = units.saturated
        for name, most in self._inputs.items():
            value = getattr(seen, name)
            if value is not None and value > most:
                self._inputs[name] = self._values[name] = value
        self._probes.spent_s += time.thread_time() - began

    def before(self, *, has_closure: bool) -> None:
        """An optimizer is about to apply gradients, or to compute them itself several times."""
        if self._stepped or self._late is not None:
            return  # not the first in this update
        self._clearing.count()
        if not has_closure:
            self._look_at_gradients()
        if self._layers is not None and self._probes.is_at(self.step):
            began = time.thread_time()
            self._layers.remember()
            self._probes.spent_s += time.thread_time() - began

    def after(self, optimizer: Any, objective: Any, *, has_closure: bool) -> None:
        """An optimizer has changed its weights."""
        if self._late is not None:
            self._late = None
            return
        if has_closure:
            self._look_at_gradients()
        self._stepped[id(optimizer)] = _rate(optimizer)
        if objective is not None:
            self._values["loss"] = objective
        self._clearing.remember(self._parameters)
        if len(self._stepped) >= len(self._optimizers):
            self._complete()

    def say_at_last_step(self, values: Mapping[str, Any]) -> None:
        """Logs what belongs to the steps that are over."""
        self._say(values, max(self.step - 1, 0))

    def finish(self) -> None:
        """Logs what is pending, and what is known at the end."""
        if self._stepped:
            self._complete()
        if self._clearing.updates:
            share = self._clearing.uncleared / self._clearing.updates
            self.say_at_last_step({"uncleared_grad_share": share})

    # -- within ---------------------------------------------------------------------------------
    def _complete(self) -> None:
        """The weights of an update are what they will be: logs it."""
        if self._layers is not None and self._probes.is_at(self.step):
            began = time.thread_time()
            without = set(self._names) - self._ids if self.step == 0 else ()
            self._values.update(self._layers.updates(without=without))
            self._probes.spent_s += time.thread_time() - began
        self._values["lr"] = next(iter(self._stepped.values()))
        self._stepped.clear()
        self._probes.pass_by(self.step)
        values, self._values = self._values, {}
        self._say(values, self.step)
        self.step += 1

    def _gradients(self) -> list[Any]:
        found = [one.grad for ref in self._parameters if (one := ref()) is not None]
        return [one for one in found if one is not None]

    def _look_at_gradients(self) -> None:
        if self._layers is not None and self._probes.is_at(self.step):
            began = time.thread_time()
            self._values.update(self._layers.norms())
            self._probes.spent_s += time.thread_time() - began
        gradients = self._gradients()
        if gradients:
            is_here = all(one.is_cpu or one.is_sparse for one in gradients)
            self._values["grad_norm"] = norm(gradients) if is_here else norm_on_device(gradients)

    def _say(self, values: Mapping[str, Any], step: int) -> None:
        if self.prefix:
            values = {self.prefix + name: value for name, value in values.items()}
        self._tell(values, step)


class _Probes:
    """The steps at which more is looked at, if that takes no more than its share of the time."""

    def __init__(self) -> None:
        self.spent_s = 0.0
        self._steps = probe_steps()
        self._next = next(self._steps)
        self._began = time.perf_counter()

    def is_at(self, step: int) -> bool:
        return step == self._next

    def pass_by(self, step: int) -> None:
        """A step is over."""
        if step != self._next:
            return
        self._next = next(self._steps, -1)
        a_step = (time.perf_counter() - self._began) / (step + 1)
        while self._next > 0 and self.spent_s > max(_FREE_S, _PROBE_SHARE * a_step * self._next):
            self._next = next(self._steps, -1)


class _Pace:
    """Which steps are logged: each while that is affordable, then each second, fourth and so on."""

    def __init__(self) -> None:
        self.every = 1
        self._spent_s = 0.0
        self._free_s = 0.0
        self._began = time.perf_counter()

    def is_at(self, step: int) -> bool:
        return not step % self.every

    def spend(self, seconds: float) -> None:
        """An update was looked at, which took so long."""
        self._spent_s += seconds
        if self._spent_s > _FREE_S and self.every < _RAREST:
            now = time.perf_counter()
            if self._spent_s - self._free_s > _STEP_SHARE * (now - self._began):
                self.every *= 2
                self._began, self._spent_s, self._free_s = now, _FREE_S, _FREE_S


class _Clearing:
    """Whether gradients are cleared between an update and the next: the smallest stands for all."""

    def __init__(self) -> None:
        self.updates = 0
        self.uncleared = 0
        self._weight: weakref.ref[Any] | None = None
        self._gradient: weakref.ref[Any] | None = None
        self._is_cleared = True
        self._is_waiting = False  # for the next update, to be counted

    def remember(self, parameters: Sequence[weakref.ref[Any]]) -> None:
        """An update is over."""
        weight = None if self._weight is None else self._weight()
        gradient = None if weight is None else weight.grad
        if gradient is None:
            weight = _smallest(parameters)
            self._weight = None if weight is None else weakref.ref(weight)
            gradient = None if weight is None else weight.grad
        self._gradient = None if gradient is None else weakref.ref(gradient)
        self._is_cleared = gradient is None
        self._is_waiting = True

    def look(self) -> None:
        """A backward pass begins: looks whether the gradient is still the one that was applied."""
        if self._is_cleared or not self._is_waiting or not self._weight or not self._gradient:
            return
        now = getattr(self._weight(), "grad", None)
        is_same = now is not None and now is self._gradient()
        self._is_cleared = not is_same or not bool(torch.any(now))

    def count(self) -> None:
        """An update is about to be made."""
        self.updates += self._is_waiting
        self.uncleared += self._is_waiting and not self._is_cleared
        self._is_waiting = False


def _smallest(parameters: Sequence[weakref.ref[Any]]) -> Any:
    known = [one for ref in parameters if (one := ref()) is not None and one.grad is not None]
    dense = [one for one in known if not one.grad.is_sparse]
    return min(dense, key=lambda one: one.numel(), default=None)


def _parameters(optimizer: Any) -> list[Any]:
    return [one for group in optimizer.param_groups for one in group["params"]]


def _rate(optimizer: Any) -> Any:
    rate = optimizer.param_groups[0].get("lr")
    if isinstance(rate, torch.Tensor):
        return rate.item() if rate.is_cpu else rate.detach().clone()
    return rate


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, torch.Tensor) else value
