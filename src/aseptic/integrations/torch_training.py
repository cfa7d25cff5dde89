"""One training with torch: what is logged at each step, and at probes more.

Only what torch itself tells is used: the tensor that a backward pass begins with, the gradients
that an optimizer is about to apply. Everything is computed without gradients and without random
numbers; on another device, values stay tensors until some steps have gone by, so that it never has
to be waited for at each step.
"""

from __future__ import annotations

import time
import weakref
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from aseptic.integrations.torch_graph import read_graph
from aseptic.integrations.torch_layers import layers_of, norm, norm_on_device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aseptic.integrations.torch_layers import Layers

    Tell = Callable[[Mapping[str, Any], float], None]

_MOST_PROBES = 120
_DENSE = 16  # probes at each of the first steps; then 8 for each doubling of the steps
_A_DOUBLING = 8
_FEWEST_STEPS = 20  # before it is decided how often the gradient's norm is affordable
_NORM_SHARE = 0.02  # of a step's time, that the gradient's norm may take
_PENDING = 50  # steps whose values may stay on another device


def probe_steps() -> Iterator[int]:
    """The steps at which more is looked at: all at first, then ever fewer, 120 in all.

    8 for each doubling of the number of steps, whatever that will be in the end: of 1,000 steps 64
    are probes, of 100,000 all 120.
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
        self.optimizers: weakref.WeakSet[Any] = weakref.WeakSet()
        self._parameters: list[weakref.ref[Any]] = []
        self._ids: frozenset[int] = frozenset()
        self._tell = tell
        self._probes = probe_steps()
        self._next_probe = next(self._probes)
        self._layers: Layers | None = None
        self._names: dict[int, str] = {}
        self._stepped: weakref.WeakSet[Any] = weakref.WeakSet()  # in this update
        self._late: Any = None
        self._objective: Any = None
        self._is_probe = False
        self._values: dict[str, Any] = {}
        self._inputs = [0.0, 0.0]
        self._every = 1  # steps from one norm of the gradient to the next
        self._costs: list[tuple[float, float]] = []  # when, and how long a norm took
        self._pending: list[tuple[dict[str, Any], float]] = []
        self._uncleared = [0, 0]  # updates, and those before which gradients were not cleared
        self._is_cleared = True
        self._probed_gradient: Any = None

    # -- which weights --------------------------------------------------------------------------
    def has(self, optimizer: Any) -> bool:
        """Whether an optimizer trains weights of this training."""
        ids = {id(one) for one in _parameters(optimizer)}
        return any(id(one) in ids for ref in self._parameters if (one := ref()) is not None)

    def take_in(self, optimizer: Any, modules: Sequence[tuple[str, Any]]) -> None:
        """The weights of an optimizer belong to this training from now on."""
        self.optimizers.add(optimizer)
        known = [one for ref in self._parameters if (one := ref()) is not None]
        ids = {id(one) for one in known}
        known += [one for one in _parameters(optimizer) if id(one) not in ids]
        self._parameters = [weakref.ref(one) for one in known]
        self._ids = frozenset(map(id, known))
        self._layers = layers_of(modules, known)
        self._names = self._layers.names_by_parameter()
        if self.step == 0:
            self._say(dict(self._layers.beginnings()))

    @property
    def has_layers(self) -> bool:
        """Whether its layers are known."""
        return self._layers is not None

    @property
    def missed_layers(self) -> str | None:
        """What to say where the network has more layers than are looked at."""
        layers = self._layers
        if layers is None or layers.total == len(layers):
            return None
        return f"{len(layers)} of {layers.total} layers are looked at"

    # -- one update -----------------------------------------------------------------------------
    def reading(self, root: Any) -> None:
        """A backward pass begins: at a probe, the graph is read while it is whole."""
        if self.step == self._next_probe and self._layers is not None:
            seen = read_graph(root, self._names)
            for layer, units in seen.units.items():
                if units.dead is not None:
                    self._values[f"layer/{layer}/dead_share"] = units.dead
                if units.saturated is not None:
                    self._values[f"layer/{layer}/saturated_share"] = units.saturated
            found = (seen.input_abs_max or 0.0, seen.input_scale_ratio or 0.0)
            for place, name in enumerate(("input_abs_max", "input_scale_ratio")):
                if found[place] > self._inputs[place]:
                    self._inputs[place] = self._values[name] = found[place]

    def ignore_once(self, optimizer: Any) -> None:
        """An optimizer that is about to take part for the first time, in an update that is over."""
        self._late = weakref.ref(optimizer)

    def begin_update(self) -> None:
        """A backward pass begins: an update before it is over, whichever optimizers took part.

        Were the gradients of the last update cleared?
        """
        if self._stepped:
            self._complete(next(iter(self._stepped)))
        if self._is_cleared or self._probed_gradient is None:
            return
        weight, gradient = self._probed_gradient
        now = getattr(weight(), "grad", None)
        self._is_cleared = now is None or now is not gradient() or not bool(now.any())

    def before(self, *, has_closure: bool) -> None:
        """An optimizer is about to apply gradients, or to compute them itself several times."""
        if self._stepped or self._late is not None:
            return  # not the first in this update
        if self.step:
            self._uncleared[0] += 1
            self._uncleared[1] += not self._is_cleared
        self._is_probe = self.step == self._next_probe and self._layers is not None
        if not has_closure:
            self._look_at_gradients()
        if self._is_probe and self._layers is not None:
            self._layers.remember()

    def after(self, optimizer: Any, objective: Any, *, has_closure: bool) -> bool:
        """An optimizer has changed its weights. Whether the update is complete with that."""
        if self._late is not None:
            self._late = None
            return False
        if has_closure:
            self._look_at_gradients()
        self._stepped.add(optimizer)
        self._objective = objective
        if not all(one in self._stepped for one in self.optimizers):
            return False
        self._complete(optimizer)
        return True

    def finish(self) -> None:
        """Logs what is pending, and what is known at the end."""
        updates, uncleared = self._uncleared
        if updates:
            self.say_at_last_step({"uncleared_grad_share": uncleared / updates})
        self._flush()

    # -- within ---------------------------------------------------------------------------------
    def _complete(self, optimizer: Any) -> None:
        """The weights of an update are what they will be: logs it."""
        if self._is_probe and self._layers is not None:
            without = self._untrained() if self.step == 0 else ()
            self._values.update(self._layers.updates(without=without))
            self._next_probe = next(self._probes, -1)
            self._is_probe = False
        if self._objective is not None:
            self._values["loss"] = self._objective
        self._values["lr"] = _rate(optimizer)
        values, self._values = self._values, {}
        self._say(values)
        self._remember_gradient(optimizer)
        self._stepped.clear()
        self.step += 1

    def _look_at_gradients(self) -> None:
        if self._is_probe and self._layers is not None:
            self._values.update(self._layers.norms())
        if self.step % self._every:
            return
        began = time.perf_counter()
        gradients = [
            one.grad
            for ref in self._parameters
            if (one := ref()) is not None and one.grad is not None
        ]
        if not gradients:
            return
        is_here = all(one.device.type == "cpu" or one.is_sparse for one in gradients)
        self._values["grad_norm"] = norm(gradients) if is_here else norm_on_device(gradients)
        if len(self._costs) < _FEWEST_STEPS:
            self._costs.append((began, time.perf_counter() - began))
            if len(self._costs) == _FEWEST_STEPS:
                self._decide_how_often()

    def _decide_how_often(self) -> None:
        """Every step, if that takes 2 % of its time at most; else each second, fourth and so on."""
        starts = [began for began, _ in self._costs]
        a_step = sorted(b - a for a, b in pairwise(starts))
        cost = min(seconds for _, seconds in self._costs)
        while self._every < 64 and cost > _NORM_SHARE * self._every * a_step[len(a_step) // 2]:
            self._every *= 2

    def _untrained(self) -> list[int]:
        """Weights that the optimizers seen so far do not change: another may be about to."""
        named = self._names
        return [one for one in named if one not in self._ids]

    def _remember_gradient(self, optimizer: Any) -> None:
        """The smallest gradient stands for all of them."""
        found = [one for one in _parameters(optimizer) if one.grad is not None]
        dense = [one for one in found if not one.grad.is_sparse]
        smallest = min(dense, key=lambda one: one.numel(), default=None)
        self._is_cleared = smallest is None
        if smallest is not None:
            self._probed_gradient = weakref.ref(smallest), weakref.ref(smallest.grad)

    def _say(self, values: Mapping[str, Any]) -> None:
        named = {self.prefix + name: value for name, value in values.items()}
        if self._pending or any(isinstance(one, torch.Tensor) for one in named.values()):
            self._pending.append((named, self.step))
            if len(self._pending) >= _PENDING:
                self._flush()
        else:
            self._tell(named, self.step)

    def say_at_last_step(self, values: Mapping[str, Any]) -> None:
        """Logs what belongs to the steps that are over."""
        self.step -= 1
        try:
            self._say(values)
        finally:
            self.step += 1

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        for values, step in pending:
            self._tell(
                {
                    name: one.item() if isinstance(one, torch.Tensor) else one
                    for name, one in values.items()
                },
                step,
            )


def _parameters(optimizer: Any) -> list[Any]:
    return [one for group in optimizer.param_groups for one in group["params"]]


def _rate(optimizer: Any) -> Any:
    rate = optimizer.param_groups[0].get("lr")
    if isinstance(rate, torch.Tensor):
        return rate.item() if rate.device.type == "cpu" else rate.detach().clone()
    return rate
