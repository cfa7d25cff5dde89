"""The tables of the run store, in SQL that SQLite and PostgreSQL both take.

`run_no` numbers runs within one database and never leaves it: rows of a run are short and lie
together. Times are ISO texts in UTC, which sort as they should. A value is `kind`, `number`
and `text`; see `values.pack_value`. The views at the end are what `aseptic sql` shows; they
change only with a line in the changelog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

from aseptic.store.values import original, storable

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class AnyText(TypeDecorator[str]):
    """A text that may hold what a database cannot: NUL, lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy passes it
        """On the way in."""
        return None if value is None else storable(str(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # as above
        """On the way out."""
        return None if value is None else original(value)


metadata = MetaData()

_no = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER by itself


def _run_no() -> Column[int]:
    return Column("run_no", _no, ForeignKey("runs.run_no", ondelete="CASCADE"), primary_key=True)


def _value() -> tuple[Column[Any], ...]:
    return (
        Column("kind", Text, nullable=False),
        Column("number", Double),
        Column("text", AnyText),
    )


sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("started_at", Text, nullable=False),
    Column("notebook", AnyText),
    Column("host", AnyText, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_started", Double, nullable=False),
    Column("boot_id", AnyText, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run_no", _no, primary_key=True, autoincrement=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("name", AnyText, nullable=False),
    Column("experiment", AnyText, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("duration_s", Double),
    Column("session_id", Text, nullable=False),
    Column("notebook", AnyText),
    Column("cell_id", AnyText),
    Column("cell_order", BigInteger),
    Column("source", AnyText, nullable=False),
    Column("note", AnyText),
    Column("seed_kind", Text),
    Column("seed", Double),
    Column("seed_text", AnyText),
    Column("is_starred", Boolean, nullable=False),
    Column("is_baseline", Boolean, nullable=False),
    Column("trashed_at", Text),
    Column("baseline", AnyText),
    Column("expects", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reasons", Text, nullable=False),
    Column("git_commit", AnyText),
    Column("git_branch", AnyText),
    Column("git_dirty", Boolean),
    Column("git", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("outputs", Text, nullable=False),
    Column("frames", BigInteger, nullable=False),  # folded so far: the order of what a run says
    Index("runs_by_start", "started_at"),
    Index("runs_by_name", "name"),
    Index("runs_by_experiment", "experiment", "started_at"),
    sqlite_autoincrement=True,  # a number is not used again: no row can come to another's run
)

cells = Table(
    "cells",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("cell_order", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", AnyText),
    Column("cell", Text, nullable=False),
    sqlite_with_rowid=False,
)

params = Table(
    "params",
    metadata,
    _run_no(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("use", Integer, primary_key=True, autoincrement=False),
    Column("name", AnyText, nullable=False),
    *_value(),
    Column("how", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("note", AnyText),
    Index("params_by_name", "name", "run_no"),
    sqlite_with_rowid=False,
)

metrics = Table(
    "metrics",
    metadata,
    _run_no(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", AnyText, primary_key=True),  # those of one `log` share their position
    *_value(),
    Column("direction", Text),
    Column("count", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),  # 0: a number without a series
    Column("minimum", Double),
    Column("maximum", Double),
    Column("step", Double),
    Column("origin", AnyText),
    Index("metrics_by_name", "name", "run_no"),
    sqlite_with_rowid=False,
)

series_chunks = Table(
    "series_chunks",
    metadata,
    _run_no(),
    Column("chunk", BigInteger, primary_key=True, autoincrement=False),
    Column("shape", Text, nullable=False),  # names and types logged together, as JSON
    Column("points", BigInteger, nullable=False),
    Column("frame", LargeBinary, nullable=False),  # the order in the run
    Column("step", LargeBinary, nullable=False),
    Column("time_s", LargeBinary, nullable=False),
)

series_values = Table(
    "series_values",
    metadata,
    _run_no(),
    Column("chunk", BigInteger, primary_key=True, autoincrement=False),
    Column("name", AnyText, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

data_inputs = Table(
    "data_inputs",
    metadata,
    _run_no(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", AnyText, nullable=False),
    Column("digest", AnyText),
    Column("row_hashes", AnyText),
    Column("data_input", Text, nullable=False),
    Column("from_run", Text),  # id of the run whose artifact it is, where that was known
    Index("data_inputs_by_name", "name", "run_no"),
)

artifacts = Table(
    "artifacts",
    metadata,
    _run_no(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", AnyText, nullable=False),
    Column("digest", AnyText, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", AnyText, nullable=False),
    Column("note", AnyText),
    Column("content_digest", AnyText),  # as data inputs have it
    Column("run_started_at", Text),  # of its run: the newest that made a content is one step away
    Index("artifacts_by_content", "content_digest", "run_started_at"),
)

findings = Table(
    "findings",
    metadata,
    _run_no(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("code", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", AnyText, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("remedy", AnyText),
    Column("subject", AnyText),
    Column("acknowledged", AnyText),  # the reason, where a person leaves it as it is
)

checks = Table(
    "checks",
    metadata,
    _run_no(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("code", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", AnyText),
    Column("is_thorough", Boolean, nullable=False),
    Column("duration_s", Double, nullable=False),
)

problems = Table(
    "problems",
    metadata,
    _run_no(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("what", AnyText, nullable=False),
    Column("reason", AnyText, nullable=False),
)

tags = Table(
    "tags",
    metadata,
    _run_no(),
    Column("tag", AnyText, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

#: What is known of each journal file, so that folding goes on where it ended.
journals = Table(
    "journals",
    metadata,
    Column("file", Text, primary_key=True),
    Column("run_no", _no),
    Column("folded_bytes", BigInteger, nullable=False),
    Column("shapes", Text, nullable=False),  # of the point frames so far, as JSON
    Column("session", Text, nullable=False),  # the process that writes it, as JSON
    Column("is_main", Boolean, nullable=False),  # whether the run lives as long as its process
    Column("is_ended", Boolean, nullable=False),
    Column("is_broken", Boolean, nullable=False),
)

VIEWS = {
    "v_runs": """
        SELECT run_id, name, experiment, status, state, started_at, ended_at, duration_s, notebook,
               note, is_starred, is_baseline, git_commit, git_branch, git_dirty, trashed_at, source
        FROM runs""",
    "v_params": """
        SELECT runs.run_id, params.name, params.use, params.kind, params.number, params.text,
               params.how
        FROM params JOIN runs ON runs.run_no = params.run_no""",
    "v_metrics": """
        SELECT runs.run_id, metrics.name, metrics.number AS value, metrics.direction,
               metrics.count, metrics.minimum, metrics.maximum, metrics.step
        FROM metrics JOIN runs ON runs.run_no = metrics.run_no""",
    "v_data_inputs": """
        SELECT runs.run_id, data_inputs.name, data_inputs.digest
        FROM data_inputs JOIN runs ON runs.run_no = data_inputs.run_no""",
    "v_artifacts": """
        SELECT runs.run_id, artifacts.name, artifacts.digest, artifacts.size_bytes,
               artifacts.media_type
        FROM artifacts JOIN runs ON runs.run_no = artifacts.run_no""",
    "v_findings": """
        SELECT runs.run_id, findings.code, findings.name, findings.severity, findings.subject,
               findings.message, findings.acknowledged
        FROM findings JOIN runs ON runs.run_no = findings.run_no""",
    "v_checks": """
        SELECT runs.run_id, checks.code, checks.name, checks.outcome, checks.reason,
               checks.is_thorough, checks.duration_s
        FROM checks JOIN runs ON runs.run_no = checks.run_no""",
    "v_tags": """
        SELECT runs.run_id, tags.tag
        FROM tags JOIN runs ON runs.run_no = tags.run_no""",
}
