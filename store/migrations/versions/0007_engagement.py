"""Engagement: what people did, counted by day."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody is scored for what was before: counting begins with the next event."""
    op.create_table(
        "engagement",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("days", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("tier", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inactive_told", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_engagement_contact_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_engagement")),
    )
    op.create_index(
        "ix_engagement_due",
        "engagement",
        ["next_look_at", "contact_id"],
        unique=False,
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.add_column("events", sa.Column("counted", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "instance",
        sa.Column("engagement_rules", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False),
    )
    op.alter_column("instance", "engagement_rules", server_default=None)


def downgrade() -> None:
    """Scores are gone; the attribute `tier` stays as it is."""
    op.drop_column("instance", "engagement_rules")
    op.drop_column("events", "counted")
    op.drop_index("ix_engagement_due", table_name="engagement", postgresql_where=sa.text("next_look_at IS NOT NULL"))
    op.drop_table("engagement")
