"""What a person gets once, whatever sequence asks."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("once", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index(
        "ix_messages_once",
        "messages",
        ["contact_id", "once"],
        unique=False,
        postgresql_where=sa.text("once IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_once", table_name="messages", postgresql_where=sa.text("once IS NOT NULL"))
    op.drop_column("messages", "once")
