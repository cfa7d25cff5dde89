"""The digest of what files and folders hold, and why it cannot be known where it cannot.

Knows nothing of aseptic, so that a child process can run this file by itself: closing a file
drops every POSIX lock that the process has on it, so a database that the kernel holds open
(SQLite, HDF5) may only be read by another process.

A file's digest is the XXH3-128 of its bytes, as `xxhsum -H2` prints it. A folder's is that of
the lines ``digest  relative/path`` of its files, sorted by path.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from pathlib import Path, PurePath

import xxhash

MAX_BYTES = 20 * 1024**3
MAX_FILES = 10_000
_BLOCK = 1 << 20


class Unread(Exception):
    """The content was not read, for the reason given."""


class Budget:
    """How many seconds and bytes may still be spent on reading."""

    def __init__(self, seconds: float, size_bytes: int = MAX_BYTES) -> None:
        self._until = time.monotonic() + seconds
        self._bytes = size_bytes

    def take(self, size_bytes: int) -> None:
        """Spend some bytes. Raises Unread when nothing is left."""
        self._bytes -= size_bytes
        if self._bytes < 0:
            raise Unread("it is too large to read at the end of a cell")
        if time.monotonic() > self._until:
            raise Unread("reading it took too long")

    def left(self) -> float:
        """The seconds that are left."""
        return max(0.0, self._until - time.monotonic())


def content_digest(path: str, budget: Budget) -> tuple[str, int]:
    """The digest and the size in bytes of a file or folder. Raises Unread."""
    try:
        if Path(path).is_dir():
            return _folder(path, budget)
        state, size = _file(path, budget)
    except OSError as error:
        raise Unread(f"it cannot be read: {error.strerror}") from None
    return f"xxh3:{state}", size


def bytes_digest(content: bytes) -> str:
    """The digest that a file of this content has."""
    return f"xxh3:{xxhash.xxh3_128_hexdigest(content)}"


def _file(path: str, budget: Budget) -> tuple[str, int]:
    if not stat.S_ISREG(Path(path).stat().st_mode):  # a FIFO would block, a device never end
        raise Unread("it is no regular file")
    # never blocks, if a FIFO took the file's place meanwhile
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        before = os.fstat(descriptor)
        digest = _stream(descriptor, before.st_size, budget)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unread("it changed while it was read")
    return digest, before.st_size


def _stream(descriptor: int, size: int, budget: Budget) -> str:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise Unread("it is no regular file")
    if size > MAX_BYTES:
        raise Unread(f"it has {size / 1024**3:,.0f} GB, more than {MAX_BYTES // 1024**3}")
    state = xxhash.xxh3_128()
    while block := os.read(descriptor, _BLOCK):
        budget.take(len(block))
        state.update(block)
    return state.hexdigest()


def _folder(path: str, budget: Budget) -> tuple[str, int]:
    total, lines = 0, []
    for relative in _files_in(path):
        digest, size = _file(str(Path(path, relative)), budget)
        lines.append(f"{digest}  {relative}\n")
        total += size
    text = "".join(lines).encode("utf-8", "surrogateescape")
    return bytes_digest(text), total


def _files_in(path: str) -> list[str]:
    """The files of a folder and of those in it, by relative path; links to folders are left out."""
    found: list[str] = []
    for folder, _, names in os.walk(path):
        inside = PurePath(folder).relative_to(path)
        found += ((inside / name).as_posix() for name in names)
        if len(found) > MAX_FILES:
            raise Unread(f"it holds more than {MAX_FILES:,} files")
    return sorted(found)


def _answers(paths: list[str], budget: Budget) -> list[tuple[str | int | None, ...]]:
    return [_answer(path, budget) for path in paths]


def _answer(path: str, budget: Budget) -> tuple[str | int | None, ...]:
    """The digest, the size, and the reason why there is none."""
    try:
        return (*content_digest(path, budget), None)
    except Unread as error:
        return None, None, str(error)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(_answers(asked["paths"], Budget(asked["seconds"])), sys.stdout)
