"""Which of the user's variables hold something, in the functions that are running and round them.

Nothing is kept: not even the values of frames, which Python would keep alive with a frame whose
variables were asked for.
"""

from __future__ import annotations

import dis
import inspect
import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Literal

from aseptic.active_run import ActiveRun
from aseptic.checks.roles import role_of
from aseptic.tracking import log

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
_MOST_CODES = 200
_NO_CODE = frozenset({"CACHE", "NOP", "PRECALL", "PUSH_NULL", "RESUME", "EXTENDED_ARG"})


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


def names_logged_in_callers() -> set[str]:
    """The names of metrics that the user's running code gives to `aseptic.log` or a run's `log`.

    Functions of the same modules that it calls are looked through too. Only the code is read, so
    names that are made while it runs are not known; and other trackers have a `log` as well.
    """
    ours: set[str] = set()
    for values in _scopes():
        ours.update(name for name, value in values.items() if _is_ours(value))
    found: set[str] = set()
    seen: set[CodeType] = set()
    for frame in _user_frames():
        _look_through(frame.f_code, frame.f_globals, ours, seen, found)
    return found


def _is_ours(value: Any) -> bool:
    """Whether something logs to a run of ours: the package, a run, or the function itself."""
    return value is sys.modules["aseptic"] or value is log or type(value) is ActiveRun


def _look_through(
    code: CodeType,
    names: Mapping[str, Any],
    ours: set[str],
    seen: set[CodeType],
    found: set[str],
) -> None:
    if code in seen or len(seen) > _MOST_CODES:
        return
    seen.add(code)
    if "log" in code.co_names:
        found.update(_logged(code, ours))
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    called = [names.get(name) for name in code.co_names]
    of_module = [one for one in called if isinstance(one, FunctionType)]
    inner += [one.__code__ for one in of_module if one.__globals__ is names]
    for one in inner:
        _look_through(one, names, ours, seen, found)


def _logged(code: CodeType, ours: set[str]) -> Iterator[str]:
    """The names in `log(loss=…, acc=…)` and `log({"loss": …})`, of calls that are statements."""
    is_in_call, before, owner = False, None, None
    for one in dis.get_instructions(code):
        value = one.argval
        if one.opname == "KW_NAMES" and one.arg is not None:
            value = code.co_consts[one.arg]
        is_load = one.opname.startswith("LOAD")
        if is_load and value == "log":
            is_in_call = is_in_call or (owner or "log") in ours
        elif one.opname == "POP_TOP":
            is_in_call = False
        elif is_in_call and isinstance(value, tuple):  # of keywords, or of a dict's keys
            yield from (name for name in value if isinstance(name, str))
        elif is_in_call and before == "log" and isinstance(value, str):
            yield value
        if one.opname not in _NO_CODE:
            before, owner = value, value if is_load else None


def _scopes() -> Iterator[Mapping[str, Any]]:
    """The local variables of the user's running functions, then those of their modules."""
    modules: dict[int, Mapping[str, Any]] = {}
    for frame in _user_frames():
        if frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            yield from _locals_of(frame)
        modules[id(frame.f_globals)] = frame.f_globals
    yield from [dict(values) for values in modules.values()]


def _user_frames() -> Iterator[FrameType]:
    """The running frames within the cell that are of no library, the innermost first."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 -- variables are found by frames
    for _ in range(_MOST_FRAMES):
        if frame is None or frame.f_globals.get("__name__") == _SHELL:
            break
        module = frame.f_globals.get("__name__")
        if not isinstance(module, str) or module.partition(".")[0] not in _LIBRARIES:
            yield frame
        frame = frame.f_back


def _locals_of(frame: FrameType) -> Iterator[Mapping[str, Any]]:
    values = frame.f_locals
    yield dict(values)
    if sys.version_info < (3, 13):
        values.clear()  # a copy that lives as long as the frame, and what it holds with it
