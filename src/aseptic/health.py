"""Whether a store is well: what `aseptic doctor` looks at."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aseptic.errors import StoreUnavailable
from aseptic.results import FactsResult
from aseptic.show import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.store.base import Store

#: Less free space than this needs attention.
_LOW_SPACE_BYTES = 500_000_000


def health(store: Store) -> FactsResult:
    """What can be said of the store, each fact looked at now; folds journals first.

    Raises what opening and reading the store raise: StoreDamaged, StoreTooNew.
    """
    folder = Path(store.url)
    waiting = _journals(folder)
    columns = store.read_runs()
    statuses = columns.fields["status"]
    facts: dict[str, Any] = {
        "store": store.url,
        "runs": readable.count(len(statuses), "run"),
        "running": str(statuses.count("running")),
        "lost": str(statuses.count("lost")),
        "can be freed": _freeable(store),
    }
    needs: set[str] = set()
    if folder.is_dir():
        facts |= {"journals": _journal_words(waiting, _journals(folder)), "schema": _schema()}
        for name, (words, is_well) in _folder_facts(folder):
            facts[name] = words
            needs |= set() if is_well else {name}
    return FactsResult(facts, frozenset(needs))


def _freeable(store: Store) -> str:
    try:
        counts = store.gc(dry_run=True)
    except StoreUnavailable as error:
        return f"cannot be said: {error}"
    runs, objects = counts["runs"], counts["objects"]
    size = readable.size(counts["size_bytes"])
    return (
        f"{size}: {readable.count(runs, 'run')} in the trash, {readable.count(objects, 'object')}"
    )


def _schema() -> str:
    """What every store is at once it has been read: an older one is migrated by that."""
    from aseptic.store.migrations import HEAD

    return f"{HEAD}, the newest this aseptic knows"


def _journals(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "journal").glob("*"))


def _journal_words(before: int, now: int) -> str:
    folded = before - now
    return f"{now} open or waiting" + (f", {folded} folded just now" if folded > 0 else "")


def _folder_facts(folder: Path) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Name → what is to be said, and whether all is well."""
    objects = [path for path in (folder / "objects").glob("??/*") if path.is_file()]
    size = readable.size(sum(path.stat().st_size for path in objects))
    yield "objects", (f"{len(objects):,}, {size}", True)
    database = folder / "runs.db"
    if database.exists():
        yield "database", (readable.size(database.stat().st_size), True)
    is_writable = os.access(folder, os.W_OK | os.X_OK)
    yield "can be written", ("yes" if is_writable else "no: nothing new is recorded", is_writable)
    yield "others can read", _others(folder)
    free = shutil.disk_usage(folder).free
    yield "free space", (readable.size(free), free > _LOW_SPACE_BYTES)


def _others(folder: Path) -> tuple[str, bool]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    is_private = os.name == "nt" or not mode & 0o077
    return ("no" if is_private else f"yes: mode {mode:o}, `chmod 700` makes it private", is_private)
