"""Stored postures."""

import sqlalchemy as sa
from alembic import op

revision = "analytics_0001"
down_revision = None
branch_labels = ("analytics",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analytics_posture",
        sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("first", sa.Boolean, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("inputs", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_analytics_posture_slot", "analytics_posture", ["slot"])


def downgrade() -> None:
    op.drop_table("analytics_posture")
