"""Reviews have holders, comments and a distance to what was written; notifications name whom a mail tells."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    """One table, and columns."""
    op.add_column("reviews", sa.Column("holder", sa.Uuid(), nullable=True))
    op.add_column("reviews", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE reviews SET asked_at = created_at")
    op.alter_column("reviews", "asked_at", nullable=False)
    op.add_column("reviews", sa.Column("edit_distance", sa.Float(), nullable=True))
    op.create_foreign_key("fk_reviews_holder", "reviews", "users", ["holder"], ["id"])
    op.create_index("ix_reviews_holder", "reviews", ["holder"])
    op.create_index("ix_reviews_decided_at", "reviews", ["decided_at"])
    op.add_column(
        "notifications", sa.Column("mail_to", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.create_table(
        "review_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("draft", sa.Integer(), nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("actor", "author", "text", "about")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name="fk_review_comments_review_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review_comments"),
    )
    op.create_index("ix_review_comments_review_id_created_at", "review_comments", ["review_id", "created_at"])


def downgrade() -> None:
    """As before."""
    op.drop_table("review_comments")
    op.drop_column("notifications", "mail_to")
    op.drop_index("ix_reviews_decided_at", "reviews")
    op.drop_index("ix_reviews_holder", "reviews")
    op.drop_constraint("fk_reviews_holder", "reviews")
    for column in ("edit_distance", "asked_at", "holder"):
        op.drop_column("reviews", column)
