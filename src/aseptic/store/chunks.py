"""Where the points of a run lie in the database: in chunks of columns, not in rows.

A chunk holds what one kind of `log` call wrote: step, time and place in the run once, and a
column of values for each metric, so that one metric can be read without the others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import and_, delete, func, insert, select

from aseptic.store import schema
from aseptic.store.base import Series
from aseptic.store.series import decode_column, encode_column, join_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Row

#: A chunk with fewer points takes the next ones in; a longer one is left alone.
CHUNK_POINTS = 4096
_LONGEST = 1 << 16

#: How a point frame begins; see `journal`.
_HEAD = (("kind", "u1"), ("shape", "<u4"), ("time_s", "<f8"), ("step", "<f8"))
_TYPES = {"d": "<f8", "q": "<i8"}
_AXES = ("frame", "step", "time_s")


class Points(NamedTuple):
    """New points of one metric, in the order in which they were logged."""

    name: str
    frame: NDArray[np.int64]
    step: NDArray[np.float64]
    value: NDArray[Any]


def write_points(
    connection: Connection,
    run_no: int,
    shape: tuple[Sequence[str], str],
    bodies: Sequence[bytes],
    frames: Sequence[int],
) -> list[Points]:
    """Writes the bodies of point frames of one shape; returns the points by metric."""
    names, types = shape
    fields = [(f"v{number}", _TYPES[kind]) for number, kind in enumerate(types)]
    table = np.frombuffer(b"".join(bodies), np.dtype([*_HEAD, *fields]))
    axes = {"frame": np.array(frames, "<i8"), "step": table["step"], "time_s": table["time_s"]}
    values = {name: table[f"v{number}"] for number, name in enumerate(names)}
    _store(connection, run_no, json.dumps([list(names), types]), axes, values)
    return [Points(name, axes["frame"], axes["step"], value) for name, value in values.items()]


def read_points(
    connection: Connection, runs: Mapping[int, str], metric: str | None
) -> list[Series]:
    """The series of these runs (number → id), in that order; of one metric or of all."""
    pieces: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
    axes: dict[tuple[int, int], tuple[Any, ...]] = {}
    for row in connection.execute(_chunks_of(runs, metric)):
        at = (row.run_no, row.chunk)
        if at not in axes:
            axes[at] = tuple(decode_column(getattr(row, axis)) for axis in _AXES)
        value = decode_column(row.value)
        pieces.setdefault((row.run_no, row.name), []).append((*axes[at], value))
    order = {run_no: number for number, run_no in enumerate(runs)}
    keys = sorted(pieces, key=lambda key: (order[key[0]], int(pieces[key][0][0][0]), key[1]))
    return [_joined(runs[run_no], name, pieces[run_no, name]) for run_no, name in keys]


def _chunks_of(runs: Iterable[int], metric: str | None) -> Any:
    chunks, values = schema.series_chunks, schema.series_values
    same = and_(chunks.c.run_no == values.c.run_no, chunks.c.chunk == values.c.chunk)
    asked = (
        select(values, chunks.c.frame, chunks.c.step, chunks.c.time_s)
        .join_from(values, chunks, same)
        .where(values.c.run_no.in_(runs))
        .order_by(values.c.run_no, values.c.chunk)
    )
    return asked if metric is None else asked.where(values.c.name == metric)


def _joined(run_id: str, name: str, pieces: Sequence[tuple[Any, ...]]) -> Series:
    """One series; what was logged in different shapes is put into the order of logging."""
    frame, step, time_s, value = (join_columns(columns) for columns in zip(*pieces, strict=True))
    if (np.diff(frame) < 0).any():
        order = np.argsort(frame, kind="stable")
        step, time_s, value = step[order], time_s[order], value[order]
    return Series(run_id, name, step, time_s, value)


def _store(
    connection: Connection,
    run_no: int,
    shape: str,
    axes: dict[str, Any],
    values: dict[str, Any],
) -> None:
    last = _last_chunk(connection, run_no, shape)
    if last is not None and last.points < CHUNK_POINTS:
        axes, values = _extended(connection, last, axes, values)
        chunk = last.chunk
        _remove_chunk(connection, run_no, chunk)
    else:
        chunk = _next_chunk(connection, run_no)
    for start in range(0, len(axes["frame"]), _LONGEST):
        piece = slice(start, start + _LONGEST)
        _write_chunk(connection, (run_no, chunk, shape), axes, values, piece)
        chunk = _next_chunk(connection, run_no)


def _last_chunk(connection: Connection, run_no: int, shape: str) -> Row[Any] | None:
    table = schema.series_chunks
    asked = select(table).where(table.c.run_no == run_no, table.c.shape == shape)
    return connection.execute(asked.order_by(table.c.chunk.desc()).limit(1)).first()


def _next_chunk(connection: Connection, run_no: int) -> int:
    table = schema.series_chunks
    asked = select(func.max(table.c.chunk)).where(table.c.run_no == run_no)
    highest = connection.execute(asked).scalar_one()
    return 0 if highest is None else int(highest) + 1


def _extended(
    connection: Connection, last: Row[Any], axes: dict[str, Any], values: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    table = schema.series_values
    asked = select(table.c.name, table.c.value)
    here = asked.where(table.c.run_no == last.run_no, table.c.chunk == last.chunk)
    old = {name: decode_column(value) for name, value in connection.execute(here)}
    return (
        {axis: join_columns([decode_column(getattr(last, axis)), axes[axis]]) for axis in _AXES},
        {name: join_columns([old[name], value]) for name, value in values.items()},
    )


def _remove_chunk(connection: Connection, run_no: int, chunk: int) -> None:
    for table in (schema.series_values, schema.series_chunks):
        at = and_(table.c.run_no == run_no, table.c.chunk == chunk)
        connection.execute(delete(table).where(at))


def _write_chunk(
    connection: Connection,
    key: tuple[int, int, str],
    axes: dict[str, Any],
    values: dict[str, Any],
    piece: slice,
) -> None:
    run_no, chunk, shape = key
    here = {"run_no": run_no, "chunk": chunk}
    columns: dict[str, Any] = {axis: encode_column(axes[axis][piece]) for axis in _AXES}
    points = len(axes["frame"][piece])
    row = {**here, "shape": shape, "points": points, **columns}
    connection.execute(insert(schema.series_chunks), row)
    rows = [
        {**here, "name": name, "value": encode_column(value[piece])}
        for name, value in values.items()
    ]
    connection.execute(insert(schema.series_values), rows)
