"""From rows to runs: one run whole, or many side by side as columns."""

from __future__ import annotations

import difflib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Text, and_, desc, false, literal, select, type_coerce

from aseptic import model
from aseptic.errors import RunNotFound
from aseptic.store import schema, sources
from aseptic.store.base import Acknowledged, RunColumns
from aseptic.store.chunks import read_points
from aseptic.store.query import selected_by
from aseptic.store.rows import time_text
from aseptic.store.values import from_json, original, unpack_value, value_from_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from aseptic.model import Direction, Run
    from aseptic.store.base import Series, Source

_FIELDS = (
    "name",
    "experiment",
    "status",
    "state",
    "started_at",
    "ended_at",
    "duration_s",
    "tags",
    "note",
    "is_starred",
    "is_baseline",
    "git_commit",
    "git_dirty",
    "notebook",
    "findings",
    "trashed_at",
    "upstream",
)
_LISTS = ("tags", "findings", "upstream")  # of other tables
_RUN_COLUMNS = ("run_no", "run_id", *(name for name in _FIELDS if name not in _LISTS))
_TIMES = ("started_at", "ended_at", "trashed_at")
_ACKNOWLEDGED = 200  # findings; those of newer runs have the reasons of older ones
_FEW = 500  # runs up to which their numbers are asked for one by one
_MANY = 30_000  # SQLite takes 32,766 values in one statement
_HEX = frozenset("0123456789abcdef")


# -- one run --------------------------------------------------------------------------------------
def get_run(connection: Connection, run: str, store: str) -> Run:
    """The run with this id, prefix or name. Raises RunNotFound; `store` is for its message."""
    row = _by_id(connection, run) or _by_name(connection, run)
    if row is None:
        raise RunNotFound(run, store, close=_close_to(connection, run))
    return _whole(connection, row)


def find_previous(
    connection: Connection,
    experiment: str,
    *,
    before: str,
    notebook: str | None,
    cell_id: str | None,
) -> Run | None:
    """The newest finished run of the experiment older than run `before`, or None."""
    runs = schema.runs.c
    older = select(runs.started_at).where(runs.run_id == before).scalar_subquery()
    asked = select(schema.runs).where(
        runs.experiment == experiment,
        runs.status == "finished",
        runs.trashed_at.is_(None),
        runs.run_id != before,
        runs.started_at <= older,
    )
    if cell_id is not None:
        at = runs.notebook.is_(None) if notebook is None else runs.notebook == notebook
        same = and_(runs.cell_id.is_not(None), runs.cell_id == cell_id, at)
        asked = asked.order_by(desc(same))
    newest = asked.order_by(runs.started_at.desc(), runs.run_no.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    return None if row is None else _whole(connection, row)


def _by_id(connection: Connection, run: str) -> Any:
    if not 4 <= len(run) <= 16 or not _HEX.issuperset(run):
        return None
    run_id = schema.runs.c.run_id
    asked = select(schema.runs).where(run_id >= run, run_id < run + "g").limit(2)
    rows = connection.execute(asked).mappings().all()
    return rows[0] if len(rows) == 1 else None


def _by_name(connection: Connection, name: str) -> Any:
    runs = schema.runs.c
    asked = select(schema.runs).where(runs.name == name, runs.trashed_at.is_(None))
    newest = asked.order_by(runs.started_at.desc(), runs.run_no.desc()).limit(1)
    return connection.execute(newest).mappings().first()


def _close_to(connection: Connection, run: str) -> list[str]:
    runs = schema.runs.c
    asked = select(runs.run_id, runs.name).order_by(runs.started_at.desc()).limit(1000)
    rows = connection.execute(asked).all()
    if len(run) >= 4 and (same := [row.run_id for row in rows if row.run_id.startswith(run)]):
        return same[:5]
    return difflib.get_close_matches(run, {row.name: None for row in rows}, n=3)


def _whole(connection: Connection, row: Any) -> Run:
    run_no = row["run_no"]
    git = from_json(row["git"], model.GitState)
    reasons = from_json(row["state_reasons"], tuple[str, ...])
    return model.Run(
        run_id=row["run_id"],
        name=row["name"],
        experiment=row["experiment"],
        status=row["status"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=_time(row["ended_at"]),
        duration_s=row["duration_s"],
        session_id=row["session_id"],
        notebook=row["notebook"],
        source=row["source"],
        tags=tuple(tag.tag for tag in _rows(connection, schema.tags, run_no)),
        note=row["note"],
        seed=unpack_value(row["seed_kind"], row["seed"], row["seed_text"]),
        is_starred=row["is_starred"],
        is_baseline=row["is_baseline"],
        trashed_at=_time(row["trashed_at"]),
        expects=from_json(row["expects"], tuple[str, ...]),
        state=model.State(kind=row["state"], reasons=reasons),
        params=_params(connection, run_no),
        metrics=_metrics(connection, run_no),
        data_inputs=_data_inputs(connection, run_no),
        artifacts=_artifacts(connection, run_no),
        findings=_findings(connection, run_no),
        checks=_checks(connection, run_no),
        git=git,
        environment=from_json(row["environment"], model.Environment),
        cells=_cells(connection, row),
        outputs=from_json(row["outputs"], model.Outputs),
        problems=_problems(connection, run_no),
    )


def _rows(connection: Connection, table: Table, run_no: int) -> Sequence[Any]:
    asked = select(table).where(table.c.run_no == run_no).order_by(table.c.position)
    return connection.execute(asked).all()


def _params(connection: Connection, run_no: int) -> dict[str, model.Param]:
    table = schema.params
    asked = select(table).where(table.c.run_no == run_no)
    uses: dict[str, list[model.ParamUse]] = {}
    notes: dict[str, str | None] = {}
    for row in connection.execute(asked.order_by(table.c.position, table.c.use)):
        use = model.ParamUse(
            value=unpack_value(row.kind, row.number, row.text),
            origin=from_json(row.origin, model.Origin),
        )
        uses.setdefault(row.name, []).append(use)
        notes[row.name] = row.note
    return {
        name: model.Param(name=name, uses=tuple(found), note=notes[name])
        for name, found in uses.items()
    }


def _metrics(connection: Connection, run_no: int) -> dict[str, model.Metric]:
    return {
        row.name: model.Metric(
            name=row.name,
            value=unpack_value(row.kind, row.number, row.text),
            direction=row.direction,
            count=row.count_,
            minimum=row.minimum,
            maximum=row.maximum,
            step=row.step,
            origin=row.origin,
        )
        for row in _metric_rows(connection, run_no)
    }


def _metric_rows(connection: Connection, run_no: int) -> Sequence[Any]:
    table = schema.metrics
    asked = select(table, table.c["count"].label("count_"))  # a row's `count` is a method
    here = asked.where(table.c.run_no == run_no).order_by(table.c.position)
    return connection.execute(here).all()


def _data_inputs(connection: Connection, run_no: int) -> dict[str, model.DataInput]:
    return {
        row.name: from_json(row.data_input, model.DataInput)
        for row in _rows(connection, schema.data_inputs, run_no)
    }


def _artifacts(connection: Connection, run_no: int) -> dict[str, model.Artifact]:
    return {
        row.name: model.Artifact(
            name=row.name,
            digest=row.digest,
            size_bytes=row.size_bytes,
            media_type=row.media_type,
            note=row.note,
            content_digest=row.content_digest,
        )
        for row in _rows(connection, schema.artifacts, run_no)
    }


def _findings(connection: Connection, run_no: int) -> tuple[model.Finding, ...]:
    return tuple(
        model.Finding(
            code=row.code,
            name=row.name,
            severity=row.severity,
            message=row.message,
            subject=row.subject,
            evidence=value_from_json(row.evidence),
            remedy=row.remedy,
            acknowledged=row.acknowledged,
        )
        for row in _rows(connection, schema.findings, run_no)
    )


def _checks(connection: Connection, run_no: int) -> tuple[model.CheckOutcome, ...]:
    return tuple(map(_outcome, _rows(connection, schema.checks, run_no)))


def _outcome(row: Any) -> model.CheckOutcome:
    return model.CheckOutcome(
        code=row.code,
        name=row.name,
        outcome=row.outcome,
        reason=row.reason,
        is_thorough=row.is_thorough,
        duration_s=row.duration_s,
    )


def _problems(connection: Connection, run_no: int) -> tuple[model.Problem, ...]:
    rows = _rows(connection, schema.problems, run_no)
    return tuple(model.Problem(what=row.what, reason=row.reason) for row in rows)


def _cells(connection: Connection, row: Any) -> tuple[model.Cell, ...]:
    """The session's cells up to the run's own; of a run without a cell, those begun before it."""
    table = schema.cells
    asked = select(table).where(table.c.session_id == row["session_id"])
    if row["cell_order"] is not None:
        asked = asked.where(table.c.cell_order <= row["cell_order"])
    cells = [
        msgspec.structs.replace(from_json(found.cell, model.Cell), run_id=found.run_id)
        for found in connection.execute(asked.order_by(table.c.cell_order))
    ]
    if row["cell_order"] is None:
        started_at = datetime.fromisoformat(row["started_at"])
        cells = [cell for cell in cells if cell.started_at <= started_at]
    return tuple(cells)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


# -- runs side by side ----------------------------------------------------------------------------
def read_runs(
    connection: Connection,
    query: str | None,
    *,
    experiment: str | None,
    run_ids: Collection[str] | None,
    trashed: bool,
    limit: int | None,
) -> RunColumns:
    """The runs that a query selects, as columns, newest first. Raises BadQuery."""
    chosen = _choose(connection, query, experiment, run_ids, trashed=trashed)
    columns = [schema.runs.c[name] for name in _RUN_COLUMNS]
    newest = (schema.runs.c.started_at.desc(), schema.runs.c.run_no.desc())
    rows = connection.execute(select(*columns).where(*chosen).order_by(*newest)).all()
    if run_ids is not None and len(run_ids) > _MANY:
        wanted = set(run_ids)
        rows = [row for row in rows if row.run_id in wanted]
    return _SideBySide(connection, rows[:limit]).columns()


def read_series(
    connection: Connection, run_ids: Sequence[str], metric: str | None, store: str
) -> list[Series]:
    """The series of these runs, in the order given. Raises RunNotFound."""
    numbers = run_numbers(connection, run_ids, store)
    series: list[Series] = []
    pieces = list(numbers.items())
    for start in range(0, len(pieces), _MANY):
        runs = {run_no: run_id for run_id, run_no in pieces[start : start + _MANY]}
        series += read_points(connection, runs, metric)
    return series


def read_findings(
    connection: Connection, run_ids: Collection[str], store: str
) -> dict[str, list[model.Finding]]:
    """The findings of these runs, by run id, without evidence. Raises RunNotFound."""
    numbers = run_numbers(connection, run_ids, store)
    ids = {run_no: run_id for run_id, run_no in numbers.items()}
    if not ids:
        return {}
    found: dict[str, list[model.Finding]] = {}
    checks, findings = schema.checks.c, schema.findings.c
    checked = select(checks.run_no).where(checks.run_no.between(min(ids), max(ids))).distinct()
    for run_no in connection.execute(checked).scalars():
        if run_no in ids:
            found[ids[run_no]] = []
    names = ("code", "name", "severity", "message", "subject", "acknowledged")
    asked = select(findings.run_no, *(findings[name] for name in names))
    here = asked.where(findings.run_no.between(min(ids), max(ids)))
    for run_no, *values in connection.execute(here.order_by(findings.run_no, findings.position)):
        if run_no in ids:
            finding = model.Finding(**dict(zip(names, values, strict=True)))
            found.setdefault(ids[run_no], []).append(finding)
    return found


def find_acknowledged(
    connection: Connection, experiment: str, before: datetime
) -> list[Acknowledged]:
    """What is acknowledged in an experiment, the newest run first."""
    runs, findings, inputs = schema.runs.c, schema.findings.c, schema.data_inputs.c
    names = ("run_no", "code", "subject", "evidence", "acknowledged")
    asked = (
        select(runs.name, *(findings[name] for name in names))
        .join(schema.findings, findings.run_no == runs.run_no)
        .where(runs.experiment == experiment, runs.trashed_at.is_(None))
        .where(runs.started_at < time_text(before), findings.acknowledged.is_not(None))
        .order_by(runs.started_at.desc(), findings.position)
        .limit(_ACKNOWLEDGED)
    )
    found = []
    for row in connection.execute(asked):
        evidence = value_from_json(row.evidence)
        table = evidence.get("table") if isinstance(evidence, dict) else None
        digest = None
        if table is not None:
            own = select(inputs.digest).where(inputs.run_no == row.run_no, inputs.name == table)
            digest = connection.execute(own).scalar()
        found.append(Acknowledged(row[0], row.code, row.subject, table, digest, row.acknowledged))
    return found


def read_checks(
    connection: Connection, run_ids: Collection[str], store: str
) -> dict[str, list[model.CheckOutcome]]:
    """How checks ended in these runs, by run id. Raises RunNotFound."""
    numbers = run_numbers(connection, run_ids, store)
    ids = {run_no: run_id for run_id, run_no in numbers.items()}
    found: dict[str, list[model.CheckOutcome]] = {}
    if ids:
        table = schema.checks
        here = select(table).where(table.c.run_no.between(min(ids), max(ids)))
        for row in connection.execute(here.order_by(table.c.run_no, table.c.position)):
            if row.run_no in ids:
                found.setdefault(ids[row.run_no], []).append(_outcome(row))
    return found


def read_sources(
    connection: Connection, run_ids: Collection[str], store: str
) -> dict[str, dict[str, Source]]:
    """By run id and data input: the run whose artifact it is. Raises RunNotFound."""
    numbers = run_numbers(connection, run_ids, store)
    ids = {run_no: run_id for run_id, run_no in numbers.items()}
    found: dict[str, dict[str, Source]] = {}
    for start in range(0, len(ids), _MANY):
        wanted = schema.data_inputs.c.run_no.in_(list(ids)[start : start + _MANY])
        for run_no, name, source in sources.read(connection, wanted):
            found.setdefault(ids[run_no], {})[name] = source
    return found


def run_numbers(connection: Connection, run_ids: Iterable[str], store: str) -> dict[str, int]:
    """The numbers of the runs with these ids, in the order given. Raises RunNotFound."""
    wanted = list(dict.fromkeys(run_ids))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _MANY):
        runs = schema.runs.c
        piece = wanted[start : start + _MANY]
        asked = select(runs.run_id, runs.run_no).where(runs.run_id.in_(piece))
        found |= {row.run_id: row.run_no for row in connection.execute(asked)}
    for run_id in wanted:
        if run_id not in found:
            raise RunNotFound(run_id, store, close=_close_to(connection, run_id))
    return {run_id: found[run_id] for run_id in wanted}


def _choose(
    connection: Connection,
    query: str | None,
    experiment: str | None,
    run_ids: Collection[str] | None,
    *,
    trashed: bool,
) -> list[ColumnElement[bool]]:
    runs = schema.runs.c
    chosen: list[ColumnElement[bool]] = []
    chosen.append(runs.trashed_at.is_not(None) if trashed else runs.trashed_at.is_(None))
    if experiment is not None:
        chosen.append(runs.experiment == experiment)
    if run_ids is not None and len(run_ids) <= _MANY:
        chosen.append(runs.run_id.in_(run_ids) if run_ids else false())
    if query is not None and query.strip():
        chosen.append(selected_by(query, connection))
    return chosen


class _SideBySide:
    """Rows of other tables as columns that are parallel to the rows of some runs."""

    def __init__(self, connection: Connection, rows: Sequence[Any]) -> None:
        self._connection = connection
        self._rows = rows
        self._index = {row.run_no: number for number, row in enumerate(rows)}

    def columns(self) -> RunColumns:
        """All of it."""
        metrics = self._values(schema.metrics, literal(0))
        params = self._values(schema.params, schema.params.c.use)
        filled_in = frozenset(params) - self._given_params()
        order = sorted(params, key=lambda name: (name != "model", name in filled_in))
        return RunColumns(
            run_ids=[row.run_id for row in self._rows],
            fields=self._fields(),
            params={name: params[name] for name in order},
            metrics=metrics,
            data=self._data(),
            directions=self._directions(metrics),
            filled_in=filled_in,
        )

    def _given_params(self) -> set[str]:
        """The params that a person set in at least one of the runs."""
        if not self._index:
            return set()
        table = schema.params
        asked = select(table.c.name).where(
            self._is_ours(table.c.run_no), table.c.how.not_in(model.FILLED_IN)
        )
        return {"model", *self._connection.execute(asked.distinct()).scalars()}

    def _fields(self) -> dict[str, list[Any]]:
        columns = dict(zip(_RUN_COLUMNS, zip(*self._rows, strict=True), strict=False))
        columns = columns or dict.fromkeys(_RUN_COLUMNS, ())
        fields: dict[str, list[Any]] = {}
        for name in _FIELDS:
            if name == "tags":
                fields[name] = self._tuples(schema.tags.c.tag, schema.tags.c.position)
            elif name == "findings":
                found = schema.findings.c
                is_open = found.acknowledged.is_(None)
                fields[name] = self._tuples(found.code, found.position, where=is_open)
            elif name == "upstream":
                fields[name] = self._upstream()
            else:
                column = columns[name]
                fields[name] = [_time(text) for text in column] if name in _TIMES else list(column)
        return fields

    def _upstream(self) -> list[tuple[str, ...]]:
        found: list[dict[str, None]] = [{} for _ in self._rows]
        if self._index:
            ours = self._is_ours(schema.data_inputs.c.run_no)
            for run_no, _, source in sources.read(self._connection, ours):
                if run_no in self._index:
                    found[self._index[run_no]][source.said] = None
        return list(map(tuple, found))

    def _directions(self, metrics: Collection[str]) -> dict[str, Direction]:
        table = schema.metrics
        asked = select(table.c.name, table.c.direction).where(table.c.direction.is_not(None))
        rows = self._connection.execute(asked.distinct()) if metrics else ()
        return {name: direction for name, direction in rows if name in metrics}

    def _values(self, table: Table, use: ColumnElement[int]) -> dict[str, list[Any]]:
        """A value a run and name; the second and later uses make it a tuple."""
        columns: dict[str, list[Any]] = {}
        index, size = self._index, len(self._rows)
        raw = (table.c.name, use, table.c.kind, table.c.number, table.c.text)
        for run_no, name, number_of_use, kind, number, text in self._select(*raw):
            if run_no in index:
                column = columns.get(name)
                if column is None:
                    column = columns[name] = [None] * size
                is_plain = kind == "float" and text is None  # most are: no call for these
                value = number if is_plain else _value(kind, number, text)
                at = index[run_no]
                if number_of_use:
                    before = column[at] if number_of_use > 1 else (column[at],)
                    column[at] = (*before, value)
                else:
                    column[at] = value
        return {original(name): column for name, column in columns.items()}

    def _data(self) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {}
        for run_no, name, digest in self._select(
            schema.data_inputs.c.name, schema.data_inputs.c.digest
        ):
            if run_no in self._index:
                column = columns.setdefault(original(name), [None] * len(self._rows))
                column[self._index[run_no]] = None if digest is None else original(digest)
        return columns

    def _tuples(
        self,
        column: ColumnElement[Any],
        position: ColumnElement[Any],
        *,
        where: ColumnElement[bool] | None = None,
    ) -> list[tuple[str, ...]]:
        found: list[dict[tuple[int, str], str]] = [{} for _ in self._rows]
        for run_no, text, place in self._select(column, position, where=where):
            if run_no in self._index:
                found[self._index[run_no]][place, text] = original(text)
        return [tuple(dict.fromkeys(texts[at] for at in sorted(texts))) for texts in found]

    def _select(
        self, first: Any, *others: Any, where: ColumnElement[bool] | None = None
    ) -> Sequence[Any]:
        """Plain rows that begin with the run's number; those of other runs may be among them."""
        if not self._index:
            return ()
        run_no = first.table.c.run_no
        asked = select(run_no, *(_raw(column) for column in (first, *others)))
        asked = asked.where(self._is_ours(run_no), *([] if where is None else [where]))
        cursor = self._connection.execute(asked).cursor
        return cursor.fetchall()  # tuples: a Row for each would cost as much again

    def _is_ours(self, run_no: Any) -> ColumnElement[bool]:
        """Of these runs; where they are many, of those between them too."""
        if len(self._index) <= _FEW:
            return run_no.in_(self._index)  # type: ignore[no-any-return]  # a column's method
        return run_no.between(min(self._index), max(self._index))  # type: ignore[no-any-return]  # as above


def _raw(column: Any) -> Any:
    """The column without its conversion, which would be a call for every row."""
    return type_coerce(column, Text) if isinstance(column.type, schema.AnyText) else column


def _value(kind: str, number: float | None, text: str | None) -> Any:
    value = unpack_value(kind, number, text)
    return original(value) if kind == "str" else value
