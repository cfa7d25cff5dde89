"""The numbers that a cell measured and bound: which of them are metrics, and under which name."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aseptic.capture.metrics import (
    Kind,
    holds_metrics,
    is_config_name,
    is_metric_name,
    is_result_name,
)
from aseptic.capture.values import is_tensor_elsewhere, leaves, number
from aseptic.direction import direction_of
from aseptic.model import Metric, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aseptic.capture.probes import Part

    Key = tuple[str, str]  # a variable, and the leaf of the dict that it holds


MAX_ITEMS: Final = 64


class Tail:
    """The last number of an assignment that ran too often to be looked at each time."""

    __slots__ = ("kinds", "last", "seen")

    def __init__(self, kinds: set[type]) -> None:
        self.last: Any = None
        self.seen = 0
        self.kinds = kinds


class _Reading(NamedTuple):
    """What is known of a number bound to a name."""

    value: float
    seen: int
    minimum: float | None
    maximum: float | None
    order: int

    def then(self, value: float, order: int) -> _Reading:
        if value != value:  # NaN is the value, and out of every range
            return self._replace(value=value, seen=self.seen + 1, order=order)
        low = value if self.minimum is None else min(self.minimum, value)
        high = value if self.maximum is None else max(self.maximum, value)
        return _Reading(value, self.seen + 1, low, high, order)


class Readings:
    """Gathers measured numbers; says at the end which are metrics."""

    def __init__(self, is_result: Callable[[Part], bool]) -> None:
        self._is_result = is_result  # whether a member of some object is a result
        self._found: dict[Key, _Reading] = {}
        self._spent: set[str] = set()
        self._covered: set[str] = set()
        self._items: dict[str, set[str]] = {}
        self._tails: list[tuple[Part, Tail]] = []
        self._tensors: dict[str, tuple[weakref.ref[Any], int]] = {}
        self._order = 0

    def add(self, part: Part, value: object) -> None:
        """Takes what was bound: a number, or a dict or result object that holds some."""
        self._order += 1
        measured = number(value)
        if measured is not None:
            if part.kind is not Kind.MEMBER or self._is_result(part):
                self._put((part.name, ""), measured, self._order)
        elif is_tensor_elsewhere(value):
            self._tensors[part.name] = (weakref.ref(value), self._order)
        else:
            self._add_leaves(part, value)

    def put_item(self, owner: str, key: str, value: float) -> None:
        """Takes a number stored in a dict; a dict of very many is a table, not metrics."""
        keys = self._items.setdefault(owner, set())
        keys.add(key)
        if len(keys) <= MAX_ITEMS:
            self._order += 1
            self._put((f"{owner}/{key}", ""), value, self._order)

    def tail(self, part: Part, value: object) -> Tail:
        """Where an assignment that goes on for long keeps its last number."""
        tail = Tail({int, float, type(value)})
        self._tails.append((part, tail))
        return tail

    def spend(self, name: str) -> None:
        """A call was given this variable: unless its name is a metric's, it is a setting."""
        self._spent.add(name)

    def cover(self, names: Iterable[str]) -> None:
        """What these variables hold is logged: the series says it, under the name it was given."""
        self._covered.update(names)

    def is_metric(self, name: str | None) -> bool:
        """Whether a variable holds a measured number that is called like a metric."""
        return name is not None and (name, "") in self._found and direction_of(name) is not None

    def holds_results(self, name: str) -> bool:
        """Whether a variable holds a dict or object whose numbers are metrics."""
        return any(variable == name and leaf for variable, leaf in self._found) and not (
            is_config_name(name)
        )

    def close(self) -> list[Problem]:
        """Reads what is known only when the cell has ended; gives what could not be read."""
        for part, tail in self._tails:
            self._close_tail(part, tail)
        return [
            Problem(what=f"metric {name}", reason="the tensor was gone when the cell ended")
            for name, (tensor, order) in self._tensors.items()
            if name not in self._covered and not self._close_tensor(name, tensor(), order)
        ]

    def metrics(self) -> list[Metric]:
        """The metrics, by name; where two have one name and value, the later counts."""
        chosen = {key: reading for key, reading in self._found.items() if self._counts(key)}
        named: dict[str, _Reading] = {}
        for key, reading in chosen.items():
            name = _name(key, chosen)
            if name not in named or named[name].order <= reading.order:
                named[name] = reading
        return [_metric(name, reading) for name, reading in named.items()]

    def _add_leaves(self, part: Part, value: object) -> None:
        found = leaves(value)
        if part.keys is not None:
            found = {leaf: n for leaf, n in found.items() if leaf.partition("/")[0] in part.keys}
        if found and (part.keys or holds_metrics(part.name, found)):
            for leaf, measured in found.items():
                self._put((part.name, leaf), measured, self._order)

    def _put(self, key: Key, value: float, order: int) -> None:
        before = self._found.pop(key, None) or _Reading(value, 0, None, None, order)
        self._found[key] = before.then(value, order)

    def _counts(self, key: Key) -> bool:
        variable, leaf = key
        owner = variable.partition("/")[0]
        if len(self._items.get(owner, ())) > MAX_ITEMS and owner != variable:
            return False
        if leaf:
            return variable not in self._spent or is_result_name(variable)
        if variable in self._covered:
            return False
        is_known = direction_of(variable) is not None
        return is_known or (variable not in self._spent and is_metric_name(variable))

    def _close_tail(self, part: Part, tail: Tail) -> None:
        key = (part.name, "")
        if tail.seen and key in self._found:
            self._put(key, number(tail.last) or 0.0, self._order)
            reading = self._found[key]
            self._found[key] = reading._replace(seen=reading.seen + tail.seen - 1)

    def _close_tensor(self, name: str, tensor: Any, order: int) -> bool:
        measured = None if tensor is None else number(tensor.detach().cpu())
        if measured is not None:
            self._put((name, ""), measured, order)
        return measured is not None


def _name(key: Key, chosen: dict[Key, _Reading]) -> str:
    """The leaf's own name, with its variable's before it where another has the same leaf."""
    variable, leaf = key
    if not leaf:
        return variable
    alike = {one: reading for one, reading in chosen.items() if (one[1] or one[0]) == leaf}
    is_one = len({variable for variable, _ in alike}) == 1
    is_same = len({repr(reading.value) for reading in alike.values()}) == 1
    return leaf if is_one or is_same else f"{variable}/{leaf}"


def _metric(name: str, reading: _Reading) -> Metric:
    return Metric(
        name=name,
        value=reading.value,
        direction=direction_of(name),
        count=reading.seen,
        minimum=reading.minimum,
        maximum=reading.maximum,
        origin="assigned",
    )
