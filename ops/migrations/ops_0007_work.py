"""Work (orders, changes, shifts, drills) and its notes; inspections; situation reports."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0007_work"
down_revision = "ops_0006_incidents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_work",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("kind", "state", "person", "key")),
        *(sa.Column(name, moment, nullable=False) for name in ("opened", "changed")),
        *(sa.Column(name, moment, nullable=True) for name in ("starts", "due")),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_ops_work_kind_state", "ops_work", ["kind", "state"])
    for column in ("key", "person", "changed", "due"):
        op.create_index(f"ix_ops_work_{column}", "ops_work", [column])
    op.create_table(
        "ops_work_notes",
        sa.Column("work_id", sa.String, sa.ForeignKey("ops_work.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("time", moment, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("actor", "action")),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_table(
        "ops_inspection_runs",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("list", "version", "plan", "state", "actor", "hash")),
        sa.Column("due", moment, nullable=True),
        *(sa.Column(name, moment, nullable=False) for name in ("started", "ended")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("checked", "anomalies", "unknown")),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_index("ix_ops_inspection_runs_list", "ops_inspection_runs", ["list", "started"])
    op.create_index("ix_ops_inspection_runs_plan", "ops_inspection_runs", ["plan", "due"])
    op.create_table(
        "ops_reports",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("period", "language", "html", "docx", "hash")),
        *(sa.Column(name, moment, nullable=False) for name in ("since", "until", "written")),
        sa.Column("figures", sa.JSON, nullable=False),
    )
    op.create_index("ix_ops_reports_period", "ops_reports", ["period", "until"])


def downgrade() -> None:
    for table in ("ops_reports", "ops_inspection_runs", "ops_work_notes", "ops_work"):
        op.drop_table(table)
