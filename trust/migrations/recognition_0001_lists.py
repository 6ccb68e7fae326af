"""Carried audit rows of the PKI database, and published versions of the trust list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "recognition_0001"
down_revision = None
branch_labels = ("recognition",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trust_relayed",
        sa.Column("outbox", BIG, nullable=False, autoincrement=False),
        sa.Column("entry", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("outbox", name="pk_trust_relayed"),
    )
    op.create_table(
        "trust_lists",
        sa.Column("version", BIG, nullable=False, autoincrement=False),
        sa.Column("published", utc(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_trust_lists"),
        sa.UniqueConstraint("sha256", name="uq_trust_lists_sha256"),
    )


def downgrade() -> None:
    op.drop_table("trust_lists")
    op.drop_table("trust_relayed")
