"""Detection rules as the site keeps them: switches, versions, drafts, suppressions."""

import sqlalchemy as sa
from alembic import op

revision = "analytics_0004"
down_revision = "analytics_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analytics_rules",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "analytics_rule_versions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("rule_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("act", sa.String, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("tests", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_analytics_rule_versions_rule_id", "analytics_rule_versions", ["rule_id"])
    op.create_table(
        "analytics_rule_drafts",
        sa.Column("rule_id", sa.String, primary_key=True),
        sa.Column("actor", sa.String, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("tests", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "analytics_suppressions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("maker", sa.String, nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ender", sa.String, nullable=False),
        sa.Column("proof", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    for name in ("suppressions", "rule_drafts", "rule_versions", "rules"):
        op.drop_table(f"analytics_{name}")
