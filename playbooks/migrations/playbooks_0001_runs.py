"""Playbooks, runs, attempts, waits, approvals."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import utc

revision = "playbooks_0001"
down_revision = None
branch_labels = ("playbooks",)
depends_on = None


def text(*names: str, kind: type = sa.String) -> list[sa.Column]:
    return [sa.Column(name, kind(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "playbooks_documents",
        *text("sha256", "playbook", "version", "name", "level", "source"),
        *text("body", kind=sa.Text),
        sa.Column("added", utc(), nullable=False),
        sa.Column("retired", utc(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_playbooks_documents"),
    )
    op.create_index("ix_playbooks_documents_playbook", "playbooks_documents", ["playbook"])
    op.create_table(
        "playbooks_runs",
        *text("id", "sha256"),
        sa.Column("simulate", sa.Boolean(), nullable=False),
        *text("state", "hold", "reason"),
        *text("body", kind=sa.Text),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("requester", sa.JSON(), nullable=False),
        *text("cause", "parent"),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("created", utc(), nullable=False),
        sa.Column("changed", utc(), nullable=False),
        sa.Column("ended", utc(), nullable=True),
        *text("holder"),
        sa.Column("lease_until", utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_playbooks_runs"),
        sa.ForeignKeyConstraint(
            ["sha256"], ["playbooks_documents.sha256"], name="fk_playbooks_runs_sha256_playbooks_documents"
        ),
    )
    op.create_index("ix_playbooks_runs_ready", "playbooks_runs", ["state", "lease_until"])
    op.create_index("ix_playbooks_runs_created", "playbooks_runs", ["created"])
    op.create_index("ix_playbooks_runs_cause", "playbooks_runs", ["cause"])
    op.create_table(
        "playbooks_attempts",
        *text("key", "run", "token", "step", "kind", "state"),
        *text("order", "outcome", kind=sa.Text),
        sa.Column("started", utc(), nullable=False),
        sa.Column("ended", utc(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_playbooks_attempts"),
        sa.ForeignKeyConstraint(["run"], ["playbooks_runs.id"], name="fk_playbooks_attempts_run_playbooks_runs"),
    )
    op.create_index("ix_playbooks_attempts_run", "playbooks_attempts", ["run", "state"])
    op.create_index("ix_playbooks_attempts_kind", "playbooks_attempts", ["kind", "started"])
    op.create_table(
        "playbooks_waits",
        *text("id", "run", "token", "step", "kind", "gate", "state"),
        *text("question", kind=sa.Text),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("due", utc(), nullable=True),
        sa.Column("opened", utc(), nullable=False),
        *text("answer"),
        sa.Column("outputs", sa.JSON(), nullable=False),
        *text("answered_by"),
        sa.PrimaryKeyConstraint("id", name="pk_playbooks_waits"),
        sa.ForeignKeyConstraint(["run"], ["playbooks_runs.id"], name="fk_playbooks_waits_run_playbooks_runs"),
    )
    op.create_index("ix_playbooks_waits_due", "playbooks_waits", ["state", "due"])
    op.create_index("ix_playbooks_waits_run", "playbooks_waits", ["run", "state"])
    op.create_table(
        "playbooks_approvals",
        *text("wait", "person", "decision", "binding"),
        sa.Column("at", utc(), nullable=False),
        sa.PrimaryKeyConstraint("wait", "person", name="pk_playbooks_approvals"),
        sa.ForeignKeyConstraint(["wait"], ["playbooks_waits.id"], name="fk_playbooks_approvals_wait_playbooks_waits"),
    )


def downgrade() -> None:
    for table in ("approvals", "waits", "attempts", "runs", "documents"):
        op.drop_table(f"playbooks_{table}")
