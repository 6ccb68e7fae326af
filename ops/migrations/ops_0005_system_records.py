"""Records of government systems and their steps."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0005_system_records"
down_revision = "ops_0004_evaluation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_system_records",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("system", "unit", "state", "unit_code")),
        sa.Column("application", sa.JSON, nullable=False),
        sa.Column("number", sa.String, nullable=True, unique=True),
        *(sa.Column(name, sa.Integer, nullable=True) for name in ("year", "sequence")),
        sa.Column("reviewed", sa.Date, nullable=True),
        *(sa.Column(name, moment, nullable=False) for name in ("created", "changed")),
        sa.UniqueConstraint("unit_code", "year", "sequence", name="uq_ops_system_records_place"),
    )
    for column in ("system", "unit", "state"):
        op.create_index(f"ix_ops_system_records_{column}", "ops_system_records", [column])
    op.create_table(
        "ops_system_record_steps",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("record_id", sa.String, sa.ForeignKey("ops_system_records.id", ondelete="CASCADE"), nullable=False),
        sa.Column("time", moment, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("actor", "action", "source", "target")),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("ix_ops_system_record_steps_record_id", "ops_system_record_steps", ["record_id"])


def downgrade() -> None:
    for table in ("ops_system_record_steps", "ops_system_records"):
        op.drop_table(table)
