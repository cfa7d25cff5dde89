"""What can be kept as an artifact, and how it becomes bytes. Nothing is pickled."""

from __future__ import annotations

import json
import mimetypes
import os
from pathlib import Path
from typing import Any

#: A file that takes longer has no content digest: what reads it by its path is then not linked.
_HASHING_S = 60.0


def content_of(thing: Any) -> tuple[bytes | Path, str, str]:
    """Content, name and media type of something to keep."""
    path = _file_of(thing)
    if path is not None:
        guess = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return path, path.name, guess
    if isinstance(thing, os.PathLike):
        if Path(thing).is_dir():
            raise IsADirectoryError(f"{os.fspath(thing)!r} is a folder: pass the files in it")
        raise FileNotFoundError(f"no file {os.fspath(thing)!r} to keep as an artifact")
    if isinstance(thing, (bytes, bytearray, memoryview)):
        return bytes(thing), "artifact.bin", "application/octet-stream"
    if isinstance(thing, str):
        return thing.encode("utf-8", "backslashreplace"), "artifact.txt", "text/plain"
    if hasattr(thing, "savefig"):
        return _figure_png(thing), "figure.png", "image/png"
    if hasattr(thing, "to_csv"):
        return thing.to_csv().encode(), "table.csv", "text/csv"
    try:
        return json.dumps(thing, indent=1).encode(), "artifact.json", "application/json"
    except (TypeError, ValueError, RecursionError):
        raise TypeError(
            f"cannot keep a {type(thing).__name__} as an artifact: save it to a file and pass "
            "the path (aseptic pickles nothing)"
        ) from None


def content_digest(content: bytes | Path) -> str | None:
    """The digest that a file of this content has as a data input; None where it cannot be had."""
    from aseptic.capture import contents

    if isinstance(content, bytes):
        return contents.bytes_digest(content) if content else None
    try:
        digest, size = contents.content_digest(str(content), contents.Budget(_HASHING_S))
    except contents.Unread:
        return None
    return digest if size else None  # an empty file is like any other


def changed_at(content: bytes | Path) -> int:
    """When a file was changed last, in nanoseconds; bytes never are."""
    return content.stat().st_mtime_ns if isinstance(content, Path) else 0


def _file_of(thing: Any) -> Path | None:
    """The file that a path names; a text may name one, or be what is to be kept."""
    if not isinstance(thing, (str, os.PathLike)):
        return None
    try:
        return Path(thing) if Path(thing).is_file() else None
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        return None


def _figure_png(figure: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
