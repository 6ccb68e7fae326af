"""Approvals of one site: ask, say yes or no, and check again what counts. Blocks; call it in a thread from async code.

Whoever acts on an approval asks ``granted`` with the hash of what is about to be done: the voices are checked again
from their signatures, so that a row somebody wrote into the database counts for nothing where trust moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock, rfc3339
from infra.errors import AppError, ErrorKind
from infra.exchange import Level, Todo
from infra.feed import publish
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor, Authorizer
from trust.approval.matter import Matter, MatterState
from trust.approval.policy import policy_of
from trust.approval.rows import MatterRow, VoiceRow
from trust.approval.statement import Decision, Statement, read_statement, statement_holds

TOPIC = "approvals"
KeyOf = Callable[[str], bytes | None]
"""The public key (SubjectPublicKeyInfo) of an approver, from the signer, which alone may name approvers."""


class Approvals:
    """Matters of one site."""

    def __init__(self, records: Records, access: Authorizer, clock: Clock, key_of: KeyOf) -> None:
        self._records, self._access, self._clock, self._key_of = records, access, clock, key_of

    def ask(
        self, session: Session, kind: str, thing: str, title: str, sha256: str, requester: Actor,
        detail: Mapping[str, Any] | None = None,
    ) -> str:  # fmt: skip
        """File a matter in the transaction of what it is about; its id."""
        policy, now = policy_of(kind), self._clock.now()
        row = MatterRow(
            id=new_id("apr"), kind=kind, thing=thing[:200], title=title[:300], sha256=sha256, requester=requester.name,
            needed=policy.needed, signed=policy.signed, state=MatterState.WAITING, created=now,
            expires=now + timedelta(days=policy.days), detail=dict(detail or {}),
        )  # fmt: skip
        session.add(row)
        told = {"kind": kind, "thing": thing[:200], "sha256": sha256, "needed": policy.needed}
        record(session, actor=requester, action="trust.approval.ask", thing=f"approval:{row.id}", detail=told, at=now)
        publish(session, TOPIC, row.id, at=now)
        return row.id

    def file(self, kind: str, thing: str, title: str, sha256: str, requester: Actor) -> Matter:
        """``ask`` in a transaction of its own."""
        made = self._records.write(lambda session: self.ask(session, kind, thing, title, sha256, requester))
        return self.find(made)

    def find(self, matter: str) -> Matter:
        """One matter; ``AppError(NOT_FOUND)``."""
        return self._records.read(lambda session: self._matter(session, self._row(session, matter)))

    def all(self, state: MatterState | None = None, limit: int = 200) -> list[Matter]:
        """Matters, the newest first."""
        query = select(MatterRow).order_by(MatterRow.created.desc()).limit(limit)

        def look(session: Session) -> list[Matter]:
            return [self._matter(session, row) for row in session.scalars(query)]

        return [matter for matter in self._records.read(look) if state in (None, matter.state)]

    def statement(self, matter: str, approver: str, decision: Decision) -> Statement:
        """What an approver has to sign."""
        found = self.find(matter)
        return Statement(
            request=found.id, sha256=found.sha256, authority=found.thing, profile=found.kind, approver=approver,
            decision=decision, expires=found.expires,
        )  # fmt: skip

    def decide(self, statement: bytes, signature: bytes) -> Matter:
        """Take a signed voice; ``AppError(FORBIDDEN)`` where it does not count."""
        read = read_statement(statement)
        key = self._key_of(read.approver)
        if key is None or not statement_holds(statement, signature, key):
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.no_approver")
        actor = Actor(id=f"approver:{read.approver}", name=read.approver)
        self._records.write(lambda session: self._voice(session, read, actor, statement, signature))
        return self.find(read.request)

    def say(self, actor: Actor, matter: str, decision: Decision) -> Matter:
        """Say yes or no in a web session; only where the policy does not ask for a signature."""
        found = self.find(matter)
        self._access.demand(actor, policy_of(found.kind).right, f"approval:{matter}")
        if found.signed:
            raise AppError(ErrorKind.FORBIDDEN, "trust.approval.needs_signature", matter=matter)
        said = self.statement(matter, actor.name, decision)
        self._records.write(lambda session: self._voice(session, said, actor, said.canonical(), b""))
        return self.find(matter)

    def granted(self, matter: str, sha256: str) -> bool:
        """Do enough voices approve exactly this content, and still? Checked from the signatures."""
        found = self.find(matter)
        if found.sha256 != sha256 or self._clock.now() >= found.expires:
            return False
        voices = self._records.read(
            lambda session: session.scalars(select(VoiceRow).where(VoiceRow.matter == matter)).all()
        )
        good = {row.approver for row in voices if row.approver != found.requester and self._counts(found, row)}
        refused = any(row.decision == Decision.REFUSE for row in voices)
        return not refused and len(good) >= max(found.needed, policy_of(found.kind).needed)

    def todos(self, actor: Actor) -> Sequence[Todo]:
        """Matters that wait for ``actor``: those they may approve and did not ask for."""
        waiting = [matter for matter in self.all(MatterState.WAITING) if actor.name not in _spoken(matter)]
        mine = [matter for matter in waiting if self._access.decide(actor, policy_of(matter.kind).right).allowed]
        place = "/ui/pki?matter="
        return [Todo(one.id, one.title, None, one.expires, Level.MEDIUM, place + one.id, "trust") for one in mine]

    def _counts(self, found: Matter, row: VoiceRow) -> bool:
        statement = read_statement(row.statement)
        same = (statement.request, statement.sha256, statement.authority, statement.profile, statement.approver) == (
            found.id, found.sha256, found.thing, found.kind, row.approver,
        )  # fmt: skip
        if not same or statement.decision is not Decision.APPROVE or self._clock.now() >= statement.expires:
            return False
        if not policy_of(found.kind).signed:
            return True
        key = self._key_of(row.approver)
        return key is not None and statement_holds(row.statement, row.signature, key)

    def _voice(self, session: Session, said: Statement, actor: Actor, statement: bytes, signature: bytes) -> None:
        row, now = self._row(session, said.request), self._clock.now()
        wanted = (row.sha256, row.thing, row.kind)
        if (said.sha256, said.authority, said.profile) != wanted or now >= said.expires:
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.other_approval")
        if row.state != MatterState.WAITING or now >= row.expires:
            raise AppError(ErrorKind.CONFLICT, "trust.registration.not_waiting", request=row.id)
        if said.approver == row.requester:
            raise AppError(ErrorKind.FORBIDDEN, "trust.registration.own_request")
        if session.get(VoiceRow, (row.id, said.approver)) is not None:
            raise AppError(ErrorKind.CONFLICT, "trust.approval.said_already", approver=said.approver)
        session.add(
            VoiceRow(
                matter=row.id, approver=said.approver, decision=said.decision, given=now, statement=statement,
                signature=signature,
            )
        )  # fmt: skip
        session.flush()
        self._advance(session, row, said.decision)
        told = {"decision": str(said.decision), "sha256": hashlib.sha256(statement).hexdigest(), "state": row.state}
        record(session, actor=actor, action="trust.approval.voice", thing=f"approval:{row.id}", detail=told, at=now)
        publish(session, TOPIC, row.id, {"state": row.state}, at=now)

    @staticmethod
    def _advance(session: Session, row: MatterRow, decision: Decision) -> None:
        if decision is Decision.REFUSE:
            row.state = MatterState.REFUSED
        elif len(_approvers(session, row.id)) >= row.needed:
            row.state = MatterState.GRANTED

    def _row(self, session: Session, matter: str) -> MatterRow:
        row = session.get(MatterRow, matter)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.approval.no_matter", matter=matter[:60])
        return row

    def _matter(self, session: Session, row: MatterRow) -> Matter:
        over = row.state == MatterState.WAITING and self._clock.now() >= row.expires
        return Matter(
            id=row.id, kind=row.kind, thing=row.thing, title=row.title, sha256=row.sha256, requester=row.requester,
            needed=row.needed, signed=row.signed, state=MatterState.OVER if over else MatterState(row.state),
            created=row.created, expires=row.expires, approved_by=_approvers(session, row.id), detail=row.detail,
        )  # fmt: skip


def _spoken(matter: Matter) -> tuple[str, ...]:
    return (*matter.approved_by, matter.requester)


def _approvers(session: Session, matter: str) -> tuple[str, ...]:
    query = select(VoiceRow.approver).where(VoiceRow.matter == matter, VoiceRow.decision == Decision.APPROVE)
    return tuple(session.scalars(query.order_by(VoiceRow.given)))


def plain(matter: Matter) -> dict[str, Any]:
    """A matter for people and scripts."""
    found: dict[str, Any] = {name: getattr(matter, name) for name in Matter.__struct_fields__}
    return {**found, "created": rfc3339(matter.created), "expires": rfc3339(matter.expires)}
