"""Sessions that rest on a certificate end with it: revoked, or its authority no longer recognised for login.

Called inside the very transaction that takes a revocation list or publishes a trust list, so that there is no moment
at which the one is durable and the other still stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.feed import publish
from infra.ledger import record
from trust.identity.rows import SessionCertificateRow, SessionRecord
from trust.identity.sessions import end_sessions
from trust.trustlist.entry import Entry, Purpose, State, TrustList
from trust.validation.certificate import Certificate, read_certificate
from trust.validation.crl import Crl

PEOPLE = "people"


def name_hash(certificate: Certificate) -> str:
    """Which issuer a certificate is of, for look-up."""
    return hashlib.sha256(certificate.issuer.der).hexdigest()


def entry_hash(entry: Entry | None) -> str:
    """What of an entry matters to a session: everything but its name for people."""
    kept = msgspec.structs.replace(entry, name="") if entry else None
    return hashlib.sha256(orjson.dumps(msgspec.to_builtins(kept), option=orjson.OPT_SORT_KEYS)).hexdigest()


def pack_chain(chain: Sequence[Certificate]) -> bytes:
    """Certificates as they are kept with a session."""
    return msgspec.json.encode([certificate.der for certificate in chain])


def end_revoked(session: Session, crl: Crl, now: datetime) -> list[str]:
    """End sessions with a certificate in their chain that ``crl`` lists; their handles."""
    return [
        _end(session, row, "certificate_revoked", now)
        for row in _open(session)
        if any(_listed(crl, read_certificate(der)) for der in msgspec.json.decode(row.chain, type=list[bytes]))
    ]


def _listed(crl: Crl, certificate: Certificate) -> bool:
    indirect = crl.point is not None and crl.point.indirect
    if not indirect and not certificate.issuer.matches(crl.issuer):
        return False
    entry = crl.find(certificate.serial, certificate.issuer)
    return entry is not None and entry.reason != "remove_from_crl"


def end_unrecognised(session: Session, newest: TrustList, now: datetime) -> list[str]:
    """End sessions whose authority is gone from the list, not accepted for login any more, or accepted otherwise than
    when they began (then their people sign in again); their handles."""
    return [
        _end(session, row, "authority_withdrawn", now)
        for row in _open(session)
        if not _stands(newest.entry(row.authority), row.entry, now)
    ]


def end_unbound(session: Session, user: str, now: datetime) -> list[str]:
    """End the sessions an account opened by certificate; their handles."""
    mine = set(session.scalars(select(SessionRecord.id).where(SessionRecord.user == user)))
    return [_end(session, row, "certificate_released", now) for row in _open(session) if row.session in mine]


def _stands(entry: Entry | None, known: str, now: datetime) -> bool:
    if entry is None or entry.state is not State.ACCEPTED or Purpose.LOGIN not in entry.usages:
        return False
    return (entry.until is None or now < entry.until) and entry_hash(entry) == known


def _open(session: Session) -> Sequence[SessionCertificateRow]:
    query = select(SessionCertificateRow).join(SessionRecord, SessionRecord.id == SessionCertificateRow.session)
    return session.scalars(query.where(SessionRecord.ended.is_(None))).all()


def _end(session: Session, row: SessionCertificateRow, reason: str, now: datetime) -> str:
    end_sessions(session, now, reason, handle=row.session)
    detail = {"reason": reason, "authority": row.authority, "serial": row.serial}
    record(session, actor="trust", action="trust.session.end", thing=f"session:{row.session}", detail=detail, at=now)
    publish(session, PEOPLE, f"session:{row.session}", at=now)
    return row.session
