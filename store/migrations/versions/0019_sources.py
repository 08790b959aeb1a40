"""What the team has written already, read to chapters."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    """One table."""
    op.create_table(
        "sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, TEXT, nullable=False)
            for name in ("digest", "name", "format", "title", "author", "language")
        ),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("chapters", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("digest", name="uq_sources_digest"),
    )
    op.create_index("ix_sources_created_at_id", "sources", ["created_at", "id"])


def downgrade() -> None:
    """Sources can be read again."""
    op.drop_table("sources")
