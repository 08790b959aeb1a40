"""The hourly limit looks back by this."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index on when the marketing mails of journeys went out."""
    condition = sa.text("lane = 'marketing' AND run_id IS NULL")
    op.create_index("ix_messages_hour", "messages", ["first_called_at"], postgresql_where=condition)


def downgrade() -> None:
    """Without it."""
    op.drop_index("ix_messages_hour", "messages")
