"""What is offered and what it costs until when; affiliates, and what they earned; how much of an order is tax."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0020"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
MOMENT = sa.DateTime(timezone=True)
MONEY = sa.Numeric(14, 3)
WORDS = postgresql.ARRAY(sa.Text())
PERCENT = sa.Numeric(5, 2)


def upgrade() -> None:
    """Five tables and a column."""
    op.add_column("orders", sa.Column("tax", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("orders", "tax", server_default=None)
    _offers()
    _affiliates()


def _offers() -> None:
    op.create_table(
        "offers",
        *(sa.Column(name, TEXT, nullable=False) for name in ("slug", "key")),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("products", WORDS, server_default="{}", nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("live_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("slug", "key", name="pk_offers"),
    )
    op.create_table(
        "promotions",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("products", WORDS, server_default="{}", nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("amount", MONEY, nullable=True),
        *(sa.Column(name, MOMENT, nullable=False) for name in ("starts_at", "ends_at", "live_at")),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("slug", name="pk_promotions"),
    )
    op.create_index("ix_promotions_ends_at", "promotions", ["ends_at"])


def _affiliates() -> None:
    op.create_table(
        "affiliates",
        *(sa.Column(name, TEXT, nullable=False) for name in ("code", "name", "email")),
        sa.Column("percent", PERCENT, nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_affiliates"),
    )
    op.create_table(
        "commissions",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("affiliate", TEXT, nullable=False),
        sa.Column("percent", PERCENT, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("base", "amount", "reversed", "paid")),
        sa.Column("currency", TEXT, nullable=False),
        *(sa.Column(name, MOMENT, nullable=False) for name in ("earned_at", "due_at")),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_commissions_order_id"),
        sa.ForeignKeyConstraint(["affiliate"], ["affiliates.code"], name="fk_commissions_affiliate"),
        sa.PrimaryKeyConstraint("order_id", name="pk_commissions"),
    )
    op.create_index("ix_commissions_affiliate_earned_at", "commissions", ["affiliate", "earned_at"])
    op.create_table(
        "payouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("affiliate", TEXT, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("currency", "by")),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["affiliate"], ["affiliates.code"], name="fk_payouts_affiliate"),
        sa.PrimaryKeyConstraint("id", name="pk_payouts"),
    )
    op.create_index("ix_payouts_affiliate", "payouts", ["affiliate"])


def downgrade() -> None:
    """Without offers and affiliates."""
    for table in ("payouts", "commissions", "affiliates", "promotions", "offers"):
        op.drop_table(table)
    op.drop_column("orders", "tax")
