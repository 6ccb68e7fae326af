"""Filings and the steps they take."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0002_filings"
down_revision = "ops_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_filings",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("packs", sa.JSON, nullable=False),
        sa.Column("certificate_number", sa.String, nullable=False),
        sa.Column("certified", sa.Date, nullable=True),
        sa.Column("expires", sa.Date, nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    for column in ("unit", "state", "expires"):
        op.create_index(f"ix_ops_filings_{column}", "ops_filings", [column])
    op.create_table(
        "ops_filing_steps",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("filing_id", sa.String, sa.ForeignKey("ops_filings.id", ondelete="CASCADE"), nullable=False),
        sa.Column("time", moment, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("actor", "action", "source", "target")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("file_sha256", "document_sha256")),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("ix_ops_filing_steps_order", "ops_filing_steps", ["filing_id", "time"])


def downgrade() -> None:
    for table in ("ops_filing_steps", "ops_filings"):
        op.drop_table(table)
