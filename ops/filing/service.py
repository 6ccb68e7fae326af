"""What can be done with filings. Every change is in the ledger, every step keeps who, when and which file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from ops.filing import document as doc
from ops.filing.document import FilingDocument, Origin, Sheet
from ops.filing.form import Form
from ops.filing.lifecycle import EDITABLE, State, Step, possible, step_from
from ops.filing.prefill import Coverage, Prefill, accept_all, coverage, prefill
from ops.filing.record import FilingRow, FilingStepRow
from ops.filing.validate import Problem, problems, readiness

CERTIFICATE_YEARS = 3
CERTIFICATES_COUNT_FROM = date(2025, 1, 1)
T = TypeVar("T")


class StepTaken(msgspec.Struct, frozen=True):
    """One line of a filing's history."""

    time: datetime
    actor: str
    action: str
    source: str
    target: str
    file_sha256: str
    document_sha256: str
    detail: dict[str, Any]


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """A filing as people and scripts see it; ``filled`` of ``asked`` required fields are there."""

    id: str
    unit: str
    state: State
    level: int
    document: FilingDocument
    packs: tuple[str, ...]
    certificate_number: str
    certified: date | None
    expires: date | None
    created: datetime
    changed: datetime
    version: int
    possible: tuple[str, ...]
    filled: int
    asked: int


class Filings:
    """The filings of all units."""

    def __init__(self, records: Records, clock: Clock, form: Form, source: Prefill | None = None) -> None:
        self._records = records
        self._clock = clock
        self.form = form
        self._source = source

    def create(self, actor: Actor, filing_id: str, unit: str, objects: dict[str, list[str]]) -> Filing:
        """A new draft for ``objects`` (data categories by object key)."""
        return self.add(actor, unit, doc.new_document(filing_id, self.form, objects))

    def add(self, actor: Actor, unit: str, document: FilingDocument) -> Filing:
        """A draft from a document that was imported; ``AppError(CONFLICT)`` where its id is taken."""

        def work(session: Session) -> Filing:
            if session.get(FilingRow, document.id) is not None:
                raise AppError(ErrorKind.CONFLICT, "ops.filing.exists", id=document.id)
            now = self._clock.now()
            row = FilingRow(id=document.id, unit=unit, state=State.DRAFT, created=now, version=0)
            row.certified, row.expires = None, None
            self._keep(row, document)
            session.add(row)
            record(session, actor=actor, action="ops.filing.create", thing=f"filing:{row.id}", detail={"unit": unit})
            session.flush()
            return self._seen(row)

        return self._records.write(work)

    def get(self, filing_id: str) -> Filing:
        """One filing; ``AppError(NOT_FOUND)`` if there is none."""
        return self._records.read(lambda session: self._seen(self._row(session, filing_id)))

    def found(self, filing_id: str) -> Filing | None:
        """One filing, None if there is none."""
        return self._records.read(
            lambda session: self._seen(row) if (row := session.get(FilingRow, filing_id)) is not None else None
        )

    def now(self) -> datetime:
        """The moment changes are made at."""
        return self._clock.now()

    def find(self, unit: str = "", states: Iterable[State] = ()) -> list[Filing]:
        """Filings of a unit (or all) in some states (or any), newest change first."""
        question = select(FilingRow).order_by(FilingRow.changed.desc(), FilingRow.id)
        if unit:
            question = question.where(FilingRow.unit == unit)
        if wanted := list(states):
            question = question.where(FilingRow.state.in_(wanted))
        return self._records.read(lambda session: [self._seen(row) for row in session.scalars(question)])

    def history(self, filing_id: str) -> list[StepTaken]:
        """Every step, oldest first."""
        question = select(FilingStepRow).where(FilingStepRow.filing_id == filing_id).order_by(FilingStepRow.time)
        return self._records.read(lambda session: [_step(row) for row in session.scalars(question)])

    def put(
        self, actor: Actor, filing_id: str, table: str, key: str, values: dict[str, Any], source: str = "typed"
    ) -> Filing:
        """Type values into one sheet; ``source`` says where they come from if not from ``actor``'s own hand."""
        now = self._clock.now()

        def change(document: FilingDocument) -> dict[str, Any]:
            sheet = document.sheet(table, key)
            for name, raw in values.items():
                doc.put(self.form, sheet, name, raw, Origin(source, now), actor.id, now)
            return {"table": table, "key": key, "fields": sorted(values)}

        return self._change(actor, filing_id, "put", change)

    def categories(self, key: str) -> Sequence[str]:
        """Data categories of an object the platform knows of."""
        return self._source.categories(key) if self._source else ()

    def prefill(self, actor: Actor, filing_id: str) -> Filing:
        """Ask the platform for proposals."""
        source = self._source
        if source is None:
            raise AppError(ErrorKind.UNAVAILABLE, "ops.filing.no_source", id=filing_id)
        unit = self.get(filing_id).unit

        def change(document: FilingDocument) -> dict[str, Any]:
            return {"proposals": prefill(document, self.form, source.offers(unit, document))}

        return self._change(actor, filing_id, "prefill", change)

    def decide(
        self, actor: Actor, filing_id: str, table: str, key: str, accepted: Sequence[str], refused: Sequence[str]
    ) -> Filing:
        """Accept and refuse proposals of one sheet."""
        now = self._clock.now()

        def change(document: FilingDocument) -> dict[str, Any]:
            sheet = document.sheet(table, key)
            for name in accepted:
                doc.accept(self.form, sheet, name, actor.id, now)
            for name in refused:
                doc.refuse(sheet, name)
            return {"table": table, "key": key, "accepted": list(accepted), "refused": list(refused)}

        return self._change(actor, filing_id, "decide", change)

    def accept_all(self, actor: Actor, filing_id: str) -> Filing:
        """Accept every proposal that is asked for."""
        now = self._clock.now()

        def change(document: FilingDocument) -> dict[str, Any]:
            return {"accepted": accept_all(document, self.form, actor.id, now)}

        return self._change(actor, filing_id, "accept_all", change)

    def add_category(self, actor: Actor, filing_id: str, key: str) -> Filing:
        """A further data category ``object/category`` (one more sheet of table 6)."""

        def change(document: FilingDocument) -> dict[str, Any]:
            if key.partition("/")[0] not in document.objects or any(s.key == key for s in document.of_table("T6")):
                raise AppError(ErrorKind.INVALID, "ops.filing.bad_key", place=key)
            document.sheets.append(Sheet(table="T6", key=key))
            return {"category": key}

        return self._change(actor, filing_id, "add_category", change)

    def merge(self, actor: Actor, filing_id: str, change: Callable[[FilingDocument], int]) -> tuple[Filing, int]:
        """Take a file's values into a draft; ``change`` writes them and says how many."""
        counts: list[int] = []

        def work(document: FilingDocument) -> dict[str, Any]:
            counts.append(change(document))
            return {"values": counts[-1]}

        made = self._change(actor, filing_id, "import", work)
        return made, counts[-1]

    def problems(self, filing_id: str) -> list[Problem]:
        """What keeps the filing from being handed in."""
        return problems(self.get(filing_id).document, self.form, self._clock.now().date())

    def coverage(self, filing_id: str) -> Coverage:
        """How much of tables 2, 4 and 6 the platform filled or offers."""
        return coverage(self.get(filing_id).document, self.form)

    def step(self, actor: Actor, filing_id: str, action: str, *, file_sha256: str = "", **detail: Any) -> Filing:
        """Take a step of the lifecycle; ``AppError(CONFLICT)`` says what stands against it."""

        def work(session: Session) -> Filing:
            row = self._row(session, filing_id)
            step = step_from(filing_id, State(row.state), action)
            self._allow(session, actor, row, step, detail | {"file": file_sha256})
            self._take(session, actor, row, step, file_sha256, detail)
            session.flush()
            return self._seen(row)

        return self._records.write(work)

    def _allow(self, session: Session, actor: Actor, row: FilingRow, step: Step, given: dict[str, Any]) -> None:
        if row.level == 1 and step.action == "submit":
            raise AppError(ErrorKind.CONFLICT, "ops.filing.level_one", id=row.id)
        missing = ", ".join(name for name in step.needs if not given.get(name))
        if missing:
            raise AppError(ErrorKind.INVALID, "ops.filing.needs", id=row.id, action=step.action, what=missing)
        if step.other_person and actor.id in _doers(session, row.id, step.other_person):
            raise AppError(ErrorKind.FORBIDDEN, "ops.filing.same_person", id=row.id, actor=actor.name)
        if step.complete:
            self._complete(row)

    def _complete(self, row: FilingRow) -> None:
        found = problems(_document(row), self.form, self._clock.now().date())
        if found:
            raise AppError(ErrorKind.CONFLICT, "ops.filing.not_ready", id=row.id, count=len(found), first=found[0].text)

    def _take(
        self, session: Session, actor: Actor, row: FilingRow, step: Step, file: str, detail: dict[str, Any]
    ) -> None:
        now = self._clock.now()
        stored = {name: value.isoformat() if isinstance(value, date) else value for name, value in detail.items()}
        session.add(
            FilingStepRow(
                id=new_id(), filing_id=row.id, time=now, actor=actor.id, action=step.action, source=row.state,
                target=step.target, file_sha256=file, document_sha256=_hash(row.document), detail=stored,
            )
        )  # fmt: skip
        taken = {"from": row.state, "to": str(step.target), "file": file, **stored}
        record(session, actor=actor, action=f"ops.filing.{step.action}", thing=f"filing:{row.id}", detail=taken)
        row.state, row.changed, row.version = step.target, now, row.version + 1
        _certificate(row, step.action, detail)

    def _change(
        self, actor: Actor, filing_id: str, action: str, change: Callable[[FilingDocument], dict[str, Any]]
    ) -> Filing:
        def work(session: Session) -> Filing:
            row = self._row(session, filing_id)
            if row.state not in EDITABLE:
                listed = ", ".join(possible(State(row.state))) or "—"
                raise AppError(
                    ErrorKind.CONFLICT, "ops.filing.illegal_move",
                    id=row.id, action=action, state=row.state, possible=listed,
                )  # fmt: skip
            document = _document(row)
            detail = change(document)
            self._keep(row, document)
            record(session, actor=actor, action=f"ops.filing.{action}", thing=f"filing:{row.id}", detail=detail)
            session.flush()
            return self._seen(row)

        return self._records.write(work)

    def _keep(self, row: FilingRow, document: FilingDocument) -> None:
        row.document = msgspec.to_builtins(document)
        levels = [int(str(sheet.value("final_level") or 0)) for sheet in document.of_table("T3")]
        row.level = max(levels, default=0)
        row.packs = [str(self.form.ref)]
        row.changed, row.version = self._clock.now(), (row.version or 0) + 1

    def _row(self, session: Session, filing_id: str) -> FilingRow:
        row = session.get(FilingRow, filing_id)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "ops.filing.no_filing", id=filing_id)
        return row

    def _seen(self, row: FilingRow) -> Filing:
        document = _document(row)
        filled, asked = readiness(document, self.form)
        return Filing(
            id=row.id, unit=row.unit, state=State(row.state), level=row.level, document=document,
            packs=tuple(row.packs), certificate_number=row.certificate_number or "", certified=row.certified,
            expires=row.expires, created=row.created, changed=row.changed, version=row.version,
            possible=tuple(possible(State(row.state))), filled=filled, asked=asked,
        )  # fmt: skip


def _document(row: FilingRow) -> FilingDocument:
    return msgspec.convert(row.document, FilingDocument)


def _hash(document: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def _step(row: FilingStepRow) -> StepTaken:
    return StepTaken(
        row.time, row.actor, row.action, row.source, row.target, row.file_sha256, row.document_sha256, row.detail
    )


def _doers(session: Session, filing_id: str, actions: Sequence[str]) -> set[str]:
    """Who did ``actions`` since the filing was last graded (a returned filing starts over)."""
    question = select(FilingStepRow).where(FilingStepRow.filing_id == filing_id).order_by(FilingStepRow.time)
    doers: set[str] = set()
    for row in session.scalars(question):
        if row.action == "grade":
            doers.clear()
        if row.action in actions:
            doers.add(row.actor)
    return doers


def _certificate(row: FilingRow, action: str, detail: dict[str, Any]) -> None:
    if action not in ("certify", "renew"):
        return
    day = detail["date"] if isinstance(detail["date"], date) else _day(row.id, str(detail["date"]))
    row.certificate_number = str(detail.get("number") or row.certificate_number)
    row.certified = day if action == "certify" else row.certified
    row.expires = certificate_expiry(day) if action == "certify" else day


def _day(filing_id: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "ops.filing.date_expected", place=f"{filing_id}: date") from None


def certificate_expiry(certified: date) -> date:
    """Three years after the certificate; older ones count from 2025-01-01 (letter 1846 of 2025)."""
    start = max(certified, CERTIFICATES_COUNT_FROM)
    try:
        return start.replace(year=start.year + CERTIFICATE_YEARS)
    except ValueError:
        return date(start.year + CERTIFICATE_YEARS, 2, 28)
