"""What people decline by topic and channel, and double opt-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every opt-out gets a proof, since the proofs say who has left; that of an import is for every channel."""
    op.add_column("contacts", sa.Column("confirm_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contacts", sa.Column("declined", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.execute("UPDATE consents SET channel = 'all' WHERE NOT granted AND channel = 'email' AND place = 'import'")
    op.execute(
        """
        INSERT INTO consents (id, contact_id, channel, topic, granted, at, place, wording, ip_hash)
        SELECT gen_random_uuid(), c.id, 'all', 'marketing', false, c.opted_out_at, 'before', '', ''
        FROM contacts c WHERE c.opted_out_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM consents p WHERE p.contact_id = c.id AND p.channel = 'all' AND NOT p.granted
        )
        """
    )


def downgrade() -> None:
    """Opt-outs stay, single choices are lost."""
    op.drop_column("contacts", "declined")
    op.drop_column("contacts", "confirm_asked_at")
