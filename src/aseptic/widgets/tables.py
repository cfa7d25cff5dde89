"""The run table for the browser, from the columns that a store reads. Opens no store."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from aseptic.comparison import differing, main_metric, metric_direction
from aseptic.contract import Column, RunTable
from aseptic.show import readable
from aseptic.widgets.findings import severities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from aseptic.contract import ColumnKind
    from aseptic.model import Finding
    from aseptic.store.base import RunColumns

#: The NaN that stands for a missing number, as R has it (its low word is 1954).
MISSING = np.uint64(0x7FF00000000007A2)
#: Longer texts of values are cut: a cell of the table has one line.
LONGEST = 120
LOW_WORD = np.uint64(0xFFFFFFFF)
#: Beyond this, float64 cannot tell one integer from the next.
LARGEST_INTEGER = 2**53

#: Run fields in the order of their columns: key → label, kind, group.
FIELDS: dict[str, tuple[str, str, str]] = {
    "name": ("run", "text", "run"),
    "started_at": ("started", "time", "run"),
    "experiment": ("experiment", "text", "run"),
    "status": ("status", "status", "run"),
    "state": ("state", "state", "run"),
    "tags": ("tags", "tags", "run"),
    "note": ("note", "text", "run"),
    "git_commit": ("git", "digest", "git"),
    "git_dirty": ("uncommitted", "bool", "git"),
    "notebook": ("notebook", "text", "run"),
    "findings": ("findings", "findings", "run"),
    "upstream": ("from", "tags", "run"),
    "duration_s": ("took", "number", "run"),
    "is_starred": ("star", "bool", "run"),
    "is_baseline": ("baseline", "bool", "run"),
}


def run_table(
    columns: RunColumns,
    *,
    project: str = "",
    total: int | None = None,
    findings: Mapping[str, Sequence[Finding]] | None = None,
) -> RunTable:
    """The table of these runs; `total` counts the runs of the project, if that is more.

    `findings` of the runs, by run id, say how severe those in the table are.
    """
    return RunTable(
        project=project,
        run_ids=list(columns.run_ids),
        columns=[_with_severities(one, columns, findings or {}) for one in _columns(columns)],
        total=len(columns.run_ids) if total is None else total,
        main_metric=main_metric(columns),
    )


def _with_severities(
    column: Column, columns: RunColumns, findings: Mapping[str, Sequence[Finding]]
) -> Column:
    if column.kind != "findings" or not findings:
        return column
    found = [findings.get(run_id, ()) for run_id in columns.run_ids]
    levels = list(map(severities, column.values, found))
    return msgspec.structs.replace(column, severities=levels)


def floats(values: list[Any]) -> NDArray[np.float64]:
    """The numbers as float64, with the missing NaN for None."""
    array = np.array([np.nan if value is None else value for value in values], dtype="<f8")
    if None in values:
        array.view("<u8")[[value is None for value in values]] = MISSING
    return array


def is_missing(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a number is missing, as against one that is NaN."""
    words = np.ascontiguousarray(values, dtype="<f8").view("<u8")
    missing: NDArray[np.bool_] = np.isnan(values) & ((words & LOW_WORD) == np.uint64(1954))
    return missing


def _columns(columns: RunColumns) -> Iterator[Column]:
    differs = differing(columns)
    for name, (label, kind, group) in FIELDS.items():
        if name in columns.fields:
            yield _field(name, label, kind, group, columns.fields[name], name in differs)
    for name, values in columns.metrics.items():
        key = f"metrics.{name}"
        yield _numbers_or_text(
            key, name, "metrics", values, key in differs, metric_direction(columns, name)
        )
    for name, values in columns.params.items():
        key = f"params.{name}"
        yield _numbers_or_text(key, name, "params", values, key in differs, None)
    for name, values in columns.data.items():
        key = f"data.{name}"
        yield Column(
            key=key, label=name, group="data", kind="digest", differs=key in differs, values=values
        )


def _field(key: str, label: str, kind: Any, group: Any, values: list[Any], differs: bool) -> Column:
    shown: Any = values
    if kind in ("number", "time"):
        shown = floats([_seconds(value) for value in values]).tobytes()
    elif kind in ("tags", "findings"):
        shown = [list(value or ()) for value in values]
    elif kind == "state":
        shown = [getattr(value, "kind", value) for value in values]
    return Column(key=key, label=label, group=group, kind=kind, differs=differs, values=shown)


def _numbers_or_text(
    key: str, label: str, group: Any, values: list[Any], differs: bool, direction: Any
) -> Column:
    kind: ColumnKind = "number" if all(map(_is_plain_number, values)) else "text"
    numbers = [value for value in values if value is not None]
    if not numbers:
        kind = "text"
    return Column(
        key=key,
        label=label,
        group=group,
        kind=kind,
        direction=direction,
        differs=differs,
        is_integer=kind == "number" and all(isinstance(value, int) for value in numbers),
        values=floats(values).tobytes()
        if kind == "number"
        else [None if value is None else readable.value(value, width=LONGEST) for value in values],
    )


def _is_plain_number(value: Any) -> bool:
    if value is None or isinstance(value, float):
        return True
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return is_integer and abs(value) <= LARGEST_INTEGER


def _seconds(value: Any) -> float | None:
    if isinstance(value, datetime):
        return value.timestamp()
    return None if value is None else float(value)
