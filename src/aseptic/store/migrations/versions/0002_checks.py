"""How each check ended, what a finding is about, and the reason to leave it as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds a table and two columns, and makes the views that show them."""
    op.create_table(
        "checks",
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_thorough", sa.Boolean(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run_no"], ["runs.run_no"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_no", "position"),
    )
    op.add_column("findings", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("findings", sa.Column("acknowledged", sa.Text(), nullable=True))
    op.execute("DROP VIEW v_findings")
    for name, select in _VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {select}")


_VIEWS = {
    "v_findings": """
        SELECT runs.run_id, findings.code, findings.name, findings.severity, findings.subject,
               findings.message, findings.acknowledged
        FROM findings JOIN runs ON runs.run_no = findings.run_no""",
    "v_checks": """
        SELECT runs.run_id, checks.code, checks.name, checks.outcome, checks.reason,
               checks.is_thorough, checks.duration_s
        FROM checks JOIN runs ON runs.run_no = checks.run_no""",
}
