"""Artifacts of earlier runs as files to read, each recorded as a data input of who reads it."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from aseptic.artifacts import content_digest
from aseptic.errors import ArtifactNotFound, BadQuery, RunNotFound
from aseptic.model import DataInput
from aseptic.tracking import default_store, find_active_run

if TYPE_CHECKING:
    from pathlib import Path

    from aseptic.active_run import ActiveRun
    from aseptic.model import Run
    from aseptic.store.base import Store

_MOST_PENDING = 1_000


def artifact(run: str, name: str, *, store: Store | None = None) -> Path:
    """A file with an artifact of an earlier run, to be read only: `artifact("collect", "x.csv")`.

    `run` is an experiment, or the id, an id's beginning or the name of a run, or a query; of
    several runs, the newest that finished and has the artifact. The content is compared with
    its digest. The active run records it as a data input with the run it came from; in a notebook
    so does a later tracked cell that uses what this cell made of it.

    Raises ArtifactNotFound, and StoreDamaged where the content is not what it was.
    """
    store = store or default_store()
    found = _find(store, run, name)
    kept = found.artifacts[name]
    path = store.local_copy(kept.digest, name=name)
    read = DataInput(
        name=f"{found.experiment}/{name}",
        kind="artifact",
        digest=kept.content_digest or content_digest(path),
        size_bytes=kept.size_bytes,
        location=f"{found.experiment}/{found.name}/{name}",
        from_run=found.run_id,
    )
    active = find_active_run()
    if active is None:
        _pending.reads.append(read)
    else:
        record(active, read)
    return path


class _Pending(threading.local):
    """What a thread read while no run was active: cells of subshells run beside each other."""

    def __init__(self) -> None:
        self.reads: deque[DataInput] = deque(maxlen=_MOST_PENDING)


_pending = _Pending()


def take_pending() -> list[DataInput]:
    """What this thread read since the last call while no run was active."""
    taken = list(_pending.reads)
    _pending.reads.clear()
    return taken


def record(run: ActiveRun, read: DataInput) -> None:
    """Records an artifact as a data input; a second one of its name under the longer name."""
    known = run.snapshot().data_inputs.get(read.name)
    if known is not None and known.from_run != read.from_run and read.location is not None:
        read = msgspec.structs.replace(read, name=read.location)
    run.record(read)


def _find(store: Store, run: str, name: str) -> Run:
    """The run whose artifact is meant. Raises ArtifactNotFound."""
    has_it = f"status == 'finished' and {name!r} in artifacts"
    ids = store.read_runs(has_it, experiment=run, limit=1).run_ids
    if ids:
        return store.get_run(ids[0])
    try:
        found = store.get_run(run)
    except RunNotFound:
        found = None
    if found is not None and name in found.artifacts:
        return found
    with suppress(BadQuery):
        ids = store.read_runs(f"({run}) and {has_it}", limit=1).run_ids
    if not ids:
        raise ArtifactNotFound(run, name, has=found.artifacts if found else None)
    return store.get_run(ids[0])
