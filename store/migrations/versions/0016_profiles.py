"""Profiles of leads, and what to recommend to buyers."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
WORDS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    """One row of each a contact."""
    op.create_table(
        "profiles",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("interests", WORDS, server_default="{}", nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("price_range", "format", "buying_stage")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("sequence", "offer")),
        sa.Column("because", WORDS, server_default="{}", nullable=False),
        *_made(),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_profiles_contact_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_profiles")),
    )
    op.create_table(
        "recommendations",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("products", WORDS, server_default="{}", nullable=False),
        *_made(),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_recommendations_contact_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_recommendations")),
    )


def _made() -> list[sa.Column[object]]:
    texts = [sa.Column(name, TEXT, nullable=False) for name in ("made_by", "author", "reason")]
    event = sa.Column("event_id", sa.Uuid(), nullable=True)
    return [*texts, event, sa.Column("made_at", sa.DateTime(timezone=True), nullable=False)]


def downgrade() -> None:
    """Everybody gets what everybody got."""
    op.drop_table("recommendations")
    op.drop_table("profiles")
