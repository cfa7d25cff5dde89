"""From data inputs to the runs whose artifacts they are, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, or_, select

from aseptic.store import schema
from aseptic.store.base import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection

_inputs, _artifacts, _runs = schema.data_inputs.c, schema.artifacts.c, schema.runs.c


def read(
    connection: Connection, is_wanted: ColumnElement[bool]
) -> Iterator[tuple[int, str, Source]]:
    """Of the data inputs that are artifacts of other runs: number of the run, name, source."""
    readers, makers = schema.runs.alias(), schema.runs.alias()
    asked = (
        select(_inputs.run_no, _inputs.name, makers.c.run_id, makers.c.name, makers.c.experiment)
        .join(readers, readers.c.run_no == _inputs.run_no)
        .join(makers, makers.c.run_no == _maker(readers.c.started_at))
        .where(is_wanted)
        .order_by(_inputs.run_no, _inputs.position)
    )
    for run_no, name, *source in connection.execute(asked):
        yield run_no, name, Source(*source)


def is_downstream_of(text: str) -> ColumnElement[bool]:
    """Whether a run read an artifact of a run of this name, id or experiment."""
    makers = schema.runs.alias()
    is_meant = or_(*(makers.c[name] == text for name in ("name", "run_id", "experiment")))
    meant = select(makers.c.run_no).where(is_meant)
    is_read = _inputs.run_no == _runs.run_no
    return exists().where(is_read, _maker(_runs.started_at).in_(meant))


def _maker(started_at: Any) -> ColumnElement[int]:
    """The number of the run that a data input of a run that began at this time came from.

    As it was recorded, else by content: of the runs that began before, the newest that made it,
    which is one step in the index `artifacts_by_content`.
    """
    others = schema.runs.alias()
    recorded = select(others.c.run_no).where(others.c.run_id == _inputs.from_run)
    by_content = (
        select(_artifacts.run_no)
        .where(_artifacts.content_digest == _inputs.digest)
        .where(_artifacts.run_started_at < started_at)
        .order_by(_artifacts.run_started_at.desc())
        .limit(1)
        .correlate_except(schema.artifacts)
    )
    return func.coalesce(
        recorded.correlate_except(others).scalar_subquery(), by_content.scalar_subquery()
    )
