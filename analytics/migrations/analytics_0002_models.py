"""Models and feedback."""

import sqlalchemy as sa
from alembic import op

revision = "analytics_0002"
down_revision = "analytics_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analytics_models",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("card", sa.JSON, nullable=False),
        sa.Column("blob", sa.String, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approver", sa.String, nullable=False),
    )
    op.create_index("ix_analytics_models_name", "analytics_models", ["name"])
    op.create_table(
        "analytics_feedback",
        sa.Column("signal_id", sa.String, primary_key=True),
        sa.Column("rule_id", sa.String, nullable=False),
        sa.Column("entity", sa.String, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("features", sa.JSON, nullable=False),
    )
    op.create_index("ix_analytics_feedback_rule_id", "analytics_feedback", ["rule_id"])
    op.create_index("ix_analytics_feedback_entity", "analytics_feedback", ["entity"])


def downgrade() -> None:
    op.drop_table("analytics_feedback")
    op.drop_table("analytics_models")
