"""What a person says about runs afterwards, and what is thrown away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, delete, func, insert, select, update

from aseptic.errors import FindingNotFound, RunNotFound
from aseptic.model import utc_now
from aseptic.store import schema
from aseptic.store.reading import run_numbers
from aseptic.store.rows import listed_row, time_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection, Select, Table

    from aseptic.model import Artifact, CheckOutcome, Finding


def set_tags(
    connection: Connection, run_nos: Iterable[int], *, add: Sequence[str], remove: Sequence[str]
) -> None:
    """Removes and adds tags; a tag that is both removed and added stays."""
    tags = schema.tags
    for run_no in run_nos:
        own = tags.c.run_no == run_no
        connection.execute(delete(tags).where(own, tags.c.tag.in_(remove)))
        have = set(connection.execute(select(tags.c.tag).where(own)).scalars())
        asked = select(func.coalesce(func.max(tags.c.position), -1)).where(own)
        last = connection.execute(asked).scalar_one()
        new = [tag for tag in dict.fromkeys(add) if tag not in have]
        rows = [
            {"run_no": run_no, "tag": tag, "position": last + number}
            for number, tag in enumerate(new, start=1)
        ]
        if rows:
            connection.execute(insert(tags), rows)


def set_fields(connection: Connection, run_nos: Iterable[int], **values: Any) -> None:
    """Sets columns of runs."""
    for run_no in run_nos:
        at = schema.runs.c.run_no == run_no
        connection.execute(update(schema.runs).where(at).values(**values))


def set_baseline(
    connection: Connection, run_id: str | None, *, experiment: str, store: str
) -> None:
    """Makes the run the only baseline of its experiment. Raises RunNotFound if it is of another."""
    runs = schema.runs
    connection.execute(
        update(runs)
        .where(runs.c.experiment == experiment, runs.c.is_baseline)
        .values(is_baseline=False)
    )
    if run_id is None:
        return
    at = and_(runs.c.run_id == run_id, runs.c.experiment == experiment)
    if not connection.execute(update(runs).where(at).values(is_baseline=True)).rowcount:
        raise RunNotFound(run_id, f"experiment {experiment!r} of {store}")


def replace_findings(
    connection: Connection,
    run_no: int,
    *,
    codes: Collection[str],
    outcomes: Sequence[CheckOutcome],
    findings: Sequence[Finding],
) -> None:
    """Puts findings and outcomes in the place of those of these codes."""
    old = schema.findings
    at = and_(old.c.run_no == run_no, old.c.code.in_(codes))
    asked = select(old.c.code, old.c.subject, old.c.acknowledged)
    given = {
        (row.code, row.subject): row.acknowledged
        for row in connection.execute(asked.where(at, old.c.acknowledged.is_not(None)))
    }
    connection.execute(delete(old).where(at))
    checks = schema.checks
    connection.execute(delete(checks).where(checks.c.run_no == run_no, checks.c.code.in_(codes)))
    _add_listed(connection, checks, run_no, [listed_row(outcome) for outcome in outcomes])
    rows = [listed_row(finding) for finding in findings]
    for row in rows:
        row["acknowledged"] = row["acknowledged"] or given.get((row["code"], row["subject"]))
    _add_listed(connection, old, run_no, rows)


def add_artifact(connection: Connection, run_no: int, artifact: Artifact) -> None:
    """Adds an artifact in the place of one of the same name."""
    table = schema.artifacts
    at = and_(table.c.run_no == run_no, table.c.name == artifact.name)
    connection.execute(delete(table).where(at))
    _add_listed(connection, table, run_no, [msgspec.structs.asdict(artifact)])


def _add_listed(
    connection: Connection, table: Table, run_no: int, rows: list[dict[str, Any]]
) -> None:
    """Adds rows at the next places of the run's records, which no later record takes then."""
    runs = schema.runs
    own = runs.c.run_no == run_no
    first = connection.execute(select(runs.c.frames).where(own)).scalar_one()
    connection.execute(update(runs).where(own).values(frames=first + len(rows)))
    placed = [
        {**row, "run_no": run_no, "position": position}
        for position, row in enumerate(rows, start=first)
    ]
    if placed:
        connection.execute(insert(table), placed)


def acknowledge(
    connection: Connection, run_no: int, code: str, reason: str | None, *, subject: str | None
) -> None:
    """Writes the reason to the findings of a check; None: in the whole experiment.

    Raises FindingNotFound.
    """
    table, runs = schema.findings, schema.runs.c
    own = table.c.run_no == run_no
    which = table.c.code == code
    if subject is not None:
        which = and_(which, table.c.subject == subject)
    is_found = connection.execute(
        update(table).where(own, which).values(acknowledged=reason)
    ).rowcount
    if reason is None:
        experiment = select(runs.experiment).where(runs.run_no == run_no).scalar_subquery()
        others = select(runs.run_no).where(runs.experiment == experiment)
        at = table.c.run_no.in_(others)
        connection.execute(update(table).where(at, which).values(acknowledged=None))
    if not is_found:
        codes = connection.execute(select(table.c.code).where(own)).scalars()
        raise FindingNotFound(code, subject=subject, has=sorted(set(codes)))


def trash(connection: Connection, run_ids: Sequence[str], store: str) -> None:
    """Puts runs into the trash; those that are there keep their time."""
    now = time_text(utc_now())
    for run_no in run_numbers(connection, run_ids, store).values():
        at = and_(schema.runs.c.run_no == run_no, schema.runs.c.trashed_at.is_(None))
        connection.execute(update(schema.runs).where(at).values(trashed_at=now))


def used_objects(connection: Connection, *, by_trashed: bool) -> dict[str, str]:
    """The digest of each object that doomed runs use, or others; when the last of them ended."""
    used: dict[str, str] = {}
    for asked in (
        _objects_of(schema.artifacts.c.digest, schema.artifacts.c.run_no),
        _objects_of(schema.data_inputs.c.row_hashes, schema.data_inputs.c.run_no),
    ):
        chosen = _is_garbage() if by_trashed else ~_is_garbage()
        for digest, ended_at in connection.execute(asked.where(chosen)):
            used[digest] = max(ended_at or "", used.get(digest, ""))
    return used


def delete_trashed(connection: Connection) -> int:
    """Deletes the trashed runs, but those that are still written; returns how many."""
    doomed = connection.execute(select(schema.runs.c.run_no).where(_is_garbage())).scalars().all()
    journals = schema.journals
    for run_no in doomed:
        at = journals.c.run_no == run_no
        connection.execute(update(journals).where(at).values(run_no=None, is_ended=True))
        connection.execute(delete(schema.runs).where(schema.runs.c.run_no == run_no))
    return len(doomed)


def count_trashed(connection: Connection) -> int:
    """How many runs `delete_trashed` would delete."""
    asked = select(func.count()).select_from(schema.runs).where(_is_garbage())
    return int(connection.execute(asked).scalar_one())


def _is_garbage() -> Any:
    return and_(schema.runs.c.trashed_at.is_not(None), schema.runs.c.status != "running")


def _objects_of(digest: Any, run_no: Any) -> Select[Any]:
    return (
        select(digest, schema.runs.c.ended_at)
        .join(schema.runs, schema.runs.c.run_no == run_no)
        .where(digest.is_not(None))
    )
