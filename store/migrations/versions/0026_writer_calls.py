"""What writers were asked and what it cost."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0023"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    """One table."""
    op.create_table(
        "writer_calls",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, TEXT, nullable=False) for name in ("kind", "model", "prompt", "state")),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("examples", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("attempts", "input_tokens", "output_tokens")),
        sa.Column("cost_usd", sa.Numeric(12, 6), nullable=True),
        sa.Column("reserved_usd", sa.Numeric(12, 6), nullable=False),
        sa.Column("latency_s", sa.Float(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_writer_calls"),
    )
    op.create_index("ix_writer_calls_review_id", "writer_calls", ["review_id"])
    op.create_index("ix_writer_calls_created_at", "writer_calls", ["created_at"])


def downgrade() -> None:
    """What it cost is forgotten."""
    op.drop_table("writer_calls")
