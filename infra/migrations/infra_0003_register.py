"""The register: units, systems, assets and their addresses."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "infra_0003"
down_revision = "infra_0002"
branch_labels = None
depends_on = None


def text_columns(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "infra_units",
        *text_columns("id", "name_zh", "name_en", "parent", "region", "contact"),
        sa.PrimaryKeyConstraint("id", name="pk_infra_units"),
    )
    op.create_table(
        "infra_systems",
        *text_columns("id", "name_zh", "name_en", "unit"),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        *text_columns("state", "about"),
        sa.PrimaryKeyConstraint("id", name="pk_infra_systems"),
    )
    op.create_table(
        "infra_assets",
        *text_columns("id", "name", "kind", "system", "unit", "dimension", "zone"),
        sa.Column("importance", sa.Double(), nullable=False),
        *text_columns("state"),
        sa.PrimaryKeyConstraint("id", name="pk_infra_assets"),
    )
    op.create_table(
        "infra_addresses",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        *text_columns("asset", "kind", "value"),
        sa.Column("since", utc(), nullable=False),
        sa.Column("until", utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_infra_addresses"),
        sa.ForeignKeyConstraint(["asset"], ["infra_assets.id"], name="fk_infra_addresses_asset_infra_assets"),
    )
    op.create_index("ix_infra_addresses_value", "infra_addresses", ["kind", "value", "since"])
    op.create_index("ix_infra_addresses_asset", "infra_addresses", ["asset"])


def downgrade() -> None:
    for table in ("addresses", "assets", "systems", "units"):
        op.drop_table(f"infra_{table}")
