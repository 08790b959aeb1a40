"""Publications of sequences; where a journey's calendar stands; which version a file holds."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What came from a file is what its file held when it was last looked at."""
    op.create_table(
        "sequence_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("choice", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["sequence"], ["sequences.key"], name=op.f("fk_sequence_changes_sequence_sequences")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequence_changes")),
    )
    op.create_index(
        op.f("ix_sequence_changes_sequence_created_at"), "sequence_changes", ["sequence", "created_at"], unique=False
    )
    op.create_index(
        "uq_sequence_changes_one_running",
        "sequence_changes",
        ["sequence"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "sequence_drafts",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("updated_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sequence_drafts")),
    )
    op.add_column("journeys", sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_journeys_running",
        "journeys",
        ["sequence", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('starting', 'running', 'paused')"),
    )
    op.add_column("sequences", sa.Column("file_version", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        """
        UPDATE sequences s SET file_version = live_version
        WHERE EXISTS (SELECT FROM sequence_versions v
                      WHERE v.key = s.key AND v.version = s.live_version AND v.created_by = 'config')
        """
    )


def downgrade() -> None:
    """Drafts and the record of publications go; the versions stay."""
    op.drop_column("sequences", "file_version")
    op.drop_index("ix_journeys_running", table_name="journeys")
    op.drop_column("journeys", "reached_at")
    op.drop_table("sequence_drafts")
    op.drop_table("sequence_changes")
