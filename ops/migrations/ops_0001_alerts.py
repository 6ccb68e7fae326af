"""Alerts, their counted signals and their history."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0001"
down_revision = None
branch_labels = ("ops",)
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_alerts",
        sa.Column("id", sa.String, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in (
                "rule_id",
                "rule_name",
                "detector",
                "author",
                "reference",
                "level",
                "entity_type",
                "entity_value",
                "system",
                "asset",
                "dimension",
                "state",
                "assignee",
                "disposition",
                "reason",
            )
        ),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("techniques", "why", "event_ids")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("rank", "count", "version")),
        *(sa.Column(name, moment, nullable=False) for name in ("first_seen", "last_seen")),
        *(sa.Column(name, moment, nullable=True) for name in ("acknowledged", "closed")),
    )
    for column in ("rule_id", "system", "asset", "last_seen", "state"):
        op.create_index(f"ix_ops_alerts_{column}", "ops_alerts", [column])
    op.create_index("ix_ops_alerts_group", "ops_alerts", ["rule_id", "entity_type", "entity_value", "last_seen"])
    op.create_index("ix_ops_alerts_order", "ops_alerts", ["rank", "last_seen", "id"])
    op.create_table(
        "ops_alert_signals",
        sa.Column("signal_id", sa.String, primary_key=True),
        sa.Column("alert_id", sa.String, sa.ForeignKey("ops_alerts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("time", moment, nullable=False),
    )
    op.create_index("ix_ops_alert_signals_alert_id", "ops_alert_signals", ["alert_id"])
    op.create_index("ix_ops_alert_signals_time", "ops_alert_signals", ["time"])
    op.create_table(
        "ops_alert_history",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("alert_id", sa.String, sa.ForeignKey("ops_alerts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
    )
    op.create_index("ix_ops_alert_history_alert_id", "ops_alert_history", ["alert_id"])


def downgrade() -> None:
    for table in ("ops_alert_history", "ops_alert_signals", "ops_alerts"):
        op.drop_table(table)
