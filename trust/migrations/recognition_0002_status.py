"""Known revocation lists, drafts of the trust list, certificate sign-in, approvals, signed checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "recognition_0002"
down_revision = "recognition_0001"
branch_labels = None
depends_on = "trust_0001"


def upgrade() -> None:
    _status()
    _sign_in()
    _approval()
    op.create_table(
        "trust_checkpoints",
        sa.Column("size", BIG, nullable=False, autoincrement=False),
        sa.Column("made", utc(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_trust_checkpoints"),
    )


def _status() -> None:
    op.create_table(
        "trust_status_lists",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("number", sa.String(42), nullable=True),
        sa.Column("delta", sa.Boolean(), nullable=False),
        sa.Column("this_update", utc(), nullable=False),
        sa.Column("next_update", utc(), nullable=True),
        sa.Column("entries", BIG, nullable=False),
        sa.Column("taken", utc(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trust_status_lists"),
    )
    op.create_index("ix_trust_status_lists_issuer", "trust_status_lists", ["issuer", "current"])
    op.create_table(
        "trust_list_drafts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("created", utc(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trust_list_drafts"),
    )


def _sign_in() -> None:
    op.create_table(
        "trust_subjects",
        sa.Column("scheme", sa.String(40), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("added", utc(), nullable=False),
        sa.PrimaryKeyConstraint("scheme", "value", name="pk_trust_subjects"),
        sa.ForeignKeyConstraint(["user"], ["trust_users.id"], name="fk_trust_subjects_user_trust_users"),
    )
    op.create_index("ix_trust_subjects_user", "trust_subjects", ["user"])
    op.create_table(
        "trust_challenges",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("until", utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trust_challenges"),
    )
    op.create_table(
        "trust_session_certificates",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("serial", sa.String(42), nullable=False),
        sa.Column("issuer", sa.String(64), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("entry", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("session", name="pk_trust_session_certificates"),
        sa.ForeignKeyConstraint(
            ["session"], ["trust_sessions.id"], name="fk_trust_session_certificates_session_trust_sessions"
        ),
    )
    op.create_index("ix_trust_session_certificates_issuer", "trust_session_certificates", ["issuer"])


def _approval() -> None:
    op.create_table(
        "trust_matters",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("requester", sa.String(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created", utc(), nullable=False),
        sa.Column("expires", utc(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trust_matters"),
    )
    op.create_index("ix_trust_matters_state", "trust_matters", ["state", "created"])
    op.create_table(
        "trust_voices",
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("given", utc(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("matter", "approver", name="pk_trust_voices"),
        sa.ForeignKeyConstraint(["matter"], ["trust_matters.id"], name="fk_trust_voices_matter_trust_matters"),
    )


def downgrade() -> None:
    for name in (
        "trust_voices", "trust_matters", "trust_session_certificates", "trust_challenges", "trust_subjects",
        "trust_list_drafts", "trust_status_lists", "trust_checkpoints",
    ):  # fmt: skip
        op.drop_table(name)
