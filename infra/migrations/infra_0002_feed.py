"""The feed."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "infra_0002"
down_revision = "infra_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "infra_feed",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_infra_feed"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_infra_feed_at", "infra_feed", ["at"])


def downgrade() -> None:
    op.drop_table("infra_feed")
