"""Which store a shell command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aseptic.errors import StoreUnavailable
from aseptic.settings import load_settings

if TYPE_CHECKING:
    from aseptic.store.base import Store


def open_or_new(place: str | None, folder: Path) -> Store:
    """The store at a folder or URL, or that of a folder's project; made when it is first used."""
    from aseptic.store import open_store

    return open_store(place or load_settings(folder).store)


def open_existing(place: str | None) -> Store:
    """The store at a folder or URL, or the project's; looking at one never makes one.

    Raises StoreUnavailable where there is none.
    """
    from aseptic.store import open_store

    store = open_store(place)
    if "://" not in store.url and not Path(store.url).is_dir():
        raise StoreUnavailable(
            f"there is no store at {store.url}: record a run there first, or name a store "
            "with --store or ASEPTIC_STORE."
        )
    return store
