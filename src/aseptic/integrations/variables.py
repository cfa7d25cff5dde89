"""Which of the user's variables hold something, in the functions that are running and round them.

Nothing is kept: not even the values of frames, which Python would keep alive with a frame whose
variables were asked for.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any, Literal

from aseptic.checks.roles import role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

Part = Literal["train", "validation", "test"]

_LIBRARIES = frozenset(
    {
        "IPython",
        "aseptic",
        "importlib",
        "ipykernel",
        "joblib",
        "lightgbm",
        "sklearn",
        "torch",
        "xgboost",
    }
)
_SHELL = "IPython.core.interactiveshell"
_MOST_FRAMES = 60


def names_in_callers(is_it: Callable[[Any], bool]) -> Iterator[str]:
    """The names of variables that hold it, those nearest to the call first."""
    for values in _scopes():
        yield from [name for name, value in values.items() if is_it(value)]


def part_in_callers(is_it: Callable[[Any], bool]) -> Part | None:
    """The part that data play by the first name of a variable that says one."""
    for name in names_in_callers(is_it):
        role = role_of(name)
        if role in ("train", "validation", "test"):
            return role
    return None


def objects_in_callers(kind: type) -> list[tuple[str, Any]]:
    """Variables of a class, and attributes of `self` that are, each object once, nearest first."""
    found: dict[int, tuple[str, Any]] = {}
    for values in _scopes():
        own = values.get("self")
        inner = vars(own).items() if hasattr(own, "__dict__") and not isinstance(own, kind) else ()
        for name, value in [*values.items(), *inner]:
            if isinstance(value, kind):
                found.setdefault(id(value), (name, value))
    return list(found.values())


def _scopes() -> Iterator[Mapping[str, Any]]:
    """The local variables of the user's running functions, then those of their modules."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 -- variables are found by frames
    modules: dict[int, Mapping[str, Any]] = {}
    for _ in range(_MOST_FRAMES):
        if frame is None or frame.f_globals.get("__name__") == _SHELL:
            break
        module = frame.f_globals.get("__name__")
        is_library = isinstance(module, str) and module.partition(".")[0] in _LIBRARIES
        if not is_library:
            if frame.f_code.co_flags & inspect.CO_OPTIMIZED:
                yield from _locals_of(frame)
            modules[id(frame.f_globals)] = frame.f_globals
        frame = frame.f_back
    yield from [dict(values) for values in modules.values()]


def _locals_of(frame: FrameType) -> Iterator[Mapping[str, Any]]:
    values = frame.f_locals
    yield dict(values)
    if sys.version_info < (3, 13):
        values.clear()  # a copy that lives as long as the frame, and what it holds with it
