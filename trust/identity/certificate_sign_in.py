"""Signing in with a certificate of any accepted authority: a signed challenge, or TLS ended by a proxy of this site.

Question: whose account is behind this certificate, and may it be opened now?  In: proof of the key, certificate, pool.
Out: a session that rests on the certificate. The session is opened only if neither the trust list nor the revocation
lists changed since the certificate was judged, so that no withdrawal slips in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from trust.identity.account import SignedIn, State
from trust.identity.accounts import person_of
from trust.identity.bound import entry_hash, name_hash, pack_chain
from trust.identity.rows import ChallengeRow, SessionCertificateRow, SubjectRow, UserRow
from trust.identity.sessions import open_session
from trust.identity.throttle import demand_calm, note_failure
from trust.settings import Identities
from trust.trustlist.publish import History
from trust.validation.certificate import Certificate
from trust.validation.challenge import Challenge, check_challenge, judge_owner, new_challenge
from trust.validation.request import Request
from trust.validation.verdict import Verdict

MAX_WAITING = 10_000
_STRANGER = Actor(id="", name="", kind="anonymous")
FINGERPRINT = "fingerprint"


class Judge(Protocol):
    """The site's verifier."""

    def verify(self, request: Request) -> Verdict: ...

    def history(self) -> History: ...

    def basis(self) -> tuple[int, str]:
        """What verdicts rest on now: changes with the trust list and with every revocation list taken."""
        ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from."""

    address: str
    agent: str = ""


class CertificateSignIn:
    """Sign-in by certificate at one site."""

    def __init__(self, records: Records, judge: Judge, settings: Identities, clock: Clock) -> None:
        self._records, self._judge, self._settings, self._clock = records, judge, settings, clock

    def challenge(self, site: str) -> tuple[str, Challenge]:
        """A challenge to sign, good for two minutes and one answer, with the id to answer it by."""
        made, row = new_challenge(site, self._clock.now()), new_id("chal")

        def keep(session: Session) -> None:
            session.execute(delete(ChallengeRow).where(ChallengeRow.until < self._clock.now()))
            waiting = session.scalars(select(ChallengeRow.id).order_by(ChallengeRow.until).limit(MAX_WAITING)).all()
            if len(waiting) >= MAX_WAITING:
                session.execute(delete(ChallengeRow).where(ChallengeRow.id.in_(waiting[:100])))
            session.add(ChallengeRow(id=row, nonce=made.nonce, site=made.site, until=made.until))

        self._records.write(keep)
        return row, made

    def answer(
        self, challenge: str, signature: bytes, certificate: bytes, pool: Sequence[bytes], visitor: Visitor
    ) -> SignedIn:
        """A session for a right answer; ``AppError(UNAUTHENTICATED)`` where anything is wrong, RATE_LIMITED after many
        wrong ones. The challenge is spent either way."""
        self._demand_calm(visitor)
        given = self._records.write(lambda session: _take(session, challenge))
        basis = self._judge.basis()
        try:
            if given is None:
                raise AppError(ErrorKind.UNAUTHENTICATED, "trust.validation.challenge_over")
            proof = check_challenge(
                given, signature, certificate, tuple(pool), self._clock.now(), self._judge.verify,
                self._settings.certificate_level,
            )  # fmt: skip
            return self._open(proof.verdict, basis, visitor, "challenge")
        except AppError as error:
            raise self._refused(error, visitor) from None

    def by_proxy(self, certificate: bytes, pool: Sequence[bytes], visitor: Visitor) -> SignedIn:
        """A session for a certificate whose key the site's own proxy saw proven in the TLS handshake."""
        self._demand_calm(visitor)
        basis = self._judge.basis()
        try:
            level, now = self._settings.certificate_level, self._clock.now()
            verdict = judge_owner(certificate, tuple(pool), now, self._judge.verify, level)
            return self._open(verdict, basis, visitor, "tls")
        except AppError as error:
            raise self._refused(error, visitor) from None

    def _open(self, verdict: Verdict, basis: tuple[int, str], visitor: Visitor, way: str) -> SignedIn:
        if self._judge.basis() != basis:  # judged by what is no longer so
            raise AppError(ErrorKind.UNAUTHENTICATED, "trust.sign_in.changed")
        return self._records.write(lambda session: self._enter(session, verdict, basis, visitor, way))

    def _enter(
        self, session: Session, verdict: Verdict, basis: tuple[int, str], visitor: Visitor, way: str
    ) -> SignedIn:
        if basis_of(session) != basis:
            raise AppError(ErrorKind.UNAUTHENTICATED, "trust.sign_in.changed")
        leaf, now = verdict.chain[0], self._clock.now()
        user = self._account(session, verdict)
        secret, opened = open_session(session, user, visitor.address, visitor.agent, now, self._settings)
        opened.expires = min(opened.expires, leaf.not_after)
        session.flush()
        authority = str(verdict.facts.get("authority", ""))
        newest = self._judge.history().latest
        entry = newest.entry(authority) if newest is not None else None
        session.add(_rest_on(opened.id, verdict.chain, authority, entry_hash(entry)))
        detail = {
            "address": visitor.address, "session": opened.id, "way": way, "authority": authority,
            "certificate": leaf.fingerprint,
        }  # fmt: skip
        actor = Actor(id=user.id, name=user.name)
        record(session, actor=actor, action="trust.session.open", thing=f"user:{user.id}", detail=detail, at=now)
        return SignedIn(secret=secret, session=opened.id, person=person_of(session, user), expires=opened.expires)

    def _account(self, session: Session, verdict: Verdict) -> UserRow:
        """The one active account the certificate belongs to: by fingerprint, or by what the trust list reads in it."""
        subjects = {(row["scheme"], row["value"]) for row in verdict.facts.get("subjects", ())}
        subjects.add((FINGERPRINT, verdict.chain[0].fingerprint))
        users = set()
        for scheme, value in subjects:
            row = session.get(SubjectRow, (scheme, value[:200]))
            users |= {row.user} if row is not None else set()
        found = session.get(UserRow, users.pop()) if len(users) == 1 else None
        if found is None or found.state != State.ACTIVE:
            raise AppError(ErrorKind.UNAUTHENTICATED, "trust.sign_in.no_account")
        return found

    def _demand_calm(self, visitor: Visitor) -> None:
        self._records.read(lambda session: demand_calm(session, _keys(visitor), self._clock.now()))

    def _refused(self, error: AppError, visitor: Visitor) -> AppError:
        """Count the failure and tell the ledger; the reason in words is safe to say: it is about the certificate."""
        now = self._clock.now()

        def count(session: Session) -> None:
            note_failure(session, _keys(visitor), now)
            detail = {"address": visitor.address, "problem": error.message_key, "way": "certificate"}
            record(
                session, actor=_STRANGER, action="trust.session.refused", thing="user:unknown", detail=detail, at=now
            )

        self._records.write(count)
        return AppError(ErrorKind.UNAUTHENTICATED, error.message_key, **error.detail)


def basis_of(session: Session) -> tuple[int, str]:
    """What verdicts rest on, as the transaction sees it."""
    from trust.trustlist.rows import ListRow, StatusRow

    version = session.scalar(select(ListRow.version).order_by(ListRow.version.desc()).limit(1))
    status = session.scalar(select(StatusRow.id).order_by(StatusRow.id.desc()).limit(1))
    return version or 0, status or ""


def _take(session: Session, challenge: str) -> Challenge | None:
    row = session.get(ChallengeRow, challenge)
    if row is None:
        return None
    session.delete(row)
    return Challenge(row.nonce, row.site, row.until)


def _rest_on(handle: str, chain: tuple[Certificate, ...], authority: str, entry: str) -> SessionCertificateRow:
    leaf = chain[0]
    return SessionCertificateRow(
        session=handle, fingerprint=leaf.fingerprint, serial=f"{leaf.serial:x}"[:42], issuer=name_hash(leaf),
        authority=authority, entry=entry, subject=leaf.label[:300], chain=pack_chain(chain),
    )  # fmt: skip


def _keys(visitor: Visitor) -> dict[str, str]:
    return {"address": f"address {visitor.address[:64]}"}
