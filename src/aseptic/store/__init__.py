"""The run store: where runs are kept, and the only part that knows a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.errors import BadOption
from aseptic.settings import STORE_FOLDER, load_settings

if TYPE_CHECKING:
    from aseptic.store.base import Store

__all__ = ["open_store"]


def open_store(url: str | Path | None = None) -> Store:
    """The store at a folder; without one, the store of the project (see `load_settings`).

    A folder that holds `.aseptic` means that one. Nothing is made before the first use, and
    there is nothing to close: a store holds no connection.
    """
    place = load_settings().store if url is None else str(url)
    if "://" in place:
        scheme = place.partition("://")[0]
        raise BadOption(f"a store is a folder; this aseptic cannot open {scheme}://…")
    from aseptic.store.sqlite import SqliteStore

    folder = Path(place).expanduser().absolute()
    if folder.name != STORE_FOLDER and (folder / STORE_FOLDER).is_dir():
        folder /= STORE_FOLDER
    return SqliteStore(folder)
