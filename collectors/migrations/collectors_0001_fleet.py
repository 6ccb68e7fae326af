"""Agents, their one-time tokens, their groups."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "collectors_0001_fleet"
down_revision = None
branch_labels = ("collectors",)
depends_on = None


def text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def moments(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, utc(), nullable=nullable) for name in names]


def upgrade() -> None:
    op.create_table(
        "collectors_agents",
        *text("id", "name", "group_id", "host", "public_key", "serial", "previous"),
        *moments("enrolled", "expires"),
        *moments("revoked", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_collectors_agents"),
        sa.UniqueConstraint("name", name="uq_collectors_agents_name"),
    )
    op.create_index("ix_collectors_agents_group_id", "collectors_agents", ["group_id"])
    op.create_table(
        "collectors_enrolments",
        *text("id", "secret", "group_id", "name"),
        *moments("created"),
        *text("created_by"),
        *moments("expires"),
        *moments("used", nullable=True),
        *text("agent"),
        sa.PrimaryKeyConstraint("id", name="pk_collectors_enrolments"),
        sa.UniqueConstraint("secret", name="uq_collectors_enrolments_secret"),
    )
    op.create_table(
        "collectors_agent_groups",
        *text("id"),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        *text("signed"),
        *moments("changed"),
        *text("changed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_collectors_agent_groups"),
    )


def downgrade() -> None:
    for table in ("agent_groups", "enrolments", "agents"):
        op.drop_table(f"collectors_{table}")
