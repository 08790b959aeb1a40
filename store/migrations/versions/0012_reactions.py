"""Reactions that fired, and those that wait for their time."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing has fired yet."""
    op.create_table(
        "reaction_firings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reaction", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_reaction_firings_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reaction_firings")),
    )
    op.create_index("ix_reaction_firings_contact", "reaction_firings", ["contact_id", "reaction", "at"], unique=False)
    op.create_index(
        "ix_reaction_firings_due",
        "reaction_firings",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    """What waited for its time does not come any more."""
    op.drop_index(
        "ix_reaction_firings_due", table_name="reaction_firings", postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.drop_index("ix_reaction_firings_contact", table_name="reaction_firings")
    op.drop_table("reaction_firings")
