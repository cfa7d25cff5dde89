"""The journal of one run or session: an append-only file of checksummed frames.

A file is `MAGIC` and then frames: length of the body and its CRC-32 (two little-endian u32),
then the body, whose first byte is its kind. What comes first says whose journal it is. Names of
metrics are written once, as a *shape* (the names and types of one `log` call), so that the
point frames of a loop are a few numbers each and one `write`.

The tail of a file may be torn (the process died within a write); frames after a broken one are
not trusted. A process that was forked writes to a file of its own, opened at its first record.
"""

from __future__ import annotations

import errno
import json
import math
import operator
import os
import re
import struct
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, cast
from zlib import crc32

import msgspec

from aseptic import model
from aseptic.errors import NoActiveRun, StoreUnavailable
from aseptic.store.base import RunJournal, SessionJournal
from aseptic.store.values import by_text, from_json, to_json, with_tuples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from aseptic.model import Cell, RunEnd, RunStart, Session
    from aseptic.store.base import Point, Record

MAGIC = b"aseptic1"

# Kinds of frames. They are written to disk: a number is never used again for something else.
START, FORK, SESSION, RECORD, SHAPE, POINTS, END, CLOSE = range(1, 9)
_JSON = 0x80  # added to the kind: the payload is JSON, since msgpack cannot hold a value in it

_HEAD = struct.Struct("<II")
_pack_head = _HEAD.pack
_write = os.write
_POINTS_HEAD = "<BIdd"  # kind, shape, time, step; the values follow
_SAFE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_RECORD_KINDS = {
    kind.__name__: kind
    for kind in (
        model.Param,
        model.Metric,
        model.DataInput,
        model.Artifact,
        model.GitState,
        model.Environment,
        model.Outputs,
        model.State,
        model.Finding,
        model.CheckOutcome,
        model.Withdrawal,
        model.Problem,
        model.Cell,
    )
}
_REMEDIES = {
    errno.ENOSPC: "Free some space; until then what is logged is counted, not kept.",
    errno.EDQUOT: "Free some of your quota; until then what is logged is counted, not kept.",
    errno.EROFS: "Set ASEPTIC_STORE to a folder that can be written.",
    errno.EACCES: "Set ASEPTIC_STORE to a folder that you may write.",
    errno.EPERM: "Set ASEPTIC_STORE to a folder that you may write.",
    errno.ENOENT: "The folder was removed: start the run again to make it anew.",
    errno.EMFILE: "Too many files are open: close some, or raise `ulimit -n`.",
}
_encode = msgspec.msgpack.Encoder(enc_hook=by_text).encode


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """The first frame of the journal of a forked process: whose run it writes to."""

    run_id: str
    session: model.Session  # with pid and start time of the forked process


class Unwritten(msgspec.Struct, kw_only=True):
    """What could not be written so far, and why."""

    points: int = 0
    records: int = 0
    reason: str = ""


class _Shape:
    """The names and types of one `log` call, and how to pack it."""

    __slots__ = ("body_size", "number", "pack")

    def __init__(self, number: int, types: str) -> None:
        layout = struct.Struct(_POINTS_HEAD + types)
        self.number = number
        self.pack = layout.pack
        self.body_size = layout.size


def unavailable(path: Path | str, error: OSError) -> StoreUnavailable:
    """The error to raise for what the operating system refused, with its remedy."""
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0, "Set ASEPTIC_STORE to another folder.")
    raised = StoreUnavailable(f"cannot write {path}: {reason}. {remedy}")
    raised.errno = error.errno
    return raised


class JournalFile:
    """An append-only file of frames, safe to write from any thread and after a fork."""

    def __init__(self, folder: Path, stem: str, suffix: str, first: bytes) -> None:
        self._folder = folder
        self._stem = _safe(stem)
        self._suffix = suffix
        self._lock = threading.Lock()
        self._fd = -1
        self._is_closed = False
        self._is_forked = False
        self.unwritten = Unwritten()
        self._has_missed = False
        self._create(self._stem, first)
        _live.add(self)

    # -- what the journals are made of ------------------------------------------------------
    def write_frame(self, frame: bytes, *, points: int = 0) -> None:
        """Writes one frame; `points` says how many points are lost if that fails."""
        with self._lock:
            self.write_locked(frame, points)

    def write_locked(self, frame: bytes, points: int) -> None:
        """The same, for a caller that holds the lock."""
        if self._fd < 0:
            self._reopen(points)
        try:
            written = _write(self._fd, frame)
        except OSError as error:
            self._missed(points, error)
        if written != len(frame) or self._has_missed:
            self._after_write(frame, written, points)

    def finish(self, frame: bytes, *, sync: bool) -> None:
        """Writes the last frame and closes the file. A second time it does nothing."""
        with self._lock:
            if self._is_closed:
                return
            try:
                if self._fd >= 0:
                    self.write_locked(frame, 0)
                    if sync:
                        os.fsync(self._fd)
                    if not os.fstat(self._fd).st_nlink:
                        raise FileNotFoundError(errno.ENOENT, "it was deleted while it was written")
            except OSError as error:
                raise unavailable(self._folder, error) from error
            finally:
                self._close()

    # -- opening ----------------------------------------------------------------------------
    def _create(self, stem: str, first: bytes) -> None:
        path = self._folder / f"{stem}{self._suffix}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_BINARY"):  # not every system has all of them
            flags |= getattr(os, name, 0)
        try:
            self._fd = _off_stdio(os.open(path, flags, 0o600))
        except FileExistsError:
            raise
        except OSError as error:
            raise unavailable(path, error) from error
        try:
            self._write_first(MAGIC + first)
        except OSError as error:
            self._close()
            self._is_closed = False
            with suppress(OSError):
                path.unlink()
            raise unavailable(path, error) from error

    def _write_first(self, content: bytes) -> None:
        while content:
            content = content[os.write(self._fd, content) :]

    def _reopen(self, points: int) -> None:
        if self._is_closed:
            raise NoActiveRun
        if not self._is_forked:  # the disk failed within a write; see `_cut_off`
            self._missed(points, OSError(errno.EIO, os.strerror(errno.EIO)))
        for turn in range(1000):  # a pid may come again within one run
            with suppress(FileExistsError):
                self._create(f"{self._stem}.{os.getpid()}.{turn}", self.forked_frame())
                return

    def forked_frame(self) -> bytes:
        """The first frame of the file that a forked process opens."""
        raise NotImplementedError

    def after_fork(self) -> None:
        """Leaves the parent's file to the parent; runs in the child, which has one thread."""
        self._lock = threading.Lock()
        self._close_fd()
        self._is_forked = True
        self.unwritten = Unwritten()
        self._has_missed = False

    # -- when the disk does not take it -----------------------------------------------------
    def _after_write(self, frame: bytes, written: int, points: int) -> None:
        if written != len(frame):
            self._write_rest(frame, written, points)
        if self._has_missed:
            self._say_unwritten()

    def _write_rest(self, frame: bytes, written: int, points: int) -> None:
        """After a write that was cut short: the rest, or else the file as it was before."""
        start = os.lseek(self._fd, 0, os.SEEK_CUR) - written
        try:
            while written < len(frame):
                written += os.write(self._fd, frame[written:])
        except OSError as error:
            self._cut_off(start)
            self._missed(points, error)

    def _cut_off(self, end: int) -> None:
        try:
            os.ftruncate(self._fd, end)
            os.lseek(self._fd, end, os.SEEK_SET)
        except OSError:  # a broken frame stays: whatever came after it would not be read
            self._close_fd()

    def _missed(self, points: int, error: OSError) -> NoReturn:
        self.unwritten.points += points
        self.unwritten.records += not points
        self._has_missed = True
        self.unwritten.reason = errno.errorcode.get(error.errno or 0, "") or str(error)
        raise unavailable(self._folder, error) from error

    def _say_unwritten(self) -> None:
        missed, self.unwritten = self.unwritten, Unwritten()
        self._has_missed = False
        what = f"{missed.points} points and {missed.records} records"
        try:
            problem = model.Problem(what=what, reason=f"{missed.reason} while writing the journal")
            self.write_locked(record_frame(problem), 0)
        except StoreUnavailable:
            missed.records += self.unwritten.records - 1  # the frame that says so is not counted
            missed.reason = self.unwritten.reason
            self.unwritten = missed

    def _close(self) -> None:
        self._is_closed = True
        self._close_fd()

    def _close_fd(self) -> None:
        fd, self._fd = self._fd, -1  # first: a child forked meanwhile must not close it again
        if fd >= 0:
            with suppress(OSError):
                os.close(fd)


class FileRunJournal(JournalFile, RunJournal):
    """The journal of one run, `RUN_ID.run`; `RUN_ID.PID.N.run` in a process that was forked."""

    def __init__(self, folder: Path, start: RunStart) -> None:
        if not model.RUN_ID.fullmatch(start.run_id):
            raise ValueError(f"{start.run_id!r} is not a run id")
        _safe(start.session.session_id)
        self.run_id = start.run_id
        self._session = start.session
        self._shapes: dict[tuple[Any, ...], _Shape] = {}  # by names and types of Python
        self._layouts: dict[str, _Shape] = {}  # by what is written: fewer
        super().__init__(folder, start.run_id, ".run", _frame(START, start))

    def log(self, values: Mapping[str, float | int], *, step: float | None, time_s: float) -> None:
        """Writes one point of each metric; see RunJournal.

        numpy's scalars, tensors without dimensions and the like become Python's numbers. Raises
        TypeError or OverflowError, with the metric's name, for what is no float and no 64-bit
        integer.
        """
        frame = self._points_frame(values, step, time_s)
        with self._lock:  # `write_locked` again, without the call: this is the hot path
            try:
                written = _write(self._fd, frame)
            except OSError as error:
                if self._is_closed:
                    raise NoActiveRun from None  # another thread has just ended the run
                self._missed(len(values), error)
            if written != len(frame) or self._has_missed:
                self._after_write(frame, written, len(values))

    def log_many(self, points: Sequence[Point]) -> None:
        """Writes many points at once, or none, and raises as `log` does; see RunJournal."""
        frames = b"".join([self._points_frame(*point) for point in points])
        with self._lock:
            self.write_locked(frames, sum(len(values) for values, _, _ in points))

    def _points_frame(
        self, values: Mapping[str, float | int], step: float | None, time_s: float
    ) -> bytes:
        key = (*values, *map(type, values.values()))
        shape = self._shapes.get(key)
        if shape is None:
            plain = {name: _plain_number(name, value) for name, value in values.items()}
            if any(plain[name] is not value for name, value in values.items()):
                return self._points_frame(plain, step, time_s)
            shape = self._add_shape(key, values)
        step = math.nan if step is None else step
        try:
            body = shape.pack(POINTS, shape.number, time_s, step, *values.values())
        except (struct.error, OverflowError, TypeError, ValueError) as error:
            raise _refusal(values, step) from error
        return _pack_head(shape.body_size, crc32(body)) + body

    def append(self, record: Record) -> None:
        """Writes one record; see RunJournal."""
        self.write_frame(record_frame(record))

    def end(self, end: RunEnd) -> None:
        """Ends the run; in a forked process, which cannot end its parent's run, only its part."""
        self._shapes, self._layouts = {}, {}
        frame = _build(bytes((CLOSE,))) if self._is_forked else _frame(END, end)
        self.finish(frame, sync=True)

    def forked_frame(self) -> bytes:
        """Says whose run it is and which process writes."""
        return _frame(FORK, Fork(run_id=self.run_id, session=_session_here(self._session)))

    def after_fork(self) -> None:
        """See JournalFile; the child's file needs its own shapes."""
        super().after_fork()
        self._shapes, self._layouts = {}, {}

    def _add_shape(self, key: tuple[Any, ...], values: Mapping[str, float | int]) -> _Shape:
        types = "".join("d" if isinstance(value, float) else "q" for value in values.values())
        layout = json.dumps([list(values), types])  # JSON: a name may be any text
        with self._lock:
            shape = self._layouts.get(layout)
            if shape is None:
                self.write_locked(_build(bytes((SHAPE,)) + layout.encode()), len(values))
                shape = self._layouts[layout] = _Shape(len(self._layouts), types)
            self._shapes[key] = shape
        return shape


class FileSessionJournal(JournalFile, SessionJournal):
    """The journal of a session's cells, `SESSION_ID.session`."""

    def __init__(self, folder: Path, session: Session) -> None:
        self._session = session
        super().__init__(folder, session.session_id, ".session", _frame(SESSION, session))

    def append(self, cell: Cell) -> None:
        """Writes one cell; see SessionJournal."""
        self.write_frame(record_frame(cell))

    def close(self) -> None:
        """Closes the journal; what was written stays."""
        self.finish(_build(bytes((CLOSE,))), sync=False)

    def forked_frame(self) -> bytes:
        """A forked process goes on with the cells of the same session."""
        return _frame(SESSION, _session_here(self._session))


# -- reading ------------------------------------------------------------------------------------
class Frames:
    """The whole frames of a piece of a journal, which begins at a frame.

    After iterating, `size` is the number of bytes that whole frames took, and `is_broken` says
    that what follows is not the torn end of a file but damaged.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = 0
        self.is_broken = False

    def __iter__(self) -> Iterator[bytes]:
        content, end, start = self._content, len(self._content), 0
        while start + _HEAD.size < end:
            length, checksum = _HEAD.unpack_from(content, start)
            stop = start + _HEAD.size + length
            if stop > end:
                return
            body = content[start + _HEAD.size : stop]
            if not length or crc32(body) != checksum:
                self.is_broken = True
                return
            self.size = start = stop
            yield body


def frame_size(content: bytes, *, at: int) -> int:
    """Where the frame that begins at `at` ends, as far as its head can be read; else 0."""
    if at + _HEAD.size > len(content):
        return 0
    return at + _HEAD.size + int(_HEAD.unpack_from(content, at)[0])


def read_start(body: bytes) -> RunStart | Fork | Session:
    """What the first frame of a journal says. Raises KeyError if it is no first frame."""
    kind = {START: model.RunStart, FORK: Fork, SESSION: model.Session}[kind_of(body)]
    return cast("RunStart | Fork | Session", _decode(body[0], body[1:], kind))


def read_record(body: bytes) -> Record | None:
    """The record of a frame; None if this aseptic does not know its kind."""
    name, _, payload = body[1:].partition(b"\0")
    kind = _RECORD_KINDS.get(name.decode("ascii", "replace"))
    return cast("Record", _decode(body[0], payload, kind)) if kind else None


def read_end(body: bytes) -> RunEnd:
    """How the run ended."""
    return cast("RunEnd", _decode(body[0], body[1:], model.RunEnd))


def read_shape(body: bytes) -> tuple[list[str], str]:
    """The names of a shape, and the type of each: `d` for float64, `q` for int64."""
    names, types = json.loads(body[1:])
    return names, types


def kind_of(body: bytes) -> int:
    """The kind of the frame, whichever way its payload is encoded."""
    return body[0] & ~_JSON


def record_frame(record: Record) -> bytes:
    """The frame of a record: the name of its type, then the record."""
    return _frame(RECORD, record, type(record).__name__.encode() + b"\0")


# -- private ------------------------------------------------------------------------------------
def _build(body: bytes) -> bytes:
    return _HEAD.pack(len(body), crc32(body)) + body


def _off_stdio(fd: int) -> int:
    """The file under a number above those of stdin, stdout and stderr.

    Where one of these is closed, the next file opened gets its number, and what is printed.
    """
    low = []
    while fd <= 2:
        low.append(fd)
        fd = os.dup(fd)
    for one in low:
        os.close(one)
    return fd


def _frame(kind: int, record: Any, prefix: bytes = b"") -> bytes:
    try:
        return _build(bytes((kind,)) + prefix + _encode(record))
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, an integer beyond 64 bits
        return _build(bytes((kind | _JSON,)) + prefix + to_json(record).encode())


def _decode(kind: int, payload: bytes, into: type[Any]) -> Any:
    if kind & _JSON:
        return from_json(payload, into)
    return msgspec.convert(with_tuples(msgspec.msgpack.decode(payload)), into)


def _safe(stem: str) -> str:
    """The id as a part of a file name; an id never becomes a path."""
    if not _SAFE_ID.fullmatch(stem):
        raise ValueError(f"{stem!r} cannot be an id: use up to 64 letters, digits, - and _")
    return stem


def _plain_number(name: str, value: Any) -> float | int:
    """The value as a number of Python; itself if it is one. Raises TypeError with its name."""
    if isinstance(value, (float, int)):
        return value
    if not isinstance(name, str):
        raise TypeError(f"the name of a metric is a text, not {name!r}")
    if not getattr(value, "ndim", 0):
        for kind, convert in (("__index__", operator.index), ("__float__", float)):
            with suppress(Exception):  # arrays and tensors have both, and raise what they like
                if hasattr(value, kind):
                    return convert(value)
    raise TypeError(f"metric {name!r} is a {type(value).__name__}, not one number")


def _refusal(values: Mapping[str, Any], step: Any) -> Exception:
    """The error that names what cannot be written."""
    for name, value in values.items():
        if not isinstance(value, float) and not -(2**63) <= value < 2**63:
            return OverflowError(f"metric {name!r} is an integer of more than 64 bits")
    return TypeError(f"step is {type(step).__name__} {step!r}, not a number that a float can hold")


def _session_here(session: Session) -> Session:
    """The session as this forked process has it: the same, but for the process."""
    import psutil

    started = psutil.Process().create_time()
    return msgspec.structs.replace(session, pid=os.getpid(), process_started=started)


#: The journals of this process, so that a forked child can let go of them.
_live: weakref.WeakSet[JournalFile] = weakref.WeakSet()


def _let_go() -> None:
    for journal in list(_live):
        journal.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
