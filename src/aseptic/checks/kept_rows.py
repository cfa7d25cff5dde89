"""Which tables' rows a run has kept as hashes: for when the data are gone.

Of each table one 64-bit hash a row (`capture/row_hashes.py`), sorted: which rows two tables share
can be told, and that data are the same in another order, but no value and not the order. A table of
one column is left out, as the hash of a single number can be turned back into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from aseptic.checks.roles import is_target_name, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aseptic.checks.tables import Role
    from aseptic.model import Run

MEDIA_TYPE = "application/x-aseptic-row-hashes"
#: Artifacts with the hashes of tables that are no data inputs: `row-hashes/test/X_test`.
FOLDER = "row-hashes"
MOST_ROWS = 5_000_000  # of all tables of a run: 40 MB
FEWEST_COLUMNS = 2
HEAD_BYTES = 16  # before the hashes, see `hashed_table.py`


class KeptRows(NamedTuple):
    """Where the hashes of one table are kept. Equal digests: the same rows, in whatever order."""

    name: str
    role: Role
    rows: int
    digest: str


def kept_rows(run: Run) -> Iterator[KeptRows]:
    """The tables whose hashes a run has, data inputs first."""
    for data in run.data_inputs.values():
        if data.row_hashes is not None and data.shape and not is_target_name(data.name):
            role: Any = data.role or role_of(data.name) or "data"
            yield KeptRows(data.name, role, data.shape[0], data.row_hashes)
    for artifact in run.artifacts.values():
        if artifact.media_type == MEDIA_TYPE:
            _, role, name = artifact.name.split("/", 2)
            rows = (artifact.size_bytes - HEAD_BYTES) // 8
            yield KeptRows(name, role, rows, artifact.digest)
