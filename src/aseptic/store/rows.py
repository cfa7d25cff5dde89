"""From records to rows: what folding writes for one run."""

from __future__ import annotations

import math
import struct
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from sqlalchemy import and_, bindparam, delete, insert, select, update

from aseptic import model
from aseptic.direction import direction_of
from aseptic.store import schema
from aseptic.store.chunks import Points, write_points
from aseptic.store.values import pack_value, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Delete, Table

    from aseptic.store.base import Record

_SHAPE_NUMBER = struct.Struct("<xI")

#: Records of which a run has one, and the columns they fill.
_SINGLE = {model.GitState: "git", model.Environment: "environment", model.Outputs: "outputs"}

#: Findings that agree in these are one.
FINDING_KEY = ("code", "name", "subject", "message")
#: What a person said of a finding outlives what the run says again.
_BY_PERSONS = ("acknowledged",)


def time_text(time: datetime) -> str:
    """A time as it stands in the database: ISO, UTC, of one length, so that it sorts."""
    return time.astimezone(timezone.utc).isoformat(timespec="microseconds")


def find_run_no(connection: Connection, run_id: str) -> int | None:
    """The number of the run, or None."""
    asked = select(schema.runs.c.run_no).where(schema.runs.c.run_id == run_id)
    return connection.execute(asked).scalar_one_or_none()


def write_session(connection: Connection, session: model.Session) -> None:
    """Writes the session, unless it is there."""
    table = schema.sessions
    asked = select(table.c.session_id).where(table.c.session_id == session.session_id)
    if connection.execute(asked).first() is None:
        values = msgspec.structs.asdict(session) | {"started_at": time_text(session.started_at)}
        connection.execute(insert(table), values)


def write_cell(connection: Connection, session_id: str, cell: model.Cell) -> None:
    """Writes the cell in place of the one of the same order; the run it was stays known."""
    table = schema.cells.c
    at = and_(table.session_id == session_id, table.cell_order == cell.order)
    values = {"cell": to_json(cell)}
    if cell.run_id is not None:
        values["run_id"] = cell.run_id
    if not connection.execute(update(schema.cells).where(at).values(values)).rowcount:
        key = {"session_id": session_id, "cell_order": cell.order}
        connection.execute(insert(schema.cells), values | key)


def start_run(connection: Connection, start: model.RunStart) -> int:
    """Writes the run as it began; returns its number."""
    run_no = find_run_no(connection, start.run_id)
    if run_no is not None:
        return run_no
    if start.cell is not None:
        cell = msgspec.structs.replace(start.cell, run_id=start.run_id)
        write_cell(connection, start.session.session_id, cell)
    inserted = connection.execute(insert(schema.runs), _run_row(start))
    assert inserted.inserted_primary_key is not None
    run_no = int(inserted.inserted_primary_key[0])
    rows = [
        {"run_no": run_no, "tag": tag, "position": position}
        for position, tag in enumerate(dict.fromkeys(start.tags))
    ]
    _insert(connection, schema.tags, rows)
    return run_no


def _run_row(start: model.RunStart) -> dict[str, Any]:
    seed_kind, seed, seed_text = pack_value(start.seed)
    return {
        "run_id": start.run_id,
        "name": start.name,
        "experiment": start.experiment,
        "status": "running",
        "started_at": time_text(start.started_at),
        "session_id": start.session.session_id,
        "notebook": start.session.notebook,
        "cell_id": start.cell.cell_id if start.cell else None,
        "cell_order": start.cell.order if start.cell else None,
        "source": start.source,
        "note": start.note,
        "seed_kind": seed_kind,
        "seed": seed,
        "seed_text": seed_text,
        "is_starred": False,
        "is_baseline": False,
        "baseline": start.baseline,
        "expects": to_json(start.expects),
        "state": "unknown",
        "state_reasons": "[]",
        "git": "{}",
        "environment": "{}",
        "outputs": "{}",
        "frames": 0,
    }


class RunWriter:
    """Gathers what a journal says of a run, and writes it with few statements."""

    def __init__(
        self, connection: Connection, run_no: int, shapes: Iterable[tuple[Sequence[str], str]]
    ) -> None:
        self._connection = connection
        self._run_no = run_no
        self.shapes = [(tuple(names), types) for names, types in shapes]
        runs = schema.runs.c
        asked = select(runs.frames, runs.started_at).where(runs.run_no == run_no)
        found = connection.execute(asked).one_or_none()
        self._started_at = found.started_at if found else None
        self._frames = self._first = found.frames if found else 0
        self._is_new = not self._frames  # then no row of the run is there to be replaced
        self._records: dict[tuple[Any, ...], tuple[int, Record]] = {}
        self._points: dict[int, tuple[list[bytes], list[int]]] = {}

    def add(self, record: Record) -> None:
        """A record; it replaces an earlier one of the same kind and name."""
        if isinstance(record, model.Withdrawal):
            self._withdraw(record.code)
            return
        self._records[_key(record)] = (self._frames, record)
        self._frames += 1

    def _withdraw(self, code: str) -> None:
        """Findings of a check so far, written or not, make room for those that follow."""
        for key in [key for key in self._records if key[:2] == (model.Finding, code)]:
            del self._records[key]
        if not self._is_new:
            table = schema.findings
            at = and_(table.c.run_no == self._run_no, table.c.code == code)
            self._connection.execute(delete(table).where(at))
        self._frames += 1

    def add_shape(self, names: Sequence[str], types: str) -> None:
        """The next shape of point frames."""
        self.shapes.append((tuple(names), types))

    def add_points(self, body: bytes) -> None:
        """The points of one `log` call, as they are in the journal."""
        (shape,) = _SHAPE_NUMBER.unpack_from(body)
        bodies, frames = self._points.setdefault(shape, ([], []))
        bodies.append(body)
        frames.append(self._frames)
        self._frames += 1

    def flush(self) -> None:
        """Writes what was gathered."""
        if self._frames == self._first:
            return
        series = [
            points
            for shape, (bodies, frames) in self._points.items()
            for points in write_points(
                self._connection, self._run_no, self.shapes[shape], bodies, frames
            )
        ]
        self._write_metrics(series)
        self._write_params()
        self._write_named(model.DataInput, schema.data_inputs, _data_input_row)
        self._write_named(model.Artifact, schema.artifacts, self._artifact_row)
        self._write_listed(model.Finding, schema.findings, FINDING_KEY)
        self._write_listed(model.CheckOutcome, schema.checks, ("code",))
        self._write_listed(model.Problem, schema.problems, ("what", "reason"))
        self._write_run()
        self._records, self._points = {}, {}
        self._first, self._is_new = self._frames, False

    def _of(self, kind: type[Any]) -> Iterator[tuple[int, Any]]:
        return (entry for entry in self._records.values() if isinstance(entry[1], kind))

    # -- the run itself ---------------------------------------------------------------------
    def _write_run(self) -> None:
        values: dict[str, Any] = {"frames": self._frames}
        for _, record in self._records.values():
            column = _SINGLE.get(type(record))
            if column is not None:
                values[column] = to_json(record)
            if isinstance(record, model.State):
                values |= {"state": record.kind, "state_reasons": to_json(record.reasons)}
            elif isinstance(record, model.GitState):
                values |= {
                    "git_commit": record.commit,
                    "git_branch": record.branch,
                    "git_dirty": record.is_dirty,
                }
        at = schema.runs.c.run_no == self._run_no
        self._connection.execute(update(schema.runs).where(at).values(values))

    # -- what has a name --------------------------------------------------------------------
    def _write_params(self) -> None:
        rows = [
            {
                "run_no": self._run_no,
                "position": position,
                "use": number,
                "name": param.name,
                **_value_row(use.value),
                "how": use.origin.how,
                "origin": to_json(use.origin),
                "note": param.note,
            }
            for position, param in self._of(model.Param)
            for number, use in enumerate(param.uses)
        ]
        self._replace(schema.params, [param.name for _, param in self._of(model.Param)], rows)

    def _write_named(self, kind: type[Any], table: Table, to_row: Any) -> None:
        rows = [
            {"run_no": self._run_no, "position": position, **to_row(record)}
            for position, record in self._of(kind)
        ]
        self._replace(table, [row["name"] for row in rows], rows)

    def _artifact_row(self, record: model.Artifact) -> dict[str, Any]:
        return msgspec.structs.asdict(record) | {"run_started_at": self._started_at}

    def _replace(self, table: Table, names: list[str], rows: list[dict[str, Any]]) -> None:
        if names and not self._is_new:
            keys = [{"of_run": self._run_no, "of_name": name} for name in names]
            self._connection.execute(_delete_named(table), keys)
        _insert(self._connection, table, rows)

    def _write_listed(self, kind: type[Any], table: Table, key: tuple[str, ...]) -> None:
        rows = [(position, listed_row(record)) for position, record in self._of(kind)]
        known = self._known(table, key) if rows else set()
        new = []
        for position, row in rows:
            if tuple(row[name] for name in key) in known:
                self._update_listed(table, key, row)
            else:
                new.append({**row, "run_no": self._run_no, "position": position})
        _insert(self._connection, table, new)

    def _known(self, table: Table, key: tuple[str, ...]) -> set[tuple[Any, ...]]:
        """The keys of the rows that the run has."""
        if self._is_new:
            return set()
        asked = select(*(table.c[name] for name in key)).where(table.c.run_no == self._run_no)
        return {tuple(row) for row in self._connection.execute(asked)}

    def _update_listed(self, table: Table, key: tuple[str, ...], row: dict[str, Any]) -> None:
        same = [table.c[name] == row[name] for name in key]
        said = {name: value for name, value in row.items() if name not in _BY_PERSONS}
        at = and_(table.c.run_no == self._run_no, *same)
        self._connection.execute(update(table).where(at).values(said))

    # -- numbers ----------------------------------------------------------------------------
    def _write_metrics(self, series: list[Points]) -> None:
        records = [record for _, record in self._of(model.Metric)]
        if not records and not series:
            return
        summaries = {} if self._is_new else self._read_summaries()
        touched = {item.name for item in (*records, *series)}
        for points in sorted(series, key=lambda points: int(points.frame[-1])):
            row = summaries.setdefault(points.name, _new_summary())
            _add_points(row, points)
        for position, record in self._of(model.Metric):
            _add_record(summaries.setdefault(record.name, _new_summary()), record)
            summaries[record.name].setdefault("position", position)
        rows = [{"run_no": self._run_no, "name": name, **summaries[name]} for name in touched]
        self._replace(schema.metrics, list(touched), rows)

    def _read_summaries(self) -> dict[str, dict[str, Any]]:
        table = schema.metrics
        rows = self._connection.execute(select(table).where(table.c.run_no == self._run_no))
        return {
            row["name"]: {key: row[key] for key in row if key not in ("run_no", "name")}
            for row in rows.mappings()
        }


def _key(record: Record) -> tuple[Any, ...]:
    if isinstance(record, model.Finding):
        return (model.Finding, *(getattr(record, name) for name in FINDING_KEY))
    if isinstance(record, model.CheckOutcome):
        return (model.CheckOutcome, record.code)
    if isinstance(record, model.Problem):
        return (model.Problem, record.what, record.reason)
    return (type(record), getattr(record, "name", None))


def listed_row(record: Record) -> dict[str, Any]:
    """The columns of a record that has no name of its own."""
    values = msgspec.structs.asdict(record)
    if "evidence" in values:
        values["evidence"] = to_json(values["evidence"])
    return values


def _value_row(value: Any) -> dict[str, Any]:
    kind, number, text = pack_value(value)
    return {"kind": kind, "number": number, "text": text}


def _data_input_row(record: model.DataInput) -> dict[str, Any]:
    return {
        "name": record.name,
        "digest": record.digest,
        "row_hashes": record.row_hashes,
        "data_input": to_json(record),
        "from_run": record.from_run,
    }


def _new_summary() -> dict[str, Any]:
    return {
        **_value_row(math.nan),
        "direction": None,
        "count": 0,
        "points": 0,
        "minimum": None,
        "maximum": None,
        "step": None,
        "origin": None,
    }


def _add_points(row: dict[str, Any], points: Points) -> None:
    """The summary after these points: a series outdoes a number that was recorded alone."""
    if not row["points"]:
        row |= {"minimum": None, "maximum": None, "count": 0}
        row["origin"] = row["origin"] or "log"
        row["direction"] = row["direction"] or direction_of(points.name)
    numbers = points.value[~np.isnan(points.value)]
    if len(numbers):
        lows = [float(numbers.min()), row["minimum"]]
        highs = [float(numbers.max()), row["maximum"]]
        row["minimum"] = min(low for low in lows if low is not None)
        row["maximum"] = max(high for high in highs if high is not None)
    step = float(points.step[-1])
    row |= _value_row(points.value[-1].item())
    row |= {"step": None if math.isnan(step) else step}
    row["count"] = row["points"] = row["points"] + len(points.value)
    row.setdefault("position", int(points.frame[0]))


def _add_record(row: dict[str, Any], record: model.Metric) -> None:
    """The summary after this record: beside a series it says only which way is better."""
    row["direction"] = record.direction or row["direction"]
    row["origin"] = record.origin or row["origin"]
    if not row["points"]:
        row |= _value_row(record.value)
        for name in ("count", "minimum", "maximum", "step"):
            row[name] = getattr(record, name)


@cache
def _delete_named(table: Table) -> Delete:
    return delete(table).where(
        table.c.run_no == bindparam("of_run"), table.c.name == bindparam("of_name")
    )


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)
