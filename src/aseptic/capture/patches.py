"""Functions that are watched for a while: replaced by a wrapper, and put back as they were.

Several watches may be on at once (cells in subshells, scripts in threads). The first puts the
wrappers in, the last takes them out; a function that someone else replaced meanwhile is left to
them. A wrapper that someone kept goes on working, and reports to nobody.

The wrapper adds one frame to the traceback of a call that fails, below the caller's line; it is
marked with `__tracebackhide__`, and `without_own_frames` takes it out of a traceback.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

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

    def _wrap(self, place: Place) -> None:
        key = (id(place.owner), place.name)
        original = vars(place.owner).get(place.name)
        if key in self._patches or not callable(original) or isinstance(original, type):
            return  # a function in the place of a class would fail `isinstance`
        wrapper = self._wrapper(original, place.observe)
        setattr(place.owner, place.name, wrapper)
        self._patches[key] = _Patch(place.owner, place.name, original, wrapper)

    def _wrapper(self, original: Any, observe: Callable[[Any], Observer]) -> Any:
        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            result = original(*args, **kwargs)
            for watcher in self._watching():
                _tell(observe(watcher), args, kwargs, result)
            return result

        return watched

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


def without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames of wrappers; the links between the others are changed."""
    while traceback is not None and _is_own(traceback):
        traceback = traceback.tb_next
    entry = traceback
    while entry is not None:
        while entry.tb_next is not None and _is_own(entry.tb_next):
            entry.tb_next = entry.tb_next.tb_next
        entry = entry.tb_next
    return traceback


def _is_own(entry: TracebackType) -> bool:
    code = entry.tb_frame.f_code
    return code.co_name == "watched" and code.co_filename == __file__


def _tell(observer: Observer, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    with suppress(Exception):  # a fault of ours never reaches the caller
        observer(args, kwargs, result)
