"""Schedules and their fires."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import utc

revision = "infra_0004"
down_revision = "infra_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "infra_schedules",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("timing", sa.JSON(), nullable=False),
        sa.Column("catch_up", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("done_until", utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_infra_schedules"),
    )
    op.create_table(
        "infra_schedule_fires",
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("due", utc(), nullable=False),
        sa.Column("fired", utc(), nullable=False),
        sa.Column("ended", utc(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "due", name="pk_infra_schedule_fires"),
        sa.ForeignKeyConstraint(
            ["schedule"], ["infra_schedules.id"], name="fk_infra_schedule_fires_schedule_infra_schedules"
        ),
    )
    op.create_index("ix_infra_schedule_fires_state", "infra_schedule_fires", ["state", "due"])


def downgrade() -> None:
    op.drop_table("infra_schedule_fires")
    op.drop_table("infra_schedules")
