"""People: what refunds gave back, imports, and who takes part in them."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Refunds that were kept without their amount get it from their events."""
    op.add_column("refunds", sa.Column("amount", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        """
        UPDATE refunds SET amount = (events.payload ->> 'amount_refunded')::integer
        FROM events WHERE events.id = refunds.event_id
            AND jsonb_typeof(events.payload -> 'amount_refunded') = 'number'
            AND (events.payload ->> 'amount_refunded') ~ '^[0-9]{1,9}$'
        """
    )
    op.alter_column("refunds", "amount", server_default=None)
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("header", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("enrol", sa.Boolean(), nullable=False),
        sa.Column("consent_wording", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_created_at_id"), "imports", ["created_at", "id"], unique=False)
    op.create_table(
        "import_chunks",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_chunks_import_id")),
        sa.PrimaryKeyConstraint("import_id", "no", name=op.f("pk_import_chunks")),
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_rows")),
    )
    op.create_index("ix_import_rows_contact_id", "import_rows", ["contact_id"], unique=False)
    op.create_index("ix_import_rows_state", "import_rows", ["import_id", "state", "line"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_import_rows_state", table_name="import_rows")
    op.drop_index("ix_import_rows_contact_id", table_name="import_rows")
    op.drop_table("import_rows")
    op.drop_table("import_chunks")
    op.drop_index(op.f("ix_imports_created_at_id"), table_name="imports")
    op.drop_table("imports")
    op.drop_column("refunds", "amount")
