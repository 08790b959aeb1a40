"""Journeys and sequences that a person pauses, and what a resume does with what fell due."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    """Whoever paused a journey before is named in its reason."""
    for name, kind, default in (("paused_by", TEXT, ""), ("missed", TEXT, ""), ("gap_s", sa.Float(), "0")):
        op.add_column("journeys", sa.Column(name, kind, server_default=default, nullable=False))
        op.alter_column("journeys", name, server_default=None)
        op.add_column("sequences", sa.Column(name, kind, server_default=default, nullable=False))
    op.add_column("journeys", sa.Column("missed_to", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sequences", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sequences", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sequences", sa.Column("settling", sa.Boolean(), server_default="false", nullable=False))
    op.execute(
        "UPDATE journeys SET paused_by = substr(reason, 4) WHERE state = 'paused' AND starts_with(reason, 'by ')"
    )


def downgrade() -> None:
    """What is paused stays so."""
    for name in ("settling", "resumed_at", "paused_at", "gap_s", "missed", "paused_by"):
        op.drop_column("sequences", name)
    for name in ("missed_to", "gap_s", "missed", "paused_by"):
        op.drop_column("journeys", name)
