"""Journeys whose next mail waits for its hour or for room under the cap."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody waits for either yet."""
    text = sqlmodel.sql.sqltypes.AutoString()
    op.add_column("journeys", sa.Column("deferred", text, server_default="", nullable=False))
    op.alter_column("journeys", "deferred", server_default=None)
    op.add_column("journeys", sa.Column("deferred_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """What waits is asked for again by its workflow."""
    op.drop_column("journeys", "deferred_until")
    op.drop_column("journeys", "deferred")
