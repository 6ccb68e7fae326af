"""Gradings that were kept, and days on which a legal clock was answered."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0008_gradings"
down_revision = "ops_0007_work"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_gradings",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("object_id", "unit", "label", "state", "by")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("s", "a")),
        sa.Column("thing", sa.JSON, nullable=False),
        sa.Column("packs", sa.JSON, nullable=False),
        sa.Column("at", moment, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("reviewer", "note")),
        sa.Column("reviewed", moment, nullable=True),
    )
    op.create_index("ix_ops_gradings_object_id", "ops_gradings", ["object_id"])
    op.create_table(
        "ops_clock_answers",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("object_id", "kind")),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("note", sa.String, nullable=False),
    )


def downgrade() -> None:
    for table in ("ops_clock_answers", "ops_gradings"):
        op.drop_table(table)
