"""What visitors of funnels see, answer and pay."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0025"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Three tables."""
    op.create_table(
        "funnel_visits",
        sa.Column("visitor", sa.Uuid(), nullable=False),
        sa.Column("funnel", TEXT, nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("utm", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_funnel_visits_contact_id"),
        sa.PrimaryKeyConstraint("visitor", "funnel", name="pk_funnel_visits"),
    )
    op.create_index("ix_funnel_visits_contact_id", "funnel_visits", ["contact_id"])
    op.create_index("ix_funnel_visits_funnel_began_at", "funnel_visits", ["funnel", "began_at"])
    op.create_table(
        "funnel_steps",
        sa.Column("visitor", sa.Uuid(), nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("funnel", "step")),
        sa.Column("shown_at", TIME, nullable=False),
        *(sa.Column(name, TIME, nullable=True) for name in ("accepted_at", "declined_at", "paid_at")),
        sa.PrimaryKeyConstraint("visitor", "funnel", "step", name="pk_funnel_steps"),
    )
    op.create_index("ix_funnel_steps_funnel_step", "funnel_steps", ["funnel", "step"])
    op.create_table(
        "funnel_checkouts",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "visitor")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("funnel", "step")),
        sa.Column("products", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("amount", "bump_amount")),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("session_id", TEXT, nullable=True),
        sa.Column("url", TEXT, nullable=False),
        *(sa.Column(name, TIME, nullable=False) for name in ("created_at", "open_until")),
        sa.Column("paid_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_funnel_checkouts"),
        sa.UniqueConstraint("session_id", name="uq_funnel_checkouts_session_id"),
    )
    op.create_index("ix_funnel_checkouts_visitor_funnel_step", "funnel_checkouts", ["visitor", "funnel", "step"])


def downgrade() -> None:
    """Without visitors."""
    op.drop_table("funnel_checkouts")
    op.drop_table("funnel_steps")
    op.drop_table("funnel_visits")
