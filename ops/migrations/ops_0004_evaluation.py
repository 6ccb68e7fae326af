"""Evaluations, findings with their steps, uses of cryptography."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0004_evaluation"
down_revision = "ops_0003_controls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_evaluations",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("object_id", "template", "body", "report_number")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("scope", "score", "packs")),
        *(sa.Column(name, sa.Date, nullable=False) for name in ("planned_from", "planned_to")),
        sa.Column("done", sa.Date, nullable=True),
    )
    op.create_index("ix_ops_evaluations_object_id", "ops_evaluations", ["object_id"])
    words = ("object_id", "evaluation_id", "unit", "asset", "title", "risk", "state", "owner", "cause", "fix")
    op.create_table(
        "ops_findings",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in words),
        *(
            sa.Column(n, sa.String, nullable=False)
            for n in ("mitigation", "before_sha256", "after_sha256", "closed_by")
        ),
        sa.Column("major", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Date, nullable=True) for name in ("due", "exception_until")),
        sa.Column("created", moment, nullable=False),
        sa.Column("closed", moment, nullable=True),
    )
    for column in ("object_id", "state", "due"):
        op.create_index(f"ix_ops_findings_{column}", "ops_findings", [column])
    op.create_table(
        "ops_finding_steps",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("finding_id", sa.String, sa.ForeignKey("ops_findings.id", ondelete="CASCADE"), nullable=False),
        sa.Column("time", moment, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("actor", "action", "source", "target")),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("ix_ops_finding_steps_finding_id", "ops_finding_steps", ["finding_id"])
    op.create_table(
        "ops_crypto_uses",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("object_id", "id")),
        sa.Column("use", sa.JSON, nullable=False),
        sa.Column("changed", moment, nullable=False),
    )


def downgrade() -> None:
    for table in ("ops_crypto_uses", "ops_finding_steps", "ops_findings", "ops_evaluations"):
        op.drop_table(table)
