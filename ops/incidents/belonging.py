"""Which alert belongs to which incident, what alerts tell a case, and incidents that would say the same twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.records.chunks import chunked
from ops.alerts import Alert
from ops.incidents import change as c
from ops.incidents.log import case_of
from ops.incidents.record import IncidentAlertRow, IncidentRow
from ops.incidents.state import State

SAME_WITHIN = timedelta(days=7)
"""An open incident of the same rule on the same entity is the same one if it was seen at most this long before."""


def holders(session: Session, alerts: Sequence[str]) -> dict[str, str]:
    """Incident by alert, of those that are held."""
    found: dict[str, str] = {}
    for part in chunked(list(alerts), 500):
        statement = select(IncidentAlertRow).where(IncidentAlertRow.alert_id.in_(part))
        found.update({row.alert_id: row.incident_id for row in session.scalars(statement)})
    return found


def put(session: Session, incident: str, alerts: Sequence[Alert]) -> None:
    """Give alerts to an incident; ``AppError(CONFLICT)`` names the one that holds one already."""
    taken = holders(session, [alert.id for alert in alerts])
    if taken:
        alert, holder = next(iter(taken.items()))
        raise AppError(ErrorKind.CONFLICT, "ops.incidents.alert_taken", place=alert, incident=holder)
    session.add_all(IncidentAlertRow(alert_id=alert.id, incident_id=incident) for alert in alerts)
    session.flush()


def free(session: Session, incident: str, alerts: Sequence[str]) -> None:
    """Take alerts from an incident; ``AppError(NOT_FOUND)`` for one it does not hold."""
    held = holders(session, alerts)
    for alert in alerts:
        if held.get(alert) != incident:
            raise AppError(ErrorKind.NOT_FOUND, "ops.incidents.not_its_alert", place=alert[:40], incident=incident)
    session.execute(delete(IncidentAlertRow).where(IncidentAlertRow.alert_id.in_(list(alerts))))


def take(session: Session, source: str, target: str) -> None:
    """All alerts of one incident become those of another."""
    moved = update(IncidentAlertRow).where(IncidentAlertRow.incident_id == source).values(incident_id=target)
    session.execute(moved)


def joined(alerts: Sequence[Alert]) -> c.Joined:
    """What alerts tell a case."""
    return c.Joined(
        alerts=tuple(alert.id for alert in alerts),
        first_seen=min(alert.first_seen for alert in alerts), last_seen=max(alert.last_seen for alert in alerts),
        clues=tuple(dict.fromkeys(
            c.Clue(alert.entity["type"], alert.entity["value"][:1000]) for alert in alerts if alert.entity["value"]
        )),
        systems=_each(alert.system for alert in alerts), assets=_each(alert.asset for alert in alerts),
        rules=_each(alert.rule["id"] for alert in alerts),
        techniques=_each(technique for alert in alerts for technique in alert.techniques),
        dimensions=_each(alert.dimension for alert in alerts),
    )  # fmt: skip


def look_alike(session: Session, alerts: Sequence[Alert]) -> str:
    """An open incident that already tells of one of these alerts' rule on its entity; '' where there is none."""
    if not alerts:
        return ""
    since = min(alert.first_seen for alert in alerts) - SAME_WITHIN
    wanted = {(alert.rule["id"], c.Clue(alert.entity["type"], alert.entity["value"])) for alert in alerts}
    statement = select(IncidentRow).where(IncidentRow.state != State.CLOSED).order_by(IncidentRow.changed.desc())
    for row in session.scalars(statement.limit(1000)):
        case = case_of(row)
        if case.last_seen >= since and any(rule in case.rules and clue in case.clues for rule, clue in wanted):
            return case.id
    return ""


def _each(values: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value[:200] for value in values if value))  # type: ignore[attr-defined]
