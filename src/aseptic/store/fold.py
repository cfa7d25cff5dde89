"""Brings journals into the database: each frame once, whoever folds, however often.

How far a journal is folded stands in the same transaction as what was folded, and that
transaction is the only lock: a second process waits for it and then finds nothing left to do.
"""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import delete, insert, select, update

from aseptic.model import Cell, Problem, RunStart, Session
from aseptic.store import journal, schema
from aseptic.store.liveness import liveness
from aseptic.store.rows import (
    RunWriter,
    find_run_no,
    start_run,
    time_text,
    write_cell,
    write_session,
)
from aseptic.store.values import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from aseptic.model import RunEnd
    from aseptic.store.base import Record
    from aseptic.store.database import Database

#: A run of another host counts as lost when its journal has been still for so long.
ELSEWHERE_S = 60.0
#: A journal without an end is kept for so long after its last write, folded as it is, in case
#: its process is not dead: a container with pids of its own looks like this host.
KEEP_S = 24 * 3600.0
KEEP_ELSEWHERE_S = 30 * KEEP_S
_PIECE = 32 << 20  # bytes of a journal that one transaction folds


class FileState(NamedTuple):
    """What is known of a journal file after folding it."""

    size: int | None  # bytes that were looked at; None: however long it is, no more is read
    is_cut: bool  # whether there were more than one transaction takes
    session: Session | None
    is_live: bool  # whether its run or session counts as alive


class Folded(NamedTuple):
    """What one transaction did."""

    states: dict[str, FileState]
    done: list[str]  # files that are not needed any more
    damaged: list[str]  # files to put aside


class Progress(msgspec.Struct, kw_only=True):
    """How far a journal is folded: its row in the table `journals`."""

    file: str
    run_no: int | None
    session: Session  # the process that writes the journal
    folded_bytes: int = len(journal.MAGIC)
    shapes: tuple[tuple[tuple[str, ...], str], ...] = ()
    is_main: bool  # whether the run is alive as long as its process
    is_ended: bool = False
    is_broken: bool = False  # damaged at `folded_bytes`


class Folder:
    """Folds the journals of one folder into one database."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._seen: dict[str, FileState] = {}

    def fold(self) -> None:
        """Folds what is new. Without anything new this is one look at the folder.

        What is written meanwhile is left to the next time: a busy run would have no end.
        """
        is_all = self._has_seen(list_journals(self._folder))
        while not is_all:
            folded = self._database.write(lambda connection: _fold_all(connection, self._folder))
            self._seen = folded.states
            _remove(self._folder, folded)
            is_all = not any(state.is_cut for state in folded.states.values())

    def _has_seen(self, files: Mapping[str, tuple[int, float]]) -> bool:
        return all(
            (seen := self._seen.get(name)) is not None
            and seen.size in (None, size)
            and seen.is_live == _is_live(seen.session, modified)
            for name, (size, modified) in files.items()
        )


def list_journals(folder: Path) -> dict[str, tuple[int, float]]:
    """Size and time of the last write of every journal, by file name."""
    files = {}
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in folder.iterdir():
            if path.suffix in (".run", ".session"):
                with suppress(FileNotFoundError):  # another process has just folded it
                    found = path.lstat()
                    files[path.name] = (found.st_size, found.st_mtime)
    return files


def _fold_all(connection: Connection, folder: Path) -> Folded:
    files = list_journals(folder)
    known = _read_progress(connection)
    folded = Folded({}, [], [])
    for name in sorted(files, key=_main_first):
        with suppress(FileNotFoundError):
            file = _JournalFold(connection, folder / name, known.get(name))
            file.fold()
            file.settle(files[name][1])
            folded.states[name] = file.state
            if file.is_damaged:
                folded.damaged.append(name)
            elif file.is_done:
                folded.done.append(name)
    _forget(connection, set(known) - set(files))
    return folded


def _main_first(name: str) -> tuple[int, str]:
    """The journal of a run before those of its forked processes, which need its row."""
    return name.count("."), name


class _JournalFold:
    """Folds one journal within one transaction. The results are there after `settle`."""

    is_damaged = False
    is_done = False

    def __init__(self, connection: Connection, path: Path, progress: Progress | None) -> None:
        self._connection = connection
        self._path = path
        self._progress = progress
        self._is_new = progress is None
        self._looked_at: int | None = None
        self._is_cut = False
        self._writer = self._open_writer()
        self.state = FileState(None, is_cut=False, session=None, is_live=False)

    def fold(self) -> None:
        """Applies the frames that are not applied yet, up to a bound."""
        if self._progress is not None and (self._progress.is_ended or self._progress.is_broken):
            return
        frames = journal.Frames(self._read_new())
        for body in frames:
            self._apply(body)
        if self._progress is not None:
            self._progress.folded_bytes += frames.size
            self._progress.is_broken = frames.is_broken
        if self._writer is not None:
            self._writer.flush()

    def settle(self, modified: float) -> None:
        """Judges whether the run is alive, and writes down how far its journal is folded."""
        progress = self._progress
        is_live = _is_live(progress.session if progress else None, modified)
        if progress is not None:
            if progress.is_main and not progress.is_ended:
                self._judge(modified, is_live=is_live)
            if self._writer is not None:
                progress.shapes = tuple(self._writer.shapes)
            _write_progress(self._connection, progress, is_new=self._is_new)
        self.is_done = _is_done(progress, modified, is_live=is_live)
        session = progress.session if progress else None
        self.state = FileState(self._looked_at, self._is_cut, session, is_live)

    # -- frames -----------------------------------------------------------------------------
    def _read_new(self) -> bytes:
        start = 0 if self._progress is None else self._progress.folded_bytes
        with self._path.open("rb") as file:
            file.seek(start)
            content = file.read(_PIECE)
            first = journal.frame_size(content, at=0 if start else len(journal.MAGIC))
            content += file.read(max(0, first - len(content)))
            self._is_cut = bool(file.read(1))
        self._looked_at = start + len(content)
        if start:
            return content
        has_magic = content.startswith(journal.MAGIC)
        return content[len(journal.MAGIC) :] if has_magic else b""

    def _apply(self, body: bytes) -> None:
        try:
            if self._progress is None:
                self._begin(body)
            else:
                self._apply_to(self._progress, journal.kind_of(body), body)
        except (msgspec.DecodeError, ValueError, KeyError, IndexError, struct.error) as error:
            self._add_problem("a record", f"it cannot be read: {error}")

    def _begin(self, body: bytes) -> None:
        start = journal.read_start(body)
        run_no, name = None, self._path.name
        if isinstance(start, RunStart):
            write_session(self._connection, start.session)
            run_no = start_run(self._connection, start)
        elif isinstance(start, journal.Fork):
            run_no = find_run_no(self._connection, start.run_id)
        else:
            write_session(self._connection, start)
        session = start if isinstance(start, Session) else start.session
        is_main = isinstance(start, RunStart)
        self._progress = Progress(file=name, run_no=run_no, session=session, is_main=is_main)
        self._writer = self._open_writer()

    def _apply_to(self, progress: Progress, kind: int, body: bytes) -> None:
        if kind == journal.POINTS and self._writer is not None:
            self._writer.add_points(body)
        elif kind == journal.SHAPE and self._writer is not None:
            self._writer.add_shape(*journal.read_shape(body))
        elif kind == journal.RECORD:
            self._apply_record(progress, journal.read_record(body))
        elif kind in (journal.END, journal.CLOSE):
            progress.is_ended = True
            if kind == journal.END and progress.is_main:
                self._end(journal.read_end(body))

    def _apply_record(self, progress: Progress, record: Record | None) -> None:
        if record is None:
            self._add_problem("a record", "it was written by a newer aseptic")
        elif isinstance(record, Cell):
            write_cell(self._connection, progress.session.session_id, record)
        elif self._writer is not None:
            self._writer.add(record)

    def _end(self, end: RunEnd) -> None:
        ended_at = time_text(end.ended_at)
        self._set_run(status=end.status, ended_at=ended_at, duration_s=end.duration_s)

    # -- whether it is alive ----------------------------------------------------------------
    def _judge(self, modified: float, *, is_live: bool) -> None:
        assert self._progress is not None
        if is_live:
            self._set_run(only="lost", status="running", ended_at=None)
            return
        if self._progress.is_broken:
            size = self._path.stat().st_size - self._progress.folded_bytes
            self._add_problem(f"{size} bytes of the journal", "they are damaged")
            self._progress.is_ended = self.is_damaged = True
        last_seen = datetime.fromtimestamp(modified, timezone.utc)
        self._set_run(only="running", status="lost", ended_at=time_text(last_seen))

    def _set_run(self, *, only: str | None = None, **values: Any) -> None:
        assert self._progress is not None
        change = update(schema.runs).where(schema.runs.c.run_no == self._progress.run_no)
        if only is not None:
            change = change.where(schema.runs.c.status == only)
        self._connection.execute(change.values(**values))

    def _add_problem(self, what: str, reason: str) -> None:
        if self._writer is not None:
            self._writer.add(Problem(what=what, reason=reason))
            self._writer.flush()

    def _open_writer(self) -> RunWriter | None:
        if self._progress is None or self._progress.run_no is None:
            return None
        return RunWriter(self._connection, self._progress.run_no, self._progress.shapes)


def _is_live(session: Session | None, modified: float) -> bool:
    if session is None:
        return False
    alive = liveness(session)
    if alive == "elsewhere":
        return time.time() - modified < ELSEWHERE_S
    return alive == "alive"


def _is_done(progress: Progress | None, modified: float, *, is_live: bool) -> bool:
    """Whether the file may go: it has an end, or its process is dead for long."""
    if progress is not None and progress.is_ended:
        return True
    is_elsewhere = progress is None or liveness(progress.session) == "elsewhere"
    keep_s = KEEP_ELSEWHERE_S if is_elsewhere else KEEP_S
    return not is_live and time.time() - modified > keep_s


def _remove(folder: Path, folded: Folded) -> None:
    """After the commit: a file that stays because this fails is removed by the next fold."""
    with suppress(OSError):
        for name in folded.done:
            (folder / name).unlink(missing_ok=True)
        for name in folded.damaged:
            aside = folder.parent / "damaged"
            aside.mkdir(mode=0o700, exist_ok=True)
            (folder / name).replace(aside / name)


def _read_progress(connection: Connection) -> dict[str, Progress]:
    table = schema.journals.c
    columns = [table[name] for name in Progress.__struct_fields__]
    rows = connection.execute(select(*columns)).mappings()
    return {
        row["file"]: Progress(
            **{
                **row,
                "session": from_json(row["session"], Session),
                "shapes": from_json(row["shapes"], tuple[tuple[tuple[str, ...], str], ...]),
            }
        )
        for row in rows
    }


def _write_progress(connection: Connection, progress: Progress, *, is_new: bool) -> None:
    values = msgspec.structs.asdict(progress)
    values["session"] = to_json(progress.session)
    values["shapes"] = to_json(progress.shapes)
    if is_new:
        connection.execute(insert(schema.journals), values)
    else:
        at = schema.journals.c.file == progress.file
        connection.execute(update(schema.journals).where(at).values(values))


def _forget(connection: Connection, files: Collection[str]) -> None:
    """Journals whose file is gone: their names are never used again."""
    for file in files:
        connection.execute(delete(schema.journals).where(schema.journals.c.file == file))
