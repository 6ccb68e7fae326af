"""The register of sensing devices."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import utc

revision = "collectors_0002_devices"
down_revision = "collectors_0001_fleet"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collectors_devices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("device", sa.JSON(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("changed", utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collectors_devices"),
    )


def downgrade() -> None:
    op.drop_table("collectors_devices")
