"""Open alerts as weight on the posture, and open critical ones as a cap."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from datetime import datetime
from urllib.parse import quote

from analytics.posture.score import Gate, Pressure
from infra.exchange import Dimension, Level
from ops.alerts.naming import titled
from ops.alerts.service import Alert, Alerts

SEVERITY = {Level.CRITICAL: 0.9, Level.HIGH: 0.5, Level.MEDIUM: 0.15, Level.LOW: 0.03, Level.INFORMATIONAL: 0.0}
HALF_LIFE_S = 3 * 86_400.0
CRITICAL_CAP = 60.0


class AlertPressure:
    """``PressureSource`` and ``GateSource`` over the open alerts, without those ``held`` by what weighs itself."""

    def __init__(self, alerts: Alerts, held: Callable[[list[str]], Container[str]] = lambda ids: ()) -> None:
        self._alerts, self._held = alerts, held

    def _open(self) -> list[Alert]:
        found = self._alerts.open()
        held = self._held([alert.id for alert in found])
        return [alert for alert in found if alert.id not in held]

    def pressures(self, now: datetime) -> Sequence[Pressure]:
        """One pressure per open alert above informational; age counts from when it was last seen."""
        return [_pressure(alert, now) for alert in self._open() if SEVERITY[alert.level] > 0]

    def gates(self, now: datetime) -> Sequence[Gate]:
        """A cap of 60 on each dimension that has an open critical alert; the newest names it."""
        found: dict[str, Gate] = {}
        for alert in self._open():
            if alert.level is Level.CRITICAL and alert.dimension not in found:
                found[alert.dimension] = Gate(
                    id=f"critical:{alert.id}", dimension=Dimension(alert.dimension), cap=CRITICAL_CAP,
                    title=titled(alert), href=href_of(alert),
                )  # fmt: skip
        return list(found.values())


def href_of(alert: Alert) -> str:
    """The page that shows the alert."""
    return f"/ui/alerts?sel={quote(alert.id)}"


def _pressure(alert: Alert, now: datetime) -> Pressure:
    return Pressure(
        id=alert.id, title=titled(alert), dimension=Dimension(alert.dimension), severity=SEVERITY[alert.level],
        asset=1.0 if alert.system else 0.7, confidence=0.5 if alert.state == "acknowledged" else 0.8,
        age_s=(now - alert.last_seen).total_seconds(), half_life_s=HALF_LIFE_S, href=href_of(alert),
    )  # fmt: skip
