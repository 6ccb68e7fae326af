"""Leases and the ledger."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "infra_0001"
down_revision = None
branch_labels = ("infra",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "infra_leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", utc(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_infra_leases"),
    )
    op.create_table(
        "infra_ledger_outbox",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_infra_ledger_outbox"),
        sa.UniqueConstraint("entry", name="uq_infra_ledger_outbox_entry"),
    )
    _ledger_tree()


def _ledger_tree() -> None:
    op.create_table(
        "infra_ledger_leaves",
        sa.Column("leaf", BIG, autoincrement=False, nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("time", utc(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sm3", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("leaf", name="pk_infra_ledger_leaves"),
        sa.UniqueConstraint("entry", name="uq_infra_ledger_leaves_entry"),
    )
    for column in ("actor", "action", "thing", "time"):
        op.create_index(f"ix_infra_ledger_leaves_{column}", "infra_ledger_leaves", [column, "leaf"])
    op.create_table(
        "infra_ledger_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", BIG, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sm3", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("level", "place", name="pk_infra_ledger_nodes"),
    )
    op.create_table(
        "infra_ledger_heads",
        sa.Column("size", BIG, autoincrement=False, nullable=False),
        sa.Column("time", utc(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sm3", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("size", name="pk_infra_ledger_heads"),
    )


def downgrade() -> None:
    for table in ("heads", "nodes", "leaves", "outbox"):
        op.drop_table(f"infra_ledger_{table}")
    op.drop_table("infra_leases")
