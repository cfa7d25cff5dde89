"""Functions that are watched for a while: replaced by a wrapper, and put back as they were.

Several watches may be on at once (cells in subshells, scripts in threads). The first puts the
wrappers in, the last takes them out; a function that someone else replaced meanwhile is left to
them. A wrapper that someone kept goes on working, and reports to nobody.

The wrapper adds one frame to the traceback of a call that fails, below the caller's line.
`hide_own_frames` takes it out again; `readers.py` does so when IPython fetches the traceback that
it shows, so only code in the cell that looks at its own traceback can see the frame.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

#: The file that wrappers claim to be from. `warnings` passes over frames of files with these two
#: words when it looks for the caller's line, so that a warning points at the user's own code.
_FILENAME = "<importlib _bootstrap: watched by aseptic>"

#: Is told of a call that returned: its arguments, and what it returned.
Observer = Callable[[tuple[Any, ...], dict[str, Any], Any], None]


class Place(NamedTuple):
    """Where a function is kept: a module or class, and its name there."""

    owner: Any
    name: str
    observe: Callable[[Any], Observer]  # from who watches to the observer of this function


class _Patch(NamedTuple):
    owner: Any
    name: str
    original: Any
    wrapper: Any


class Patches:
    """The wrappers that are in place, and those who watch through them."""

    def __init__(self, places: Callable[[], Iterable[Place]]) -> None:
        self._places = places
        self._lock = threading.RLock()
        self._watchers: dict[int, tuple[Any, int]] = {}
        self._patches: dict[tuple[int, str], _Patch] = {}
        self._modules = 0  # how many were imported when they were last looked through
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def add(self, watcher: Any) -> None:
        """Let a watcher see what this thread calls, and threads that nobody watches."""
        with self._lock:
            self._watchers[id(watcher)] = (watcher, threading.get_ident())
            self.refresh()

    def remove(self, watcher: Any) -> None:
        """Show a watcher nothing more; the last one leaves everything as it was."""
        with self._lock:
            self._watchers.pop(id(watcher), None)
            if not self._watchers:
                self._restore()

    def refresh(self) -> None:
        """Wrap what has been imported since."""
        with self._lock:
            if self._watchers and self._modules != len(sys.modules):
                self._modules = len(sys.modules)
                for place in self._places():
                    self._wrap(place)

    def _after_fork(self) -> None:
        """Another thread of the parent may have held the lock, and is not here to release it."""
        self._lock = threading.RLock()

    def _wrap(self, place: Place) -> None:
        key = (id(place.owner), place.name)
        original = vars(place.owner).get(place.name)
        if key in self._patches or not callable(original) or isinstance(original, type):
            return  # a function in the place of a class would fail `isinstance`
        wrapper = self._wrapper(original, place.observe)
        if isinstance(place.owner, type) and not hasattr(original, "__get__"):
            wrapper = staticmethod(wrapper)  # a built-in function in a class is given no `self`
        setattr(place.owner, place.name, wrapper)
        self._patches[key] = _Patch(place.owner, place.name, original, wrapper)

    def _wrapper(self, original: Any, observe: Callable[[Any], Observer]) -> Any:
        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            for watcher in self._watching():
                _tell(observe(watcher), args, kwargs, result)
            return result

        return as_own_frame(watched)

    def _watching(self) -> list[Any]:
        """Who is told of a call in this thread: who watches the thread, or else everybody."""
        here = threading.get_ident()
        watchers = list(self._watchers.values())
        return [w for w, thread in watchers if thread == here] or [w for w, _ in watchers]

    def _restore(self) -> None:
        for patch in reversed(self._patches.values()):
            if vars(patch.owner).get(patch.name) is patch.wrapper:
                setattr(patch.owner, patch.name, patch.original)
        self._patches.clear()
        self._modules = 0


def as_own_frame(function: Any) -> Any:
    """Marks a function as a wrapper: `hide_own_frames` takes its frames out of tracebacks."""
    function.__code__ = function.__code__.replace(co_filename=_FILENAME)
    return function


def hide_own_frames(error: BaseException) -> None:
    """Take the frames of wrappers out of an exception's traceback, and of those it came from.

    The traceback is relinked in place, so that whoever holds it sees the same. A wrapper is
    never the first frame: its caller is.
    """
    met: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in met:
            met.add(id(one))
            _unlink(one.__traceback__)
            waiting += one.__cause__, one.__context__


def _unlink(entry: TracebackType | None) -> None:
    while entry is not None:
        while entry.tb_next is not None and _is_own(entry.tb_next):
            entry.tb_next = entry.tb_next.tb_next
        entry = entry.tb_next


def _is_own(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename == _FILENAME


def _tell(observer: Observer, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    with suppress(Exception):  # a fault of ours never reaches the caller
        observer(args, kwargs, result)
