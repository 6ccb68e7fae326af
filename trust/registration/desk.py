"""The registration desk over the PKI database: request, check, approval, issue, renewal, revocation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from infra.clock import Clock, rfc3339
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.records import Records
from trust.approval.statement import Decision, read_statement, statement_holds
from trust.ca import rows
from trust.ca.authority import Issued, Order
from trust.ca.found import Founder
from trust.ca.names import alternative_names, form_of, subject_der
from trust.ca.pki import tell
from trust.ca.profile import profile_named
from trust.ca.request import KeyRequest, read_request
from trust.validation.general import Form


class RequestState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class Filed:
    """A request as the desk keeps it."""

    id: str
    authority: str
    profile: str
    sha256: str
    subject: str
    names: tuple[str, ...]
    asker: str
    state: RequestState
    created: str
    intent: str | None
    approvals: int
    needed: int
    replaces: str = ""
    approved_by: tuple[str, ...] = ()


class Desk:
    """Requests of one PKI database."""

    def __init__(self, records: Records, founder: Founder, clock: Clock) -> None:
        self._records, self._founder, self._clock = records, founder, clock

    def submit(
        self,
        csr: bytes,
        authority: str,
        profile: str,
        asker: str,
        subject: str = "",
        names: tuple[str, ...] = (),
        replaces: str = "",
    ) -> Filed:
        """File a request. ``subject`` and ``names`` override what the request proposes; what is issued is what is
        filed and approved, never what the requester's file says on its own."""
        read, issuing = read_request(csr), self._founder.load(authority)
        chosen_subject = subject or read.subject.text
        chosen_names = names or _proposed(read)
        self._order(profile, read, chosen_subject, chosen_names)
        request, now = new_id("req"), self._clock.now()
        values = {
            "id": request,
            "authority": issuing.id,
            "profile": profile,
            "der": read.der,
            "subject": chosen_subject,
            "names": orjson.dumps(chosen_names).decode(),
            "asker": asker,
            "state": RequestState.WAITING,
            "replaces": replaces or None,
            "created": now,
        }

        def work(session: Session) -> None:
            session.execute(insert(rows.requests), [values])
            detail = {"profile": profile, "subject": chosen_subject, "names": list(chosen_names), "sha256": read.sha256}
            tell(session, "trust.request.submit", f"request:{request}", asker, now, detail)

        self._records.write(work)
        return self.find(request)

    def renew(self, authority: str, serial: str, asker: str, csr: bytes = b"") -> Filed:
        """File a request that takes the place of a certificate: same profile, subject and names; the same key, or the
        new one of ``csr``. It is approved like any other."""
        issuing = self._founder.load(authority)
        old = self._records.read(lambda session: self._origin(session, issuing.id, serial.lower()))
        if old is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_certificate", serial=serial[:60])
        names = tuple(orjson.loads(old.names))
        replaced = f"{issuing.id}/{serial.lower()}"
        into = self._founder.successor(issuing)
        return self.submit(csr or old.der, into, old.profile, asker, old.subject, names, replaced)

    @staticmethod
    def _origin(session: Session, authority: str, serial: str) -> Any:
        """The request a certificate was issued for."""
        mine = (rows.certificates.c.authority == authority) & (rows.certificates.c.serial == serial)
        query = select(rows.requests).join(rows.certificates, rows.certificates.c.intent == rows.requests.c.intent)
        return session.execute(query.where(mine)).first()

    def examine(self, request: str) -> list[dict[str, str]]:
        """What the checks say of a request before anybody approves it: lint of the certificate it would become."""
        row = self._records.read(
            lambda s: s.execute(select(rows.requests).where(rows.requests.c.id == request)).first()
        )
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.registration.no_request", request=request[:60])
        order = self._order(row.profile, read_request(row.der), row.subject, tuple(orjson.loads(row.names)))
        found = self._founder.load(row.authority).examine(order)
        return [
            {"rule": one.rule, "level": str(one.level), "clause": one.clause, "detail": one.detail} for one in found
        ]

    def approvers(self) -> list[dict[str, Any]]:
        """Who may approve: name, SubjectPublicKeyInfo, since when, and whether still."""
        query = select(rows.approvers).order_by(rows.approvers.c.name)
        return [dict(row._mapping) for row in self._records.read(lambda session: session.execute(query).all())]

    def drop_approver(self, name: str, actor: str) -> None:
        """Their approvals stop counting, those given already too; at the signer's console only."""

        def work(session: Session) -> None:
            change = update(rows.approvers).where(rows.approvers.c.name == name).values(active=False)
            if session.execute(change).rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE's CursorResult
                raise AppError(ErrorKind.NOT_FOUND, "trust.registration.no_such_approver", name=name[:60])
            tell(session, "trust.approver.drop", f"approver:{name}", actor, self._clock.now(), {})

        self._records.write(work)

    @staticmethod
    def _order(profile: str, read: KeyRequest, subject: str, names: tuple[str, ...]) -> Order:
        """What would be issued; raises where subject or names break the profile."""
        if profile_named(profile).ca:
            raise AppError(ErrorKind.INVALID, "trust.registration.not_for_requests", profile=profile)
        allowed = profile_named(profile).names
        encoded = alternative_names(list(names), allowed) if names else b""
        return Order(profile, read.spki, subject_der(subject), encoded)

    def find(self, request: str) -> Filed:
        """One request; ``AppError(NOT_FOUND)``."""
        found = self._records.read(lambda session: self._find(session, request))
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.registration.no_request", request=request[:60])
        return found

    def all(self, state: RequestState | None = None) -> list[Filed]:
        """Requests, oldest first."""
        query = select(rows.requests.c.id).order_by(rows.requests.c.created)
        if state is not None:
            query = query.where(rows.requests.c.state == state)
        ids = self._records.read(lambda session: session.scalars(query).all())
        return [self.find(request) for request in ids]

    def _find(self, session: Session, request: str) -> Filed | None:
        row = session.execute(select(rows.requests).where(rows.requests.c.id == request)).first()
        if row is None:
            return None
        who = select(rows.approvals.c.approver).where(rows.approvals.c.request == request)
        given = tuple(session.scalars(who.order_by(rows.approvals.c.given)))
        return Filed(
            id=row.id,
            authority=row.authority,
            profile=row.profile,
            sha256=_hash_of(row),
            subject=row.subject,
            names=tuple(orjson.loads(row.names)),
            asker=row.asker,
            state=RequestState(row.state),
            created=rfc3339(row.created),
            intent=row.intent,
            approvals=len(given),
            needed=profile_named(row.profile).approvals,
            replaces=row.replaces or "",
            approved_by=given,
        )

    def add_approver(self, name: str, spki: bytes, actor: str) -> None:
        """Let someone approve from now on; the signer's own console only."""
        now = self._clock.now()

        def work(session: Session) -> None:
            session.execute(insert(rows.approvers), [{"name": name, "spki": spki, "added": now, "active": True}])
            detail = {"sha256": hashlib.sha256(spki).hexdigest()}
            tell(session, "trust.approver.add", f"approver:{name}", actor, now, detail)

        self._records.write(work)

    def decide(self, statement: bytes, signature: bytes) -> Filed:
        """Take a signed approval or refusal; ``AppError(FORBIDDEN)`` where it does not count."""
        read = read_statement(statement)
        self._records.write(lambda session: self._decide(session, read.request, statement, signature))
        return self.find(read.request)

    def _decide(self, session: Session, request: str, statement: bytes, signature: bytes) -> None:
        read, now = read_statement(statement), self._clock.now()
        row = session.execute(select(rows.requests).where(rows.requests.c.id == request)).first()
        if row is None or row.state != RequestState.WAITING:
            raise AppError(ErrorKind.CONFLICT, "trust.registration.not_waiting", request=request[:60])
        wanted = (_hash_of(row), row.authority, row.profile)
        if (read.sha256, read.authority, read.profile) != wanted or now >= read.expires:
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.other_approval")
        self._demand_approver(session, read.approver, row.asker, statement, signature)
        values = {
            "id": new_id("ok"),
            "request": request,
            "approver": read.approver,
            "statement": statement,
            "signature": signature,
            "given": now,
        }
        if read.decision is Decision.APPROVE:
            session.execute(insert(rows.approvals), [values])
        self._advance(session, request, row.profile, read.decision)
        detail = {"decision": str(read.decision), "statement": hashlib.sha256(statement).hexdigest()}
        tell(session, "trust.request.decide", f"request:{request}", read.approver, now, detail)

    @staticmethod
    def _demand_approver(session: Session, name: str, asker: str, statement: bytes, signature: bytes) -> None:
        found = session.execute(
            select(rows.approvers.c.spki).where((rows.approvers.c.name == name) & rows.approvers.c.active)
        ).first()
        if found is None or not statement_holds(statement, signature, found.spki):
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.no_approver")
        if name == asker:
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.own_request")

    @staticmethod
    def _advance(session: Session, request: str, profile: str, decision: Decision) -> None:
        state = RequestState.REFUSED if decision is Decision.REFUSE else None
        if state is None:
            given = session.scalar(
                select(func.count()).select_from(rows.approvals).where(rows.approvals.c.request == request)
            )
            state = RequestState.APPROVED if (given or 0) >= profile_named(profile).approvals else None
        if state is not None:
            session.execute(update(rows.requests).where(rows.requests.c.id == request).values(state=state))

    def issue(self, request: str, actor: str) -> Issued:
        """Issue an approved request, once. The approvals are checked again, from their signatures."""
        row = self._records.write(lambda session: self._claim(session, request))
        order = self._order(row.profile, read_request(row.der), row.subject, tuple(orjson.loads(row.names)))
        approvals = self._records.read(lambda session: self._approvals(session, row))
        prepared = Order(
            order.profile,
            order.spki,
            order.subject,
            order.names,
            request=_hash_of(row),
            approval=", ".join(approvals),
        )
        try:
            issued = self._founder.load(row.authority).issue(prepared, actor)
        except BaseException:
            self._records.write(lambda session: self._set(session, request, RequestState.APPROVED, None))
            raise
        self._records.write(lambda session: self._set(session, request, RequestState.ISSUED, issued.intent))
        return issued

    def mend(self) -> None:
        """After a crash: a request claimed but not finished goes back to approved, or to the certificate it got."""

        def work(session: Session) -> None:
            table = rows.requests
            claimed = table.c.intent.is_(None) & (table.c.state == RequestState.ISSUED)
            for row in session.execute(select(table).where(claimed)).all():
                made = (rows.intents.c.request == _hash_of(row)) & (rows.intents.c.state == "issued")
                intent = session.scalar(select(rows.intents.c.id).where(made))
                state = RequestState.ISSUED if intent else RequestState.APPROVED
                self._set(session, row.id, state, intent)

        self._records.write(work)

    def _claim(self, session: Session, request: str) -> Any:
        row = session.execute(select(rows.requests).where(rows.requests.c.id == request)).first()
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.registration.no_request", request=request[:60])
        if row.state != RequestState.APPROVED:
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.not_approved", request=request, state=row.state)
        valid = self._approvals(session, row)
        if len(valid) < profile_named(row.profile).approvals:
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.not_approved", request=request, state=row.state)
        self._set(session, request, RequestState.ISSUED, None)
        return row

    def _approvals(self, session: Session, row: Any) -> list[str]:
        """Names whose approval of exactly this request still holds."""
        joined = select(rows.approvals, rows.approvers.c.spki).join(
            rows.approvers, rows.approvers.c.name == rows.approvals.c.approver
        )
        query = joined.where((rows.approvals.c.request == row.id) & rows.approvers.c.active)
        valid = []
        for found in session.execute(query):
            statement = read_statement(found.statement)
            same = (statement.sha256, statement.profile, statement.authority) == (
                _hash_of(row),
                row.profile,
                row.authority,
            )
            if same and statement.approver == found.approver != row.asker and self._clock.now() < statement.expires:
                valid += [found.approver] if statement_holds(found.statement, found.signature, found.spki) else []
        return valid

    @staticmethod
    def _set(session: Session, request: str, state: RequestState, intent: str | None) -> None:
        values = {"state": state, "intent": intent}
        session.execute(update(rows.requests).where(rows.requests.c.id == request).values(**values))


def _hash_of(row: Any) -> str:
    """What an approver approves: the key request together with the subject and names that will be issued."""
    digest = hashlib.sha256()
    for part in (row.der, row.subject.encode(), row.names.encode(), row.profile.encode(), row.authority.encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _proposed(read: KeyRequest) -> tuple[str, ...]:
    forms = (Form.DNS, Form.EMAIL, Form.URI, Form.IP)
    names = tuple(str(name) for name in read.names if name.form in forms)
    return tuple(name for name in names if form_of(name))
