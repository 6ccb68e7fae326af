"""Open incidents as weight on the posture, and open critical ones as a cap; the alerts they hold weigh no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from analytics.posture.score import Gate, Pressure
from infra.exchange import Dimension, Level
from ops.alerts.pressure import CRITICAL_CAP, SEVERITY
from ops.incidents.case import Case
from ops.incidents.service import Incidents
from ops.incidents.state import State

HALF_LIFE_S = 7 * 86_400.0
CONFIDENCE = {
    State.NEW: 0.8, State.TRIAGE: 0.8, State.CONTAIN: 1.0, State.ERADICATE: 0.9, State.RECOVER: 0.6,
    State.REVIEW: 0.2, State.REOPENED: 1.0, State.CLOSED: 0.0,
}  # fmt: skip
"""How much of its severity an incident weighs by its state: what is contained and mended weighs less."""
CAPPING = frozenset({State.NEW, State.TRIAGE, State.CONTAIN, State.ERADICATE, State.REOPENED})
"""States in which a critical incident caps its dimensions: until its cause is gone."""


class IncidentPressure:
    """``PressureSource`` and ``GateSource`` over the open incidents."""

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents

    def pressures(self, now: datetime) -> Sequence[Pressure]:
        """One pressure per open incident and dimension it concerns; age counts from when it was last seen."""
        return [pressure for case in self._incidents.open_cases() for pressure in _pressures(case, now)]

    def gates(self, now: datetime) -> Sequence[Gate]:
        """A cap of 60 on each dimension of a critical incident whose cause is not gone yet."""
        found: dict[Dimension, Gate] = {}
        for case in self._incidents.open_cases():
            if case.level is Level.CRITICAL and case.state in CAPPING:
                for dimension in dimensions_of(case):
                    gate = Gate(id=f"incident:{case.id}", dimension=dimension, cap=CRITICAL_CAP, title=case.title,
                                href=href_of(case))  # fmt: skip
                    found.setdefault(dimension, gate)
        return list(found.values())


def dimensions_of(case: Case) -> list[Dimension]:
    """The dimensions it concerns; infrastructure where nothing says."""
    return [Dimension(name) for name in case.dimensions] or [Dimension.INFRASTRUCTURE]


def href_of(case: Case) -> str:
    """The page that shows it."""
    return f"/ui/incidents/{case.id}"


def _pressures(case: Case, now: datetime) -> Iterator[Pressure]:
    if SEVERITY[case.level] <= 0 or CONFIDENCE[case.state] <= 0:
        return
    for dimension in dimensions_of(case):
        yield Pressure(
            id=f"{case.id}/{dimension}", title=case.title, dimension=dimension, severity=SEVERITY[case.level],
            asset=1.0 if case.systems else 0.7, confidence=CONFIDENCE[case.state],
            age_s=max(0.0, (now - case.last_seen).total_seconds()), half_life_s=HALF_LIFE_S, href=href_of(case),
        )  # fmt: skip
