"""Identity of assets: when and by whom a key was last seen, facts, rules, zones and the paths between them."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "infra_0005"
down_revision = "infra_0004"
branch_labels = None
depends_on = None


def text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("infra_addresses", sa.Column("seen", utc(), nullable=True))
    op.add_column("infra_addresses", sa.Column("told_by", sa.String(), nullable=True))
    op.create_table(
        "infra_asset_facts",
        *text("asset", "name", "value", "told_by"),
        sa.Column("seen", utc(), nullable=False),
        sa.PrimaryKeyConstraint("asset", "name", name="pk_infra_asset_facts"),
    )
    op.create_table(
        "infra_asset_rules",
        *text("id"),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("match", sa.JSON(), nullable=False),
        sa.Column("put", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_infra_asset_rules"),
    )
    op.create_table(
        "infra_zones",
        *text("id", "name_zh", "name_en", "kind"),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("reaches", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_infra_zones"),
    )
    op.create_table(
        "infra_zone_paths",
        *text("source", "target", "service"),
        sa.Column("first", utc(), nullable=False),
        sa.Column("last", utc(), nullable=False),
        sa.Column("count", BIG, nullable=False),
        *text("event"),
        sa.PrimaryKeyConstraint("source", "target", "service", name="pk_infra_zone_paths"),
    )


def downgrade() -> None:
    for table in ("zone_paths", "zones", "asset_rules", "asset_facts"):
        op.drop_table(f"infra_{table}")
    for column in ("told_by", "seen"):
        op.drop_column("infra_addresses", column)
