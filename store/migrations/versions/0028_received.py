"""A call of a writer says how much of its answer is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column."""
    op.add_column("writer_calls", sa.Column("received", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Nobody sees how far it is."""
    op.drop_column("writer_calls", "received")
