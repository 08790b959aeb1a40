"""Segments and campaigns; a mail belongs to a journey or to a campaign's run."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The index on types gives way to one that also answers when."""
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("segment", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("approved_digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("approved_for", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("key", name=op.f("uq_campaigns_key")),
    )
    op.create_index(op.f("ix_campaigns_created_at_id"), "campaigns", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_campaigns_review_id"), "campaigns", ["review_id"], unique=False)
    op.create_table(
        "mail_words",
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reply_to", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("html", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_mail_words")),
    )
    op.create_table(
        "segments",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("watched", sa.Integer(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_segments")),
    )
    op.create_table(
        "campaign_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wall", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column("test_count", sa.Integer(), nullable=False),
        sa.Column("phase", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("winner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("verdict", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("spent", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("notified", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_runs_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_runs")),
        sa.UniqueConstraint("campaign_id", "no", name=op.f("uq_campaign_runs_campaign_id_no")),
        sa.UniqueConstraint("workflow_id", name=op.f("uq_campaign_runs_workflow_id")),
    )
    op.create_index(op.f("ix_campaign_runs_slot_at_id"), "campaign_runs", ["slot_at", "id"], unique=False)
    op.create_index(
        "uq_campaign_runs_slot",
        "campaign_runs",
        ["campaign_id", "slot_at"],
        unique=True,
        postgresql_where=sa.text("state <> 'stopped'"),
    )
    op.create_table(
        "segment_members",
        sa.Column("segment", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_segment_members_contact_id")),
        sa.ForeignKeyConstraint(["segment"], ["segments.key"], name=op.f("fk_segment_members_segment")),
        sa.PrimaryKeyConstraint("segment", "contact_id", name=op.f("pk_segment_members")),
    )
    op.create_index("ix_segment_members_contact_id", "segment_members", ["contact_id"], unique=False)
    op.create_table(
        "campaign_recipients",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["campaign_runs.id"], name=op.f("fk_campaign_recipients_run_id")),
        sa.PrimaryKeyConstraint("run_id", "contact_id", name=op.f("pk_campaign_recipients")),
    )
    op.create_index("ix_campaign_recipients_due", "campaign_recipients", ["run_id", "due_at", "position"], unique=False)
    op.drop_index(op.f("ix_events_type"), table_name="events")
    op.create_index("ix_events_type_occurred_at", "events", ["type", "occurred_at", "contact_id"], unique=False)
    op.add_column("messages", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.add_column("messages", sa.Column("words", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column(
        "messages", sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.alter_column("messages", "journey_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(
        "ix_messages_clicked",
        "messages",
        ["clicked_at", "contact_id"],
        unique=False,
        postgresql_where=sa.text("clicked_at IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_opened",
        "messages",
        ["opened_at", "contact_id"],
        unique=False,
        postgresql_where=sa.text("opened_at IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_run", "messages", ["run_id", "state"], unique=False, postgresql_where=sa.text("run_id IS NOT NULL")
    )
    op.create_index(
        "ix_messages_run_open",
        "messages",
        ["run_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL AND state IN ('claimed', 'calling')"),
    )
    op.create_foreign_key(op.f("fk_messages_words"), "messages", "mail_words", ["words"], ["digest"])
    op.create_foreign_key(op.f("fk_messages_run_id"), "messages", "campaign_runs", ["run_id"], ["id"])
    op.create_check_constraint("owner", "messages", "(journey_id IS NULL) <> (run_id IS NULL)")


def downgrade() -> None:
    """Mails of campaigns have no place in what was before."""
    op.drop_constraint("owner", "messages", type_="check")
    op.execute("DELETE FROM messages WHERE journey_id IS NULL")
    op.drop_constraint(op.f("fk_messages_run_id"), "messages", type_="foreignkey")
    op.drop_constraint(op.f("fk_messages_words"), "messages", type_="foreignkey")
    op.drop_index(
        "ix_messages_run_open",
        table_name="messages",
        postgresql_where=sa.text("run_id IS NOT NULL AND state IN ('claimed', 'calling')"),
    )
    op.drop_index("ix_messages_run", table_name="messages", postgresql_where=sa.text("run_id IS NOT NULL"))
    op.drop_index("ix_messages_opened", table_name="messages", postgresql_where=sa.text("opened_at IS NOT NULL"))
    op.drop_index("ix_messages_clicked", table_name="messages", postgresql_where=sa.text("clicked_at IS NOT NULL"))
    op.alter_column("messages", "journey_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("messages", "fields")
    op.drop_column("messages", "words")
    op.drop_column("messages", "run_id")
    op.drop_index("ix_events_type_occurred_at", table_name="events")
    op.create_index(op.f("ix_events_type"), "events", ["type"], unique=False)
    op.drop_index("ix_campaign_recipients_due", table_name="campaign_recipients")
    op.drop_table("campaign_recipients")
    op.drop_index("ix_segment_members_contact_id", table_name="segment_members")
    op.drop_table("segment_members")
    op.drop_index("uq_campaign_runs_slot", table_name="campaign_runs", postgresql_where=sa.text("state <> 'stopped'"))
    op.drop_index(op.f("ix_campaign_runs_slot_at_id"), table_name="campaign_runs")
    op.drop_table("campaign_runs")
    op.drop_table("segments")
    op.drop_table("mail_words")
    op.drop_index(op.f("ix_campaigns_review_id"), table_name="campaigns")
    op.drop_index(op.f("ix_campaigns_created_at_id"), table_name="campaigns")
    op.drop_table("campaigns")
