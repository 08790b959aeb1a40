"""Webinars, who registered for them, and the embedded platform's lists."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tasks also learn what they are about."""
    op.create_table(
        "webinars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("description", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("join_url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("survey_url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("schedule", sa.Integer(), nullable=False),
        sa.Column("time_changed", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webinars")),
        sa.UniqueConstraint("code", name=op.f("uq_webinars_code")),
        sa.UniqueConstraint("number", name=op.f("uq_webinars_number")),
    )
    op.create_index(op.f("ix_webinars_starts_at_id"), "webinars", ["starts_at", "id"], unique=False)
    op.create_table(
        "webinar_registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webinar_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("organization_type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("schedule", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("attended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_webinar_registrations_contact_id")),
        sa.ForeignKeyConstraint(["webinar_id"], ["webinars.id"], name=op.f("fk_webinar_registrations_webinar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webinar_registrations")),
        sa.UniqueConstraint("webinar_id", "contact_id", name=op.f("uq_webinar_registrations_webinar_id_contact_id")),
    )
    op.create_index(op.f("ix_webinar_registrations_contact_id"), "webinar_registrations", ["contact_id"], unique=False)
    op.create_index(
        op.f("ix_webinar_registrations_webinar_id_registered_at_id"),
        "webinar_registrations",
        ["webinar_id", "registered_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_webinar_registrations_listed",
        "webinar_registrations",
        ["webinar_id"],
        unique=False,
        postgresql_where=sa.text("listed AND attended_at IS NULL"),
    )
    lists: sa.Column[list[str]] = sa.Column("lists", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    op.add_column("platform_records", lists)
    op.add_column("tasks", sa.Column("about", sa.Uuid(), nullable=True))
    op.create_index("ix_tasks_about", "tasks", ["about"], unique=False, postgresql_where=sa.text("about IS NOT NULL"))


def downgrade() -> None:
    """Registrations are lost."""
    op.drop_index("ix_tasks_about", table_name="tasks")
    op.drop_column("tasks", "about")
    op.drop_column("platform_records", "lists")
    op.drop_table("webinar_registrations")
    op.drop_table("webinars")
