"""Keeps hashes of the rows of a cell's data with its run, for when the data are gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from aseptic.checks.hashed_table import packed
from aseptic.checks.kept_rows import FEWEST_COLUMNS, FOLDER, MEDIA_TYPE, MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.active_run import ActiveRun
    from aseptic.checks.tables import Table

_SECONDS_PER_CELL = 6e-9  # to hash it, from some 1,000,000 cells on
_SECONDS_PER_ROW = 1e-7  # to sort and to write it
_SECONDS_PER_TABLE = 0.02  # to write it where it is new


def keep_rows(run: ActiveRun, tables: Sequence[Table], *, until: float) -> None:
    """Keeps the hashes of those tables for which there is time, the smallest first.

    `until` is of `time.perf_counter`. Those of data inputs are named in their record, others are
    artifacts.
    """
    inputs = run.snapshot().data_inputs
    left = MOST_ROWS
    for table in sorted(tables, key=len):
        is_late = time.perf_counter() + _expected_s(table) > until
        if len(table) > left or is_late or len(table.columns) < FEWEST_COLUMNS:
            continue
        left -= len(table)
        content = packed(table)
        if table.name in inputs:
            digest, _ = run.store.put_object(content)
            run.record(msgspec.structs.replace(inputs[table.name], row_hashes=digest))
        else:
            name = f"{FOLDER}/{table.role}/{table.name}"
            run.keep(content, name=name, media_type=MEDIA_TYPE)


def _expected_s(table: Table) -> float:
    rows, width = len(table), len(table.columns)
    hashing = 0.0 if "row_hashes" in vars(table) else rows * width * _SECONDS_PER_CELL
    return _SECONDS_PER_TABLE + hashing + rows * _SECONDS_PER_ROW
