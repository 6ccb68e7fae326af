"""What came of rules: signals by day, and what their closed alerts turned out to be."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.rules.state import Outcome
from infra.records import Records
from ops.alerts.record import AlertRow, AlertSignal, State

DAYS = 7


class AlertOutcomes:
    """Implements ``analytics.rules.state.Outcomes`` over the alerts of the site."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of_rules(self, now: datetime) -> dict[str, Outcome]:
        """Signals of the last seven times 24 hours, and dispositions, by rule."""
        return self._records.read(lambda session: _outcomes(session, now))


class Met(msgspec.Struct, frozen=True):
    """Alerts and signals of one author, and the newest of them."""

    alerts: int
    signals: int
    last: datetime


def met_by_author(records: Records, detector: str, since: datetime) -> dict[str, Met]:
    """What came of each author (of intelligence: each feed) of a detector since a moment."""
    wanted = (
        select(AlertRow.author, func.count(), func.sum(AlertRow.count), func.max(AlertRow.last_seen))
        .where(AlertRow.detector == detector, AlertRow.last_seen >= since)
        .group_by(AlertRow.author)
    )
    return records.read(
        lambda session: {row[0]: Met(int(row[1]), int(row[2]), row[3]) for row in session.execute(wanted)}
    )


def _outcomes(session: Session, now: datetime) -> dict[str, Outcome]:
    days: defaultdict[str, list[int]] = defaultdict(lambda: [0] * DAYS)
    for place in range(DAYS):
        start = now - timedelta(days=DAYS - place)
        counted = (
            select(AlertRow.rule_id, func.count())
            .join(AlertSignal, AlertSignal.alert_id == AlertRow.id)
            .where(AlertSignal.time > start, AlertSignal.time <= start + timedelta(days=1))
            .group_by(AlertRow.rule_id)
        )
        for rule, number in session.execute(counted):
            days[rule][place] = int(number)
    verdicts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    closed = select(AlertRow.rule_id, AlertRow.disposition, func.count()).where(AlertRow.state == State.CLOSED)
    for rule, verdict, number in session.execute(closed.group_by(AlertRow.rule_id, AlertRow.disposition)):
        verdicts[rule][verdict] = int(number)
    return {
        rule: Outcome(days=tuple(days[rule]) if rule in days else (0,) * DAYS, verdicts=verdicts.get(rule, {}))
        for rule in {*days, *verdicts}
    }
