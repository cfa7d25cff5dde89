"""Artifacts by content: each kept once, under the sha256 of its bytes, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from aseptic.errors import StoreDamaged
from aseptic.store.journal import unavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BLOCK = 1 << 20

#: An object that no run names yet may be one whose record is still to be written.
ORPHAN_AGE_S = 3600.0


class ObjectFolder:
    """The folder `objects/`: `ab/cdef…` holds the content whose sha256 is `abcdef…`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes | Path) -> tuple[str, int]:
        """Keeps the content; returns its digest and size. Raises StoreUnavailable.

        A file that cannot be read raises the OSError of reading it.
        """
        if isinstance(content, Path):
            with content.open("rb") as source:
                return self._put(_blocks(source))
        digest = hashlib.sha256(content).hexdigest()
        if _touch(self._path(digest), len(content)):
            return digest, len(content)
        return self._put(iter((content,)))

    def read(self, digest: str) -> bytes:
        """The content, checked against its digest. Raises StoreDamaged."""
        path = self._path(digest)
        try:
            content = _read_regular(path)
        except OSError as error:
            raise StoreDamaged(f"object {digest} cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise StoreDamaged(f"object {digest} has other content than it had: restore {path}")
        return content

    def sizes(self) -> dict[str, int]:
        """The size of every object, by digest."""
        return {digest: path.stat().st_size for digest, path in self._all()}

    def is_older(self, digest: str, *, than: float) -> bool:
        """Whether the object was last kept before that time."""
        try:
            return self._path(digest).stat().st_mtime <= than
        except FileNotFoundError:
            return False

    def delete(self, digest: str, *, if_older_than: float) -> bool:
        """Deletes the object unless someone has kept it again since that time.

        It is moved away before its time is looked at: whoever keeps the same content at this
        moment either has renewed the time, and it comes back, or does not find it, and writes
        it anew.
        """
        path = self._path(digest)
        away = path.with_name(f".{path.name}.deleted")
        try:
            path.rename(away)
            if away.stat().st_mtime > if_older_than:
                away.rename(path)
                return False
            away.unlink()
        except FileNotFoundError:
            return False
        return True

    def _put(self, blocks: Iterator[bytes]) -> tuple[str, int]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        except OSError as error:
            raise unavailable(self._folder, error) from error
        try:
            digest, size = _copy(blocks, fd)
            self._keep(Path(name), self._path(digest), size)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
        return digest, size

    def _keep(self, new: Path, path: Path, size: int) -> None:
        try:
            if _touch(path, size):
                return
            path.parent.mkdir(mode=0o700, exist_ok=True)
            new.replace(path)
            _sync_folder(path.parent)
            _sync_folder(self._folder)
        except OSError as error:
            raise unavailable(path, error) from error

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise StoreDamaged(f"{digest!r} is not the sha256 of an object")
        return self._folder / digest[:2] / digest[2:]

    def _all(self) -> Iterator[tuple[str, Path]]:
        for path in self._folder.glob("??/*"):
            digest = path.parent.name + path.name
            if _DIGEST.fullmatch(digest) and not path.is_symlink():
                yield digest, path


def unused(sizes: dict[str, int], used: Collection[str]) -> list[str]:
    """The objects that no run uses."""
    return sorted(set(sizes) - set(used))


def orphan_limit() -> float:
    """An object that no run ever named is deleted if it is older than this."""
    return time.time() - ORPHAN_AGE_S


def _copy(blocks: Iterator[bytes], fd: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(fd, "wb") as target:
        for block in blocks:
            digest.update(block)
            size += len(block)
            _write(target, block)
        _flush(target)
    return digest.hexdigest(), size


def _write(target: BinaryIO, block: bytes) -> None:
    try:
        target.write(block)
    except OSError as error:
        raise unavailable("the object store", error) from error


def _flush(target: BinaryIO) -> None:
    try:
        target.flush()
        os.fsync(target.fileno())
    except OSError as error:
        raise unavailable("the object store", error) from error


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _touch(path: Path, size: int) -> bool:
    """Renews the time of an object that is there whole already."""
    try:
        os.utime(path, follow_symlinks=False)
        found = path.lstat()
    except (OSError, NotImplementedError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder, and renames durably by itself
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read_regular(path: Path) -> bytes:
    """Never through a link, and never from a pipe: the store may come from someone else."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    fd = os.open(path, flags | getattr(os, "O_BINARY", 0))
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(0, "it is not a file")
        return file.read()
