"""What has changed, told cheaply: a number per topic that differs from the one before."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.posture.service import PostureRow
from analytics.rules.rows import RuleVersionRow, SuppressionRow
from infra.clock import Clock
from infra.ledger import Ledger
from infra.records import Records
from ops.alerts.record import AlertHistory, AlertRow
from ops.calendar.record import ClockAnswerRow
from ops.controls.record import JudgementRow, ObjectRow
from ops.evaluation.record import CryptoUseRow, FindingRow, FindingStepRow
from ops.filing.record import FilingRow
from ops.grading.record import GradingRow
from ops.incidents.record import IncidentRow
from ops.inspection.record import InspectionRow
from ops.recordfiling.record import SystemRecordRow
from ops.reports.record import ReportRow
from ops.work.record import WorkRow
from playbooks.engine.rows import RunRow, WaitRow

HEALTH_EVERY_S = 5
PEOPLE_EVERY_S = 10


class Pulse:
    """Implements ``dashboards.rooms.Pulse``: a few look-ups by index, and the time."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock, self._ledger = records, clock, Ledger(records)

    def versions(self) -> dict[str, int]:
        """The numbers now."""
        newest, worked, posture, cases, work, runs, graded, rules = self._records.read(_looks)
        head = self._ledger.head()
        seconds = int(self._clock.now().timestamp())
        return {
            "alerts": hash((newest, worked)),
            "posture": hash(posture),
            "incidents": hash(cases),
            "work": hash(work),
            "runs": hash(runs),
            "graded": hash(graded),
            "rules": hash(rules),
            "health": seconds // HEALTH_EVERY_S,
            "events": seconds // HEALTH_EVERY_S,
            "people": seconds // PEOPLE_EVERY_S,
            "audit": head.size if head else 0,
            "trust": head.size if head else 0,
        }


def _looks(session: Session) -> tuple[object, ...]:
    newest = session.execute(select(func.max(AlertRow.last_seen), func.max(AlertRow.id))).one()
    worked = session.scalar(select(func.max(AlertHistory.id)))
    cases = session.execute(select(func.max(IncidentRow.changed), func.count(IncidentRow.id))).one()
    last = (func.max(WorkRow.changed), func.max(InspectionRow.id), func.max(ReportRow.id))
    runs = session.execute(select(func.max(RunRow.changed), func.max(WaitRow.id))).one()
    work = tuple(session.scalar(select(each)) for each in last)
    moved = (
        func.max(FilingRow.changed), func.max(GradingRow.id), func.max(GradingRow.reviewed),
        func.max(FindingStepRow.id), func.max(FindingRow.id), func.max(ClockAnswerRow.at),
        func.max(CryptoUseRow.changed), func.max(JudgementRow.id), func.max(ObjectRow.changed),
        func.max(SystemRecordRow.changed),
    )  # fmt: skip
    graded = tuple(session.scalar(select(each)) for each in moved)
    hidden = select(func.max(SuppressionRow.id), func.max(SuppressionRow.ended))
    return (
        tuple(newest),
        worked,
        session.scalar(select(func.max(PostureRow.at))),
        tuple(cases),
        work,
        tuple(runs),
        graded,
        (session.scalar(select(func.max(RuleVersionRow.id))), *session.execute(hidden).one()),
    )
