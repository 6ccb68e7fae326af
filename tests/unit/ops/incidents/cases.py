"""A desk over a records database of its own, and alerts to work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from infra.blobs import FolderBlobs
from infra.clock import ManualClock
from infra.events import Signal, Why
from infra.exchange import Level
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts import Alerts
from ops.incidents import Incidents
from ops.incidents.desk import Desk

START = datetime(2026, 11, 18, 1, 20, tzinfo=UTC)
ANNA = Actor(id="u-anna", name="anna", roles=("analyst",))
BORIS = Actor(id="u-boris", name="boris", roles=("analyst",))


@dataclass
class Office:
    """Services over one database, the clock that drives them, and what the ledger was told."""

    records: Records
    folder: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    told: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alerts = Alerts(self.records, self.clock, self.audit)
        self.blobs = FolderBlobs(self.folder / "blobs")
        self.incidents = Incidents(self.records, self.clock, self.audit, self.alerts, self.blobs)
        self.desk = Desk(self.incidents, self.alerts, self.clock)

    def audit(self, session: Session, *, actor: Actor, action: str, thing: str, detail: dict[str, Any]) -> None:
        self.told.append((action, thing))

    def alert(self, number: int, *, rule: str = "r1", entity: str = "10.0.0.9", level: Level = Level.HIGH,
              system: str = "trace", minutes: int = 0) -> str:  # fmt: skip
        """A new alert; its id."""
        signal = Signal(
            id=f"s{number}", time=START + timedelta(minutes=minutes), rule_id=rule, rule_name=f"rule {rule}",
            detector="rules", level=level, event_ids=(f"e{number}",), entity_type="ip", entity_value=entity,
            why=(Why("source.ip", entity, entity),), author="us", techniques=("T1110",), system=system,
        )  # fmt: skip
        (made,) = self.alerts.absorb([signal])
        return made.id
