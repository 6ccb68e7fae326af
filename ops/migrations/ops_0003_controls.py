"""Evaluated objects, their facts, and people's verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0003_controls"
down_revision = "ops_0002_filings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_control_objects",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("profile", sa.JSON, nullable=False),
        sa.Column("changed", moment, nullable=False),
    )
    op.create_index("ix_ops_control_objects_unit", "ops_control_objects", ["unit"])
    op.create_table(
        "ops_control_facts",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("object_id", "asset", "kind")),
        sa.Column("value", sa.JSON, nullable=True),
        *(sa.Column(name, moment, nullable=False) for name in ("observed", "received", "valid_until")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("collector", "evidence", "sha256")),
    )
    op.create_table(
        "ops_control_judgements",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("object_id", "unit", "asset", "verdict", "by")),
        *(sa.Column(name, moment, nullable=False) for name in ("at", "valid_until")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("reason", "evidence_sha256")),
    )
    op.create_index("ix_ops_control_judgements_object_id", "ops_control_judgements", ["object_id"])


def downgrade() -> None:
    for table in ("ops_control_judgements", "ops_control_facts", "ops_control_objects"):
        op.drop_table(table)
