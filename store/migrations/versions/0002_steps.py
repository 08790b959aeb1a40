"""Steps of every kind: tasks, in-app messages, discounts, experiments, and what a journey waits for."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignments",
        sa.Column("experiment", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("variant", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_assignments_contact_id")),
        sa.PrimaryKeyConstraint("experiment", "contact_id", name=op.f("pk_assignments")),
    )
    op.create_table(
        "inapp_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=True),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("body", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clicked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_inapp_messages_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inapp_messages")),
    )
    op.create_index(
        op.f("ix_inapp_messages_contact_id_created_at"), "inapp_messages", ["contact_id", "created_at"], unique=False
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_tasks_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_contact_id"), "tasks", ["contact_id"], unique=False)
    op.create_index(op.f("ix_tasks_created_at_id"), "tasks", ["created_at", "id"], unique=False)
    op.create_index("ix_tasks_open", "tasks", ["created_at"], unique=False, postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "discounts",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_discounts_contact_id")),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name=op.f("fk_discounts_journey_id")),
        sa.PrimaryKeyConstraint("journey_id", "step", name=op.f("pk_discounts")),
    )
    op.create_index(op.f("ix_discounts_contact_id"), "discounts", ["contact_id"], unique=False)
    op.add_column("journeys", sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "journeys", sa.Column("waits", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("journeys", sa.Column("heard", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False))
    op.create_index(
        "ix_journeys_waits", "journeys", ["contact_id"], unique=False, postgresql_where=sa.text("waits <> '{}'")
    )


def downgrade() -> None:
    op.drop_index("ix_journeys_waits", table_name="journeys", postgresql_where=sa.text("waits <> '{}'"))
    op.drop_column("journeys", "heard")
    op.drop_column("journeys", "waits")
    op.drop_column("journeys", "anchor_at")
    op.drop_index(op.f("ix_discounts_contact_id"), table_name="discounts")
    op.drop_table("discounts")
    op.drop_index("ix_tasks_open", table_name="tasks", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index(op.f("ix_tasks_created_at_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_contact_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_index(op.f("ix_inapp_messages_contact_id_created_at"), table_name="inapp_messages")
    op.drop_table("inapp_messages")
    op.drop_table("assignments")
