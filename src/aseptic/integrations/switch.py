"""Switches integrations on and off for a run, for frameworks that are imported or will be."""

from __future__ import annotations

import pkgutil
import sys
import threading
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from aseptic.capture.patches import as_own_frame
from aseptic.integrations import frameworks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

    from aseptic.active_run import ActiveRun


class Watch(Protocol):
    """What sees the trainings of one framework for one run."""

    def stop(self) -> None:
        """Logs what is left to log, and leaves the framework as it was."""


class Integrations:
    """The integrations that are on for one run. `start` and `stop` may be called once each."""

    def __init__(self, run: ActiveRun, *, sees_imports: bool = True) -> None:
        self._run = run
        self._sees_imports = sees_imports  # else whoever has it on calls `refresh`
        self._watches: dict[str, Watch] = {}
        self._parts: dict[str, str] = {}  # modules that may be imported later: their framework

    def start(self) -> None:
        """Begin to watch what is imported, and what will be."""
        if self._sees_imports:
            _IMPORTS.add(self)
        self.refresh()

    def refresh(self) -> None:
        """Begin to watch what has been imported since."""
        for name in supported():
            if name in sys.modules:
                self.switch_on(name)
        for name in set(self._parts.values()):
            with self._run.guarded(f"training with {name}"):
                watch: Any = self._watches[name]
                watch.refresh()

    def stop(self) -> None:
        """Watch no more; each framework is as it was."""
        _IMPORTS.remove(self)
        for name, watch in reversed(self._watches.items()):
            with self._run.guarded(f"training with {name}"):
                watch.stop()
        self._watches.clear()

    def switch_on(self, name: str) -> None:
        """Start the integration of a framework; a fault is a problem of the run."""
        if name not in self._watches:
            with self._run.guarded(f"training with {name}"):
                module: Any = import_module(f"{frameworks.__name__}.{name}")
                self._watches[name] = module.start(self._run)
                self._parts.update(dict.fromkeys(getattr(module, "PARTS", ()), name))

    def imported(self, name: str) -> None:
        """A framework has been imported, or a part of one that is watched."""
        if name in supported():
            self.switch_on(name)
        elif name in self._parts:
            with self._run.guarded(f"training with {name}"):
                watch: Any = self._watches[self._parts[name]]
                watch.refresh()

    def awaits(self, name: str) -> bool:
        """Whether the import of a module is to be told."""
        return name in self._parts or name in supported()


@cache
def supported() -> frozenset[str]:
    """The frameworks that there are integrations for."""
    return frozenset(one.name for one in pkgutil.iter_modules(frameworks.__path__))


class _Imports:
    """A finder of modules that finds none itself: it tells when a framework has been imported."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._waiting: list[Integrations] = []

    def add(self, integrations: Integrations) -> None:
        with self._lock:
            self._waiting.append(integrations)
            if self not in sys.meta_path:
                sys.meta_path.insert(0, self)

    def remove(self, integrations: Integrations) -> None:
        with self._lock:
            if integrations in self._waiting:
                self._waiting.remove(integrations)
            if not self._waiting and self in sys.meta_path:
                sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        """What the other finders say; the loader of a framework tells when it has executed it."""
        if not any(one.awaits(name) for one in self._waiting):
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                self._tell_when_executed(name, spec.loader)
                return spec
        return None

    def _tell_when_executed(self, name: str, loader: Any) -> None:
        execute = getattr(loader, "exec_module", None)
        if execute is None or not hasattr(loader, "__dict__"):
            return

        @as_own_frame
        def exec_module(module: Any) -> None:
            del loader.exec_module
            execute(module)
            for integrations in self._waiting.copy():
                integrations.imported(name)

        loader.exec_module = exec_module


_IMPORTS: Any = _Imports()
