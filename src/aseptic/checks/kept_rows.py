"""The rows of a run's data as hashes that are kept with the run: for when the data are gone.

Of each table one 64-bit hash a row (`capture/row_hashes.py`), sorted: which rows two tables share
can be told, and that data are the same in another order, but no value and not the order. A table of
one column is left out, as the hash of a single number can be turned back into it.

The content is `MAGIC`, the number of columns as 8 bytes, then the hashes, all little-endian.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import msgspec
import numpy as np

from aseptic.checks.check import NotApplicable
from aseptic.checks.roles import is_target_name, role_of
from aseptic.checks.tables import Role, Table
from aseptic.errors import AsepticError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from aseptic.model import Run

MAGIC = b"aserows1"
MEDIA_TYPE = "application/x-aseptic-row-hashes"
#: Artifacts with the hashes of tables that are no data inputs: `row-hashes/test/X_test`.
FOLDER = "row-hashes"
MOST_ROWS = 5_000_000  # of all tables of a run: 40 MB
_HEAD = struct.calcsize("<8sQ")
FEWEST_COLUMNS = 2


class HashedTable(Table):
    """A table of which only the hashes of its rows are known. Asked for values: NotApplicable."""

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

    is_hashed = True

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
    if content[:8] != MAGIC or (len(content) - _HEAD) % 8:
        raise ValueError("the content is not what was expected")
    width = struct.unpack_from("<Q", content, 8)[0]
    return width, np.frombuffer(content, dtype="<u8", offset=_HEAD).astype(np.uint64, copy=False)


class KeptRows(msgspec.Struct, frozen=True):
    """Where the hashes of one table are kept. Equal digests: the same rows, in whatever order."""

    name: str
    role: Role
    rows: int
    digest: str

    def table(self, read: Callable[[str], bytes]) -> HashedTable:
        """The table; `read` gives the content of a digest, when it is asked for."""
        return HashedTable(self.name, self.role, self.rows, lambda: read(self.digest))


def kept_rows(run: Run) -> Iterator[KeptRows]:
    """The tables whose hashes a run has, data inputs first."""
    for data in run.data_inputs.values():
        if data.row_hashes is not None and data.shape and not is_target_name(data.name):
            yield KeptRows(data.name, _role(data.role, data.name), data.shape[0], data.row_hashes)
    for artifact in run.artifacts.values():
        if artifact.media_type == MEDIA_TYPE:
            _, role, name = artifact.name.split("/", 2)
            rows = (artifact.size_bytes - _HEAD) // 8
            yield KeptRows(name, _role(role, name), rows, artifact.digest)


def _role(role: Any, name: str) -> Role:
    found: Role = role if role in get_args(Role) else role_of(name) or "data"
    return found
