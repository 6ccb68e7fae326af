"""Incident pressure: an alert weighs until an incident holds it, then that one weighs; nothing weighs twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.exchange import Level
from infra.records import Records
from ops.alerts.pressure import AlertPressure
from ops.incidents import State
from ops.incidents import change as c
from ops.incidents.pressure import IncidentPressure
from tests.unit.ops.incidents.cases import ANNA, Office


@pytest.fixture
def office(records: Records, tmp_path: Path) -> Office:
    return Office(records, tmp_path)


def weighing(office: Office) -> list[str]:
    """What weighs, by page."""
    sources = (IncidentPressure(office.incidents), AlertPressure(office.alerts, office.incidents.holders))
    return sorted(item.href for source in sources for item in source.pressures(office.clock.now()))


def capping(office: Office) -> list[str]:
    sources = (IncidentPressure(office.incidents), AlertPressure(office.alerts, office.incidents.holders))
    return sorted(item.href for source in sources for item in source.gates(office.clock.now()))


def test_an_alert_weighs_until_an_incident_holds_it(office: Office) -> None:
    held, loose = office.alert(1, level=Level.CRITICAL), office.alert(2, entity="b")
    assert weighing(office) == sorted(f"/ui/alerts?sel={alert}" for alert in (held, loose))
    case = office.incidents.open(ANNA, [held])
    assert weighing(office) == sorted([f"/ui/incidents/{case.id}", f"/ui/alerts?sel={loose}"])
    assert capping(office) == [f"/ui/incidents/{case.id}"]


def test_an_incident_weighs_less_as_it_is_mended_and_nothing_once_it_is_closed(office: Office) -> None:
    case = office.incidents.open(ANNA, [office.alert(1, level=Level.CRITICAL)])
    weights = []
    for state in ("triage", "contain", "eradicate", "recover", "review"):
        office.incidents.change(ANNA, case.id, c.Moved(to=State(state)))
        (pressure,) = IncidentPressure(office.incidents).pressures(office.clock.now())
        weights.append(pressure.severity * pressure.confidence)
    assert weights[1:] == sorted(weights[1:], reverse=True)
    assert capping(office) == []
    office.incidents.change(ANNA, case.id, c.Reviewed(summary="x"))
    office.incidents.change(ANNA, case.id, c.Moved(to=State.CLOSED, verdict="true_positive", reason="done"))
    assert weighing(office) == []
