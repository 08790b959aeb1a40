"""Proofs of erasures, and the digests by which somebody who was erased is recognised."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact", TEXT, nullable=False),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("journeys", sa.Integer(), nullable=False),
        sa.Column("rows", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("vendors", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("contact", name=op.f("uq_erasures_contact")),
    )
    op.create_index(op.f("ix_erasures_requested_at_id"), "erasures", ["requested_at", "id"])
    op.create_table(
        "erased_names",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("declined", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("suppressed", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_erased_names_erasure_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased_names")),
    )
    op.create_index(op.f("ix_erased_names_erasure_id"), "erased_names", ["erasure_id"])


def downgrade() -> None:
    """Who was erased stays so."""
    op.drop_table("erased_names")
    op.drop_table("erasures")
