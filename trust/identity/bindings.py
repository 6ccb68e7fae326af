"""Whose certificates are whose: one account may have many certificates, of many authorities; none has two accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor, Authorizer
from trust.crypto.sm3 import sm3
from trust.identity.accounts import get_user
from trust.identity.bound import PEOPLE, end_unbound
from trust.identity.rows import SubjectRow
from trust.validation.certificate import read_certificate
from trust.validation.read import pem_blocks

SCHEMES = ("fingerprint", "account", "person", "uscc")


class Bindings:
    """The bindings of one site; the security administrator's to change, never for oneself."""

    def __init__(self, records: Records, access: Authorizer, clock: Clock) -> None:
        self._records, self._access, self._clock = records, access, clock

    def of(self, actor: Actor, person: str) -> Sequence[dict[str, Any]]:
        """What is bound to an account."""
        self._access.demand(actor, "self.certificates" if actor.id == person else "users.read", f"user:{person}")
        query = select(SubjectRow).where(SubjectRow.user == person).order_by(SubjectRow.added)
        rows = self._records.read(lambda session: session.scalars(query).all())
        return [{"scheme": row.scheme, "value": row.value, "added": row.added} for row in rows]

    def bind(self, actor: Actor, person: str, scheme: str, value: str) -> dict[str, str]:
        """Bind a value a trust list's mapping yields (a person's number is kept as its hash), or a certificate (PEM) by
        its fingerprint; ``AppError(CONFLICT)`` where another account has it."""
        self._demand(actor, person)
        kept = _kept(scheme, value)

        def work(session: Session) -> None:
            get_user(session, person)
            if session.get(SubjectRow, (scheme, kept)) is not None:
                raise AppError(ErrorKind.CONFLICT, "trust.binding_taken", place=scheme)
            now = self._clock.now()
            session.add(SubjectRow(scheme=scheme, value=kept, user=person, added=now))
            detail = {"scheme": scheme, "value": kept}
            record(session, actor=actor, action="trust.user.bind", thing=f"user:{person}", detail=detail, at=now)
            publish(session, PEOPLE, f"user:{person}", at=now)

        self._records.write(work)
        return {"scheme": scheme, "value": kept}

    def release(self, actor: Actor, person: str, scheme: str, value: str) -> None:
        """Take a binding back; sessions opened by certificate end."""
        self._demand(actor, person)

        def work(session: Session) -> None:
            mine = (SubjectRow.scheme == scheme) & (SubjectRow.value == value) & (SubjectRow.user == person)
            if session.execute(delete(SubjectRow).where(mine)).rowcount == 0:  # type: ignore[attr-defined]
                raise AppError(ErrorKind.NOT_FOUND, "trust.no_binding", place=scheme)
            now = self._clock.now()
            ended = end_unbound(session, person, now)
            detail = {"scheme": scheme, "value": value, "ended": len(ended)}
            record(session, actor=actor, action="trust.user.release", thing=f"user:{person}", detail=detail, at=now)

        self._records.write(work)

    def _demand(self, actor: Actor, person: str) -> None:
        self._access.demand(actor, "users.certificates", f"user:{person}")
        if actor.id == person:
            raise AppError(ErrorKind.FORBIDDEN, "trust.not_oneself", place=actor.name)


def _kept(scheme: str, value: str) -> str:
    if scheme not in SCHEMES or not 2 <= len(value) <= 20_000:
        raise AppError(ErrorKind.INVALID, "trust.binding_scheme", place="scheme", known=", ".join(SCHEMES))
    if scheme == "person":
        return sm3(value.encode()).hex()
    if scheme == "fingerprint" and "-----BEGIN" in value:
        blocks = [der for label, der in pem_blocks(value.encode()) if label == "CERTIFICATE"]
        if not blocks:
            raise AppError(ErrorKind.INVALID, "trust.binding_scheme", place="value", known=", ".join(SCHEMES))
        return read_certificate(blocks[0]).fingerprint
    return value.strip()[:200]
