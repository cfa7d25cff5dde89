"""The byte format of digests: how content becomes 128 bits, whatever its layout in memory.

Version 1, written ``xxh3:`` and 32 hex digits. A later format gets another prefix, so that a
change of the format never reads as a change of the data.

- A *node* is the XXH3-128 (seed 0) of its fields, each preceded by its length in bytes (8 bytes,
  little-endian). The first field is a tag that says what the node is, so a list is never a tuple.
- A *sequence* of many items is cut into windows; the node ``windows`` holds the number of
  items and the concatenated digests of the windows. The width of a window follows from the
  item's type alone, never from chunks or buffers.
- Numbers are little-endian, contiguous, in C order, with all their bits: 0.0 and -0.0 differ, and
  1 and 1.0 and True. NaN is the NaN that it is. Python, NumPy and pandas write one and the same;
  one that a processor computed (0/0) may carry the other sign, and then differs. Finding those
  costs half as much again as hashing.
- Text is its lengths in UTF-8 bytes (int64, -1 where missing) and then all its bytes;
  lone surrogates are kept (``surrogatepass``).
- A missing value has a mask or a length of its own; what lies in memory under it is left out.

Nothing here depends on pickle, `repr`, `hash`, a random state, or a library's own format.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import xxhash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

PREFIX = "xxh3:"

#: Bytes in a window of fixed-width items: a call then costs nothing beside the hash.
WINDOW_BYTES = 1 << 22
#: Items in a window of text or of Python values.
WINDOW_ROWS = 1 << 16

T = TypeVar("T")
Buffer = bytes | bytearray | memoryview


def as_text(digest: bytes) -> str:
    """The digest as it is recorded and shown."""
    return PREFIX + digest.hex()


def node(tag: str, *fields: Buffer) -> bytes:
    """The digest of a tagged list of fields."""
    state = xxhash.xxh3_128()
    for field in (tag.encode(), *fields):
        state.update(len(field).to_bytes(8, "little"))
        state.update(field)
    return state.digest()


def windows(count: int, digests: Iterable[bytes]) -> bytes:
    """The digest of a sequence of `count` items, from the digests of its windows."""
    return node("windows", number(count), b"".join(digests))


def number(value: int) -> bytes:
    """A count or a size as a field."""
    return value.to_bytes(8, "little", signed=True)


def spans(count: int, width: int) -> list[tuple[int, int]]:
    """Where the windows of a sequence begin and end."""
    return [(start, min(start + width, count)) for start in range(0, count, width)]


def in_threads(digest_all: Callable[[Sequence[T]], list[bytes]], items: Sequence[T]) -> list[bytes]:
    """The digests of the items in order, shared out among threads.

    For items that must be rearranged first. One thread hashes contiguous memory as fast as it
    can be read, and does not wait for the interpreter's lock on a busy machine. The threads end
    with the call, since a thread that is kept is lost in a fork.
    """
    threads = min(_cpus(), len(items))
    if threads < 2:
        return digest_all(items)
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(digest_all, _shares(items, threads))
        return [digest for part in parts for digest in part]


def _shares(items: Sequence[T], count: int) -> Iterator[Sequence[T]]:
    size = -(-len(items) // count)
    return (items[start : start + size] for start in range(0, len(items), size))


def _cpus() -> int:
    # More than four threads ask for more memory bandwidth than most machines have.
    return min(4, os.cpu_count() or 1)
