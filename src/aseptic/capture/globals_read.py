"""Which globals a notebook's function reads when it runs, as far as its bytecode shows.

`epochs = 5` in one cell and `def train(): … range(epochs)` in another: the call `train()` depends
on a value that no argument names. Code objects are read once; the functions that a function calls
are followed as long as they live in the same namespace.
"""

from __future__ import annotations

import dis
import weakref
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, NamedTuple

from aseptic.capture.values import is_a

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class GlobalRead(NamedTuple):
    """A global that code loads, and the member that it takes of it (`CFG["lr"]`, `args.lr`)."""

    name: str
    member: str | None = None


class _Reads(NamedTuple):
    loaded: tuple[GlobalRead, ...]
    stored: frozenset[str]


_known: weakref.WeakKeyDictionary[CodeType, _Reads] = weakref.WeakKeyDictionary()

_LOADS = ("LOAD_GLOBAL", "LOAD_NAME")
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_NOISE = frozenset({"CACHE", "PUSH_NULL", "PRECALL", "EXTENDED_ARG", "RESUME", "NOP"})


def globals_read(function: FunctionType, namespace: Mapping[str, object]) -> list[GlobalRead]:
    """The globals that a function of this namespace reads, itself and through what it calls.

    Names that any of that code also sets (`global count`) are left out: they are state.
    """
    if function.__globals__ is not namespace:
        return []
    found: dict[GlobalRead, None] = {}
    stored: set[str] = set()
    for code in _reachable(function, namespace):
        reads = _reads_of(code)
        found.update(dict.fromkeys(reads.loaded))
        stored |= reads.stored
    return [read for read in found if read.name not in stored]


def _reachable(function: FunctionType, namespace: Mapping[str, object]) -> Iterator[CodeType]:
    """The code of a function and of what it names, each once."""
    waiting, seen = [function.__code__], {id(function.__code__)}
    while waiting:
        code = waiting.pop()
        yield code
        for read in _reads_of(code).loaded:
            for other in _codes_of(namespace.get(read.name), namespace):
                if id(other) not in seen:
                    seen.add(id(other))
                    waiting.append(other)


def _codes_of(value: object, namespace: Mapping[str, object]) -> Iterator[CodeType]:
    """The code of a notebook's function, or of every method of a notebook's class."""
    inner = vars(value).get("__wrapped__") if is_a(value, FunctionType) else None
    for one in (value, inner):
        if is_a(one, FunctionType) and one.__globals__ is namespace:
            yield one.__code__
    if is_a(value, type) and value.__module__ == namespace.get("__name__"):
        for member in vars(value).values():
            if is_a(member, FunctionType) and member.__globals__ is namespace:
                yield member.__code__


def _reads_of(code: CodeType) -> _Reads:
    known = _known.get(code)
    if known is None:
        known = _known[code] = _Reads(tuple(dict.fromkeys(_loads(code))), frozenset(_stores(code)))
    return known


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _loads(code: CodeType) -> Iterator[GlobalRead]:
    for each in _nested(code):
        steps = [step for step in dis.get_instructions(each) if step.opname not in _NOISE]
        for place, step in enumerate(steps):
            if step.opname in _LOADS:
                yield GlobalRead(step.argval, _member(steps[place + 1 : place + 3]))


def _member(following: list[dis.Instruction]) -> str | None:
    """The attribute or constant key that is taken of what was just loaded."""
    if len(following) < 2:
        return None
    first, second = following
    if first.opname in _ATTRIBUTES:
        is_get = first.argval == "get" and isinstance(second.argval, str)
        return str(second.argval if is_get else first.argval)
    is_key = first.opname == "LOAD_CONST" and isinstance(first.argval, str)
    is_subscript = second.opname == "BINARY_SUBSCR" or second.argrepr == "[]"
    return str(first.argval) if is_key and is_subscript else None


def _stores(code: CodeType) -> Iterator[str]:
    for each in _nested(code):
        for step in dis.get_instructions(each):
            if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                yield step.argval
