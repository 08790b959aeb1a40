"""Pieces of files stand in one table, whatever the file becomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Where pieces stood: the table, what they were of, and by which column.
BEFORE = (("import_chunks", "imports", "import_id"), ("source_pieces", "source_uploads", "upload_id"))


def upgrade() -> None:
    """One table for two; an upload that is under way goes on."""
    op.create_table(
        "upload_pieces",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "no", name="pk_upload_pieces"),
    )
    for table, _, column in BEFORE:
        op.execute(f"INSERT INTO upload_pieces SELECT {column}, no, content FROM {table}")  # noqa: S608 - our own names
        op.drop_table(table)


def downgrade() -> None:
    """Two tables for one."""
    for table, whole, column in BEFORE:
        op.create_table(
            table,
            sa.Column(column, sa.Uuid(), nullable=False),
            sa.Column("no", sa.Integer(), nullable=False),
            sa.Column("content", sa.LargeBinary(), nullable=False),
            sa.ForeignKeyConstraint([column], [f"{whole}.id"], name=f"fk_{table}_{column}"),
            sa.PrimaryKeyConstraint(column, "no", name=f"pk_{table}"),
        )
        moved = f"INSERT INTO {table} SELECT upload_id, no, content FROM upload_pieces JOIN {whole} ON id = upload_id"  # noqa: S608 - our own names
        op.execute(moved)
    op.drop_table("upload_pieces")
