"""Assets that were asked for, launches of many at once, and where approved words are read."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    """Five tables."""
    op.create_table(
        "launches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in ("ready_at", "ended_at")),
        sa.PrimaryKeyConstraint("id", name="pk_launches"),
    )
    still_open = sa.text("state IN ('preparing', 'running', 'stopped')")
    op.create_index("uq_launches_open", "launches", ["brand"], unique=True, postgresql_where=still_open)
    op.create_index("ix_launches_created_at_id", "launches", ["created_at", "id"])
    op.create_table(
        "assets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Uuid(), nullable=False),
        sa.Column("launch_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, TEXT, nullable=False) for name in ("kind", "slug", "title", "product")),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("options", JSON, server_default="{}", nullable=False),
        sa.Column("needs", JSON, server_default="[]", nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("state", "reason", "requested_by")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in ("started_at", "written_at")),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["launch_id"], ["launches.id"], name="fk_assets_launch_id"),
        sa.ForeignKeyConstraint(["origin"], ["events.id"], name="fk_assets_origin"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_assets_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_assets"),
        sa.UniqueConstraint("slug", name="uq_assets_slug"),
    )
    op.create_index("ix_assets_launch_id", "assets", ["launch_id"])
    op.create_index("ix_assets_created_at_id", "assets", ["created_at", "id"])
    op.create_table(
        "publications",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("kind", "channel", "title")),
        sa.Column("draft", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("body", JSON, server_default="{}", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in ("live_at", "ended_at")),
        sa.ForeignKeyConstraint(["asset_id"], ["reviews.id"], name="fk_publications_asset_id"),
        sa.PrimaryKeyConstraint("slug", name="pk_publications"),
        sa.UniqueConstraint("asset_id", name="uq_publications_asset_id"),
    )
    op.create_index("ix_publications_channel_live_at", "publications", ["channel", "live_at"])
    op.create_table(
        "source_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("filename", "url", "state", "reason", "created_by")),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_uploads_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_source_uploads"),
    )
    op.create_index("ix_source_uploads_created_at_id", "source_uploads", ["created_at", "id"])
    op.create_table(
        "source_pieces",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["source_uploads.id"], name="fk_source_pieces_upload_id"),
        sa.PrimaryKeyConstraint("upload_id", "no", name="pk_source_pieces"),
    )


def downgrade() -> None:
    """Without what was made of sources."""
    op.drop_table("source_pieces")
    op.drop_table("source_uploads")
    op.drop_table("publications")
    op.drop_table("assets")
    op.drop_table("launches")
