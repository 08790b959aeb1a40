"""Subscriptions, as what their seller said of them last."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Events that came before are not read again: the next word on a subscription makes its row."""
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("customer", text(), nullable=True),
        sa.Column("status", text(), nullable=False),
        sa.Column("phase", text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", text(), nullable=False),
        sa.Column("interval", text(), nullable=False),
        sa.Column("interval_count", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("pay_url", text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_subscriptions_contact_id_contacts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("external_id", name=op.f("uq_subscriptions_external_id")),
    )
    op.create_index(op.f("ix_subscriptions_contact_id"), "subscriptions", ["contact_id"], unique=False)
    op.create_index(op.f("ix_subscriptions_customer"), "subscriptions", ["customer"], unique=False)
    op.create_index(op.f("ix_subscriptions_status_ends_at"), "subscriptions", ["status", "ends_at"], unique=False)


def downgrade() -> None:
    """Their events stay in the inbox."""
    op.drop_table("subscriptions")
