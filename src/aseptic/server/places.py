"""Which stores the server may open: those of folders under its roots, and nothing a request names.

A request says where its notebook or folder lies, relative to the server's root folder; the project
there decides which store is meant, as it does for the kernel. A project's own file may name a
store elsewhere: that one is opened only if the server's configuration says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.errors import StoreUnavailable
from aseptic.settings import find_project, load_settings

if TYPE_CHECKING:
    from aseptic.store.base import Store


class NotServed(StoreUnavailable):
    """The place lies outside of what this server may show."""


@dataclass(frozen=True)
class Places:
    """The folder that paths are relative to, and the folders whose stores may be opened."""

    root: Path
    roots: tuple[Path, ...]
    _stores: dict[str, Store] = field(default_factory=dict)  # by place: they know what is folded

    @classmethod
    def of(cls, root: str, extra: list[str]) -> Places:
        """The server's root folder, its project, and what the configuration adds."""
        folder = Path(root).expanduser().resolve()
        allowed = [folder, find_project(folder), *(Path(one).expanduser() for one in extra)]
        return cls(folder, tuple(dict.fromkeys(one.resolve() for one in allowed)))

    def open(self, at: str) -> Store:
        """The store of the notebook or folder `at`; looking at one never makes one.

        Raises NotServed for what lies outside, StoreUnavailable where there is no store.
        """
        from aseptic.store import open_store

        place = load_settings(self.folder(at)).store
        if "://" not in place and not self._is_allowed(Path(place)):
            raise NotServed(
                "the project names a store outside of the server's folder: add that folder to "
                "c.AsepticServer.roots in jupyter_server_config.py"
            )
        store = self._stores.get(place) or self._stores.setdefault(place, open_store(place))
        if "://" not in store.url and not Path(store.url).is_dir():
            raise StoreUnavailable("no run has been recorded here yet")
        return store

    def folder(self, at: str) -> Path:
        """The folder of a notebook, a file or a folder. Raises NotServed."""
        if "\0" in at:
            raise NotServed("a path has no NUL")
        try:
            place = (self.root / at.lstrip("/")).resolve()
        except (OSError, RuntimeError) as error:  # a name too long; links in a circle
            raise NotServed(f"no such place: {type(error).__name__}") from error
        if not place.is_relative_to(self.root):
            raise NotServed("the path leads out of the server's folder")
        return place if place.is_dir() else place.parent

    def notebook(self, at: str) -> str | None:
        """The path of a notebook as its runs have it: relative to its project. None for a folder.

        Raises NotServed.
        """
        folder = self.folder(at)
        place = (self.root / at.lstrip("/")).resolve()
        if place == folder:
            return None
        project = load_settings(folder).project
        return place.relative_to(project).as_posix()

    def _is_allowed(self, store: Path) -> bool:
        resolved = store.resolve()
        return any(resolved.is_relative_to(root) for root in self.roots)
