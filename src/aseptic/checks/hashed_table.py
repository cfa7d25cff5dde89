"""A table of which a run has kept one hash a row, and no value (`kept_rows.py`).

The content is `MAGIC`, the number of columns as 8 bytes, then the sorted hashes, all little-endian.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from aseptic.checks.check import NotApplicable
from aseptic.checks.kept_rows import HEAD_BYTES
from aseptic.checks.tables import Table
from aseptic.errors import AsepticError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from aseptic.checks.tables import Role

MAGIC = b"aserows1"


class HashedTable(Table):
    """Rows by their hashes; asked for values it raises NotApplicable. `read` gives the content."""

    is_hashed = True

    def __init__(self, name: str, role: Role, rows: int, read: Callable[[], bytes]) -> None:
        self.name = name
        self.role = role
        self.target_name = None
        self._target = None
        self._samples = {}
        self._hashes = {}
        self._rows = rows
        self._read = read

    def __len__(self) -> int:
        return self._rows

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The places of the columns: their names are not kept with the hashes."""
        return tuple(map(str, range(self._content[0])))

    @cached_property
    def row_hashes(self) -> NDArray[np.uint64]:
        """The hashes, sorted."""
        return self._content[1]

    @cached_property
    def _content(self) -> tuple[int, NDArray[np.uint64]]:
        try:
            return unpacked(self._read())
        except (AsepticError, OSError, ValueError) as error:
            raise NotApplicable(f"the hashes of the rows of {self.name}: {error}") from error

    def _has_no_values(self) -> NoReturn:
        raise NotApplicable(f"of {self.name} only hashes of its rows are kept, no values")

    _data = property(_has_no_values)  # whatever needs values asks for it


def packed(table: Table) -> bytes:
    """The content to keep for a table."""
    head = struct.pack("<8sQ", MAGIC, len(table.columns))
    return head + np.sort(table.row_hashes).astype("<u8", copy=False).tobytes()


def unpacked(content: bytes) -> tuple[int, NDArray[np.uint64]]:
    """The number of columns, and the hashes. Raises ValueError for other content."""
    if content[:8] != MAGIC or (len(content) - HEAD_BYTES) % 8:
        raise ValueError("the content is not what was expected")
    width = struct.unpack_from("<Q", content, 8)[0]
    hashes = np.frombuffer(content, dtype="<u8", offset=HEAD_BYTES)
    return width, hashes.astype(np.uint64, copy=False)
