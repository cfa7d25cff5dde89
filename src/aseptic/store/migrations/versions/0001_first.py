"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables and the views."""
    _tables()
    for name, select in _VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {select}")


def _tables() -> None:  # generated from `schema.py` as it was
    op.create_table(
        "cells",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("cell_order", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("cell", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "cell_order"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journals",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("folded_bytes", sa.BigInteger(), nullable=False),
        sa.Column("shapes", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("is_broken", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("file"),
    )
    op.create_table(
        "runs",
        sa.Column(
            "run_no",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("experiment", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("notebook", sa.Text(), nullable=True),
        sa.Column("cell_id", sa.Text(), nullable=True),
        sa.Column("cell_order", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("seed_kind", sa.Text(), nullable=True),
        sa.Column("seed", sa.Double(), nullable=True),
        sa.Column("seed_text", sa.Text(), nullable=True),
        sa.Column("is_starred", sa.Boolean(), nullable=False),
        sa.Column("is_baseline", sa.Boolean(), nullable=False),
        sa.Column("trashed_at", sa.Text(), nullable=True),
        sa.Column("baseline", sa.Text(), nullable=True),
        sa.Column("expects", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reasons", sa.Text(), nullable=False),
        sa.Column("git_commit", sa.Text(), nullable=True),
        sa.Column("git_branch", sa.Text(), nullable=True),
        sa.Column("git_dirty", sa.Boolean(), nullable=True),
        sa.Column("git", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("outputs", sa.Text(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_no"),
        sa.UniqueConstraint("run_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("runs_by_experiment", "runs", ["experiment", "started_at"], unique=False)
    op.create_index("runs_by_name", "runs", ["name"], unique=False)
    op.create_index("runs_by_start", "runs", ["started_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("notebook", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("process_started", sa.Double(), nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_table(
        "artifacts",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "position"),
    )
    op.create_table(
        "data_inputs",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("row_hashes", sa.Text(), nullable=True),
        sa.Column("data_input", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "position"),
    )
    op.create_index("data_inputs_by_name", "data_inputs", ["name", "run_no"], unique=False)
    op.create_table(
        "findings",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "position"),
    )
    op.create_table(
        "metrics",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.Double(), nullable=True),
        sa.Column("maximum", sa.Double(), nullable=True),
        sa.Column("step", sa.Double(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "position", "name"),
        sqlite_with_rowid=False,
    )
    op.create_index("metrics_by_name", "metrics", ["name", "run_no"], unique=False)
    op.create_table(
        "params",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("use", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "position", "use"),
        sqlite_with_rowid=False,
    )
    op.create_index("params_by_name", "params", ["name", "run_no"], unique=False)
    op.create_table(
        "problems",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "position"),
    )
    op.create_table(
        "series_chunks",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chunk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("frame", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.LargeBinary(), nullable=False),
        sa.Column("time_s", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "chunk"),
    )
    op.create_table(
        "series_values",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chunk", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "chunk", "name"),
    )
    op.create_table(
        "tags",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "tag"),
    )


_VIEWS = {
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
        SELECT runs.run_id, findings.code, findings.name, findings.severity, findings.message
        FROM findings JOIN runs ON runs.run_no = findings.run_no""",
    "v_tags": """
        SELECT runs.run_id, tags.tag
        FROM tags JOIN runs ON runs.run_no = tags.run_no""",
}
