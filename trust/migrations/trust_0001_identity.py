"""Accounts, roles, sessions, one-time links, tokens, throttles."""

import sqlalchemy as sa
from alembic import op

from infra.records.base import BIG, utc

revision = "trust_0001"
down_revision = None
branch_labels = ("trust",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trust_users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_pending", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", BIG, nullable=False),
        sa.Column("created", utc(), nullable=False),
        sa.Column("last_seen", utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trust_users"),
        sa.UniqueConstraint("name", name="uq_trust_users_name"),
    )
    op.create_table(
        "trust_user_roles",
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("chair", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("user", "role", name="pk_trust_user_roles"),
        sa.UniqueConstraint("user", "chair", name="uq_trust_user_roles_user"),
        sa.ForeignKeyConstraint(["user"], ["trust_users.id"], name="fk_trust_user_roles_user_trust_users"),
    )
    _credentials()


def _credentials() -> None:
    op.create_table(
        "trust_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("created", utc(), nullable=False),
        sa.Column("last_seen", utc(), nullable=False),
        sa.Column("expires", utc(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("ended", utc(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trust_sessions"),
        sa.UniqueConstraint("secret", name="uq_trust_sessions_secret"),
        sa.ForeignKeyConstraint(["user"], ["trust_users.id"], name="fk_trust_sessions_user_trust_users"),
    )
    op.create_index("ix_trust_sessions_user", "trust_sessions", ["user"])
    op.create_table(
        "trust_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created", utc(), nullable=False),
        sa.Column("expires", utc(), nullable=False),
        sa.Column("used", utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trust_links"),
        sa.UniqueConstraint("secret", name="uq_trust_links_secret"),
        sa.ForeignKeyConstraint(["user"], ["trust_users.id"], name="fk_trust_links_user_trust_users"),
    )
    op.create_table(
        "trust_tokens",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created", utc(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires", utc(), nullable=False),
        sa.Column("revoked", utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trust_tokens"),
        sa.UniqueConstraint("secret", name="uq_trust_tokens_secret"),
    )
    op.create_table(
        "trust_throttles",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last", utc(), nullable=False),
        sa.Column("until", utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_trust_throttles"),
    )


def downgrade() -> None:
    for table in ("throttles", "tokens", "links", "sessions", "user_roles", "users"):
        op.drop_table(f"trust_{table}")
