"""What can be done with incidents. Every change is a case event and a ledger entry of one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import BinaryIO

import msgspec
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from infra.blobs import Blob, BlobStore
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.ids import new_id
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts import Alert, Alerts, Disposition
from ops.alerts import State as AlertState
from ops.alerts.service import Audit
from ops.incidents import change as c
from ops.incidents.belonging import free, holders, joined, look_alike, put, take
from ops.incidents.case import Case, CaseEvent, rebuilt
from ops.incidents.log import append, case_of, event_of, hash_of, lock
from ops.incidents.record import IncidentEventRow, IncidentRow
from ops.incidents.state import State, check_move
from ops.numbering import next_number

MAX_PAGE = 500
MAX_EVIDENCE = 256 << 20
DEFAULT_FIRST = 50


class IncidentPage(msgspec.Struct, frozen=True):
    """A slice of incidents, newest change first, and how many there are."""

    incidents: tuple[Case, ...]
    total: int


class IncidentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents: by states, levels, owner (account id), words in title or number, moment of opening."""

    states: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    owner: str | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    offset: int = 0
    limit: int = DEFAULT_FIRST


class Incidents:
    """The incidents of the site. Whoever calls has checked the right to."""

    def __init__(self, records: Records, clock: Clock, audit: Audit, alerts: Alerts, blobs: BlobStore) -> None:
        self._records, self._clock, self._audit = records, clock, audit
        self._alerts, self._blobs = alerts, blobs

    def find(self, query: IncidentQuery) -> IncidentPage:
        """A slice of what the query means."""
        where = _conditions(query)

        def work(session: Session) -> IncidentPage:
            found = select(IncidentRow).where(*where).order_by(IncidentRow.changed.desc(), IncidentRow.id.desc())
            rows = session.scalars(found.offset(query.offset).limit(max(1, min(query.limit, MAX_PAGE))))
            total = session.scalar(select(func.count()).select_from(IncidentRow).where(*where))
            return IncidentPage(tuple(case_of(row) for row in rows), int(total or 0))

        return self._records.read(work)

    def open_cases(self) -> list[Case]:
        """All incidents not closed, worst and oldest first."""
        found = select(IncidentRow).where(IncidentRow.state != State.CLOSED)
        found = found.order_by(IncidentRow.rank.desc(), IncidentRow.opened)
        return self._records.read(lambda session: [case_of(row) for row in session.scalars(found)])

    def counts(self) -> dict[str, int]:
        """Incidents per state."""
        statement = select(IncidentRow.state, func.count()).group_by(IncidentRow.state)
        return self._records.read(lambda session: {state: int(number) for state, number in session.execute(statement)})

    def get(self, incident: str) -> Case:
        """One incident; ``AppError(NOT_FOUND)``."""
        return self._records.read(lambda session: case_of(lock(session, incident, wait=False)))

    def events(self, incident: str) -> list[CaseEvent]:
        """Its whole record, oldest first."""

        def work(session: Session) -> list[CaseEvent]:
            lock(session, incident, wait=False)
            rows = select(IncidentEventRow).where(IncidentEventRow.incident_id == incident)
            return [event_of(row) for row in session.scalars(rows.order_by(IncidentEventRow.number))]

        return self._records.read(work)

    def holders(self, alerts: Iterable[str]) -> dict[str, str]:
        """Which incident holds which of ``alerts``."""
        wanted = list(alerts)
        return self._records.read(lambda session: holders(session, wanted))

    def open(
        self, actor: Actor, alerts: Sequence[str] = (), *, title: str = "", level: Level | None = None,
        description: str = "", category: str = "", anyway: bool = False,
    ) -> Case:  # fmt: skip
        """A new incident of ``alerts`` (or of none, with a title).

        ``AppError(CONFLICT)`` names the incident that already holds one of them, or an open one that looks the same
        (one rule on one entity) unless ``anyway``. The alerts are acknowledged.
        """
        found = self._found(alerts)
        if not found and not title.strip():
            raise AppError(ErrorKind.INVALID, "ops.words_missing", place="title")

        def work(session: Session) -> Case:
            if not anyway and (same := look_alike(session, found)):
                raise AppError(ErrorKind.CONFLICT, "ops.incidents.looks_like", place="alerts", incident=same)
            return self._begin(session, actor, found, title, level, description, category)

        case = self._records.write(work)
        self._acknowledge(actor, found)
        return case

    def change(self, actor: Actor, incident: str, change: c.ByPeople, *, seen: int | None = None) -> Case:
        """One change by a person; ``seen`` (the number of events the person saw) refuses to overwrite unseen news."""

        def work(session: Session) -> Case:
            row = lock(session, incident)
            case = case_of(row)
            if seen is not None and seen != case.events:
                raise AppError(ErrorKind.CONFLICT, "ops.incidents.changed_since", place=incident, events=case.events)
            return self._tell(session, actor, row, _checked(case, change))

        before = self.get(incident)
        case = self._records.write(work)
        if isinstance(change, c.Moved) and change.to is State.CLOSED:
            self._close_alerts(actor, before.alerts, change)
        return case

    def join(self, actor: Actor, incident: str, alerts: Sequence[str]) -> Case:
        """Put alerts into an open incident; ``AppError(CONFLICT)`` where another holds one."""
        found = self._found(alerts)

        def work(session: Session) -> Case:
            row = lock(session, incident)
            _must_be_open(case_of(row))
            put(session, incident, found)
            return self._tell(session, actor, row, joined(found))

        case = self._records.write(work)
        self._acknowledge(actor, found)
        return case

    def detach(self, actor: Actor, incident: str, alerts: Sequence[str], reason: str) -> Case:
        """Take alerts out again; they stay as they are."""

        def work(session: Session) -> Case:
            row = lock(session, incident)
            _must_be_open(case_of(row))
            free(session, incident, alerts)
            return self._tell(session, actor, row, c.Detached(alerts=tuple(alerts), reason=reason))

        return self._records.write(work)

    def split(self, actor: Actor, incident: str, alerts: Sequence[str], title: str, reason: str) -> Case:
        """A new incident of some of the alerts of another; returns the new one."""
        found = self._found(alerts)

        def work(session: Session) -> Case:
            row = lock(session, incident)
            case = case_of(row)
            _must_be_open(case)
            if len(alerts) >= len(case.alerts):
                raise AppError(ErrorKind.INVALID, "ops.incidents.split_all", place="alerts")
            free(session, incident, alerts)
            new = self._begin(session, actor, found, title, case.level, "", case.category, split_from=incident)
            self._tell(session, actor, row, c.Detached(alerts=tuple(alerts), reason=reason, into=new.id))
            return new

        return self._records.write(work)

    def merge(self, actor: Actor, into: str, others: Sequence[str], reason: str) -> Case:
        """Merge ``others`` into one: alerts, clues, open tasks and evidence move, nothing is doubled; they close."""
        if into in others or not others:
            raise AppError(ErrorKind.INVALID, "ops.incidents.merge_self", place="others")

        def work(session: Session) -> Case:
            row = lock(session, into)
            _must_be_open(case_of(row))
            for other in dict.fromkeys(others):
                self._swallow(session, actor, row, lock(session, other), reason)
            return case_of(row)

        return self._records.write(work)

    def take(
        self, actor: Actor, incident: str, name: str, chunks: Iterable[bytes], *, media: str = "", note: str = ""
    ) -> Case:
        """Keep evidence: its bytes become a blob (SHA-256, SM3), its custody begins with who took it."""
        self.get(incident)
        blob: Blob = self._blobs.put(chunks, MAX_EVIDENCE)
        taken = c.Taken(blob=blob.id, sm3=blob.sm3, name=name, size=blob.size, media=media, note=note)

        def work(session: Session) -> Case:
            row = lock(session, incident)
            case = case_of(row)
            _must_be_open(case)
            if any(piece.blob == blob.id for piece in case.evidence):
                raise AppError(ErrorKind.CONFLICT, "ops.incidents.evidence_twice", place=name[:80], blob=blob.id[:12])
            return self._tell(session, actor, row, taken)

        return self._records.write(work)

    def evidence(self, actor: Actor, incident: str, blob: str, to: str = "") -> BinaryIO:
        """The bytes of a piece of evidence; that they were copied out joins its custody."""
        self.hand(actor, incident, c.Handed(blob=blob, act="exported", to=to or actor.name))
        return self._blobs.open(blob)

    def verify(self, actor: Actor, incident: str, blob: str) -> bool:
        """Whether a piece is still what its hash says; the look joins its custody."""
        self._piece(self.get(incident), blob)
        whole = self._blobs.has(blob) and self._blobs.verify(blob)
        self.hand(actor, incident, c.Handed(blob=blob, act="verified" if whole else "altered"))
        return whole

    def hand(self, actor: Actor, incident: str, handed: c.Handed) -> Case:
        """One step of custody."""

        def work(session: Session) -> Case:
            row = lock(session, incident)
            self._piece(case_of(row), handed.blob)
            return self._tell(session, actor, row, handed)

        return self._records.write(work)

    def note(self, actor: Actor, incident: str, change: c.Raised | c.Running) -> Case:
        """What the platform itself does with a case: a timer that was raised, a playbook that runs."""

        def work(session: Session) -> Case:
            return self._tell(session, actor, lock(session, incident), change)

        return self._records.write(work)

    def check(self, incident: str) -> bool:
        """Whether the stored case is what its events make, and their chain of hashes is whole."""

        def work(session: Session) -> bool:
            row = lock(session, incident, wait=False)
            rows = select(IncidentEventRow).where(IncidentEventRow.incident_id == incident)
            events = [event_of(each) for each in session.scalars(rows.order_by(IncidentEventRow.number))]
            return log_is_whole(events, row.head) and rebuilt(events) == case_of(row)

        return self._records.read(work)

    def _begin(
        self, session: Session, actor: Actor, alerts: Sequence[Alert], title: str, level: Level | None,
        description: str, category: str, split_from: str = "",
    ) -> Case:  # fmt: skip
        now = self._clock.now()
        worst = max((alert.level for alert in alerts), key=lambda found: found.rank, default=Level.MEDIUM)
        named = max(alerts, key=lambda alert: (alert.level.rank, alert.last_seen)) if alerts else None
        opened = c.Opened(
            number=next_number(session, "INC", now), level=level or worst, description=description, category=category,
            title=(title.strip() or (f"{named.rule['name']} · {named.entity['value']}" if named else ""))[:200],
            first_seen=min((alert.first_seen for alert in alerts), default=now),
            last_seen=max((alert.last_seen for alert in alerts), default=now), split_from=split_from,
        )  # fmt: skip
        row = IncidentRow(id=opened.number, head="", events=0)
        case = self._tell(session, actor, row, opened)
        if alerts:
            put(session, opened.number, alerts)
            case = self._tell(session, actor, row, joined(alerts))
        return case

    def _swallow(self, session: Session, actor: Actor, row: IncidentRow, other: IncidentRow, reason: str) -> None:
        case = case_of(other)
        _must_be_open(case)
        self._tell(session, actor, row, c.Swallowed(other=case.id, reason=reason))
        take(session, case.id, row.id)
        systems = case.systems
        assets = tuple(thing.id for thing in case.affected if thing.kind == "asset")
        self._tell(session, actor, row, c.Joined(
            alerts=case.alerts, first_seen=case.first_seen, last_seen=case.last_seen, clues=case.clues,
            systems=systems, assets=assets, rules=case.rules, techniques=case.techniques, dimensions=case.dimensions,
        ))  # fmt: skip
        kept = {piece.blob for piece in case_of(row).evidence}
        for piece in (piece for piece in case.evidence if piece.blob not in kept):
            note = piece.note or case.id
            self._tell(session, actor, row, c.Taken(
                blob=piece.blob, sm3=piece.sm3, name=piece.name, size=piece.size, media=piece.media, note=note
            ))  # fmt: skip
        for task in (task for task in case.tasks if task.state == "open"):
            self._tell(session, actor, row, c.Task(id=new_id("T"), title=task.title, person=task.person, due=task.due))
        self._tell(session, actor, other, c.Merged(into=row.id, reason=reason))

    def _tell(self, session: Session, actor: Actor, row: IncidentRow, change: c.AnyChange) -> Case:
        """Append one event, bring the projection forward, tell the ledger."""
        case = append(session, row, actor, change, self._clock.now())
        detail = {name: value for name, value in msgspec.to_builtins(change).items() if name != "is"}
        self._audit(session, actor=actor, action=f"ops.incidents.{c.name_of(change)}", thing=f"incident:{row.id}",
                    detail=detail)  # fmt: skip
        return case

    def _piece(self, case: Case, blob: str) -> None:
        if all(piece.blob != blob for piece in case.evidence):
            raise AppError(ErrorKind.NOT_FOUND, "ops.incidents.no_evidence", place=blob[:12])

    def _found(self, alerts: Sequence[str]) -> list[Alert]:
        wanted = list(dict.fromkeys(alerts))
        found = self._alerts.find(wanted)
        if len(found) < len(wanted):
            missing = sorted(set(wanted) - {alert.id for alert in found})[0]
            raise AppError(ErrorKind.NOT_FOUND, "ops.alert_unknown", place=missing[:40])
        return found

    def _acknowledge(self, actor: Actor, alerts: Sequence[Alert]) -> None:
        if new := [alert.id for alert in alerts if alert.state is AlertState.NEW]:
            self._alerts.acknowledge(actor, new)

    def _close_alerts(self, actor: Actor, alerts: Sequence[str], change: c.Moved) -> None:
        still_open = [alert.id for alert in self._alerts.find(alerts) if alert.state is not AlertState.CLOSED]
        if still_open:
            self._alerts.close(actor, still_open, Disposition(change.verdict), change.reason)


def log_is_whole(events: Sequence[CaseEvent], head: str) -> bool:
    """Whether every event's hash covers it and the one before, up to ``head``."""
    before = ""
    for place, event in enumerate(events, 1):
        if event.number != place or hash_of(event, before) != event.hash:
            return False
        before = event.hash
    return before == head


def _conditions(query: IncidentQuery) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if query.states:
        parts.append(IncidentRow.state.in_(query.states))
    if query.levels:
        parts.append(IncidentRow.level.in_(query.levels))
    if query.owner is not None:
        parts.append(IncidentRow.owner == query.owner.replace("\0", ""))
    if text := query.text.replace("\0", ""):
        columns = (IncidentRow.title, IncidentRow.id)
        parts.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if query.since:
        parts.append(IncidentRow.opened >= query.since)
    if query.until:
        parts.append(IncidentRow.opened < query.until)
    return parts


def _must_be_open(case: Case) -> None:
    if not case.open:
        raise AppError(ErrorKind.CONFLICT, "ops.incidents.closed", place=case.id)


def _checked(case: Case, change: c.ByPeople) -> c.ByPeople:
    """The change as it will be written, or why it cannot be."""
    if isinstance(change, c.Moved):
        if case.merged_into:
            raise AppError(ErrorKind.CONFLICT, "ops.incidents.merged", place=case.id, into=case.merged_into)
        check_move(case.state, change.to, change.verdict, change.reason, reviewed=case.review is not None)
        return msgspec.structs.replace(change, was=case.state)
    if not isinstance(change, c.Said | c.Reviewed | c.Reported):
        _must_be_open(case)
    if isinstance(change, c.Paused | c.Resumed) and case.paused is isinstance(change, c.Paused):
        raise AppError(ErrorKind.CONFLICT, "ops.incidents.clock_so_already", place=case.id)
    if isinstance(change, c.Task):
        if change.id and all(task.id != change.id for task in case.tasks):
            raise AppError(ErrorKind.NOT_FOUND, "ops.incidents.no_task", place=change.id[:40])
        return change if change.id else msgspec.structs.replace(change, id=new_id("T"))
    return change
