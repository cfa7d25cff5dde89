"""Artifacts as files of their own name, for programs that take a path: copies that can go."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aseptic.store.journal import unavailable

if TYPE_CHECKING:
    from aseptic.store.objects import ObjectFolder

#: Its name also tells `capture.files` that reading in it is no reading of the user's own files.
COPIES = ".aseptic-copies"
_BLOCK = 1 << 20


class CopyFolder:
    """The folder of copies: `DIGEST/NAME`, each compared with its digest before it is given."""

    def __init__(self, folder: Path, objects: ObjectFolder) -> None:
        self._folder = folder
        self._objects = objects

    def get(self, digest: str, *, name: str) -> Path:
        """The copy, made if it is not there as it should be. Raises StoreDamaged."""
        path = self._folder / digest / _file_name(name)
        if not path.is_symlink() and _sha256(path) == digest:
            with suppress(OSError):
                os.utime(path)  # `clear` counts from here
            return path
        content = self._objects.read(digest)
        try:
            self._write(path, content)
        except OSError as error:
            raise unavailable(path, error) from error
        return path

    def clear(self, *, older_than: float) -> None:
        """Deletes the copies that were asked for last before that time."""
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                if path.lstat().st_mtime < older_than:
                    path.unlink()
                    path.parent.rmdir()  # fails, and may, where another copy lies beside it

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, new = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(new).chmod(0o400)
            Path(new).replace(path)
        finally:
            with suppress(FileNotFoundError):
                Path(new).unlink()


def _file_name(name: str) -> str:
    """The last part of an artifact's name: what it says of folders is not followed."""
    last = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name
    return last if last not in ("", ".", "..") else "artifact"


def _sha256(path: Path) -> str | None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()
