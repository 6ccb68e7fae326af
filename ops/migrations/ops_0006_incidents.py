"""Incidents, their case events, the alerts they hold, and counters."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0006_incidents"
down_revision = "ops_0005_system_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ops_incidents",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("title", "state", "level", "owner", "head")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("rank", "events")),
        *(sa.Column(name, moment, nullable=False) for name in ("opened", "changed")),
        sa.Column("body", sa.JSON, nullable=False),
    )
    for column in ("state", "owner", "changed"):
        op.create_index(f"ix_ops_incidents_{column}", "ops_incidents", [column])
    op.create_table(
        "ops_incident_events",
        sa.Column("incident_id", sa.String, sa.ForeignKey("ops_incidents.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("time", moment, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("actor", "person", "kind", "hash")),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_index("ix_ops_incident_events_time", "ops_incident_events", ["time"])
    op.create_table(
        "ops_incident_alerts",
        sa.Column("alert_id", sa.String, sa.ForeignKey("ops_alerts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("incident_id", sa.String, sa.ForeignKey("ops_incidents.id"), nullable=False),
    )
    op.create_index("ix_ops_incident_alerts_incident_id", "ops_incident_alerts", ["incident_id"])
    op.create_table(
        "ops_counters",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    for table in ("ops_counters", "ops_incident_alerts", "ops_incident_events", "ops_incidents"):
        op.drop_table(table)
