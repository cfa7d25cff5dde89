"""Which run a data input came from: by the artifact that was read, or by equal content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds what tells it, and the index that finds the artifact of a content."""
    op.add_column("artifacts", sa.Column("content_digest", sa.Text(), nullable=True))
    op.add_column("artifacts", sa.Column("run_started_at", sa.Text(), nullable=True))
    op.add_column("data_inputs", sa.Column("from_run", sa.Text(), nullable=True))
    op.create_index("artifacts_by_content", "artifacts", ["content_digest", "run_started_at"])
