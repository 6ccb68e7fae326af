"""Revocation lists the site knows, its own and other authorities': taken once, checked, used in every judgement.

In: a list and who may have signed it.  Out: the current lists for a set of certificates. Taking a list ends the
sessions of certificates it names in the same transaction.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.records.watch import Watch
from infra.web.seams import Actor
from trust.crypto.algorithm import Check, check_signature
from trust.crypto.curve import DEFAULT_ID
from trust.identity.bound import end_revoked
from trust.trustlist.publish import History
from trust.trustlist.recognise import recognise
from trust.trustlist.rows import StatusRow
from trust.validation.certificate import Certificate, read_certificate
from trust.validation.crl import ISSUING_POINT, Crl, read_crl
from trust.validation.name import Name
from trust.validation.request import Document, Request
from trust.validation.verdict import Outcome

TOPIC = "trust"
_KEPT_OCTETS = 96 << 20

Issuers = Iterable[tuple[Certificate, bytes]]
"""Certificates whose signature counts, each with its SM2 user id."""


class StatusStore:
    """The lists in records."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock
        self._octets: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()
        self._watch, self._newest = Watch(records.engine), (-1, "")

    def take(self, der: bytes, issuers: Issuers, source: str, actor: Actor | str) -> dict[str, Any]:
        """Keep a list signed by one of ``issuers``; ``AppError(INVALID)`` where nobody of them signed it, CONFLICT
        where a newer one of its kind is known. How many sessions it ended is in the answer."""
        crl = read_crl(der)
        if not any(_signed(crl, certificate, sm2_id) for certificate, sm2_id in issuers):
            raise AppError(ErrorKind.INVALID, "trust.status.not_signed", issuer=crl.issuer.text)
        return self._records.write(lambda session: self._take(session, crl, source, actor))

    def _take(self, session: Session, crl: Crl, source: str, actor: Actor | str) -> dict[str, Any]:
        now, scope = self._clock.now(), _scope(crl)
        known = session.scalars(select(StatusRow).where(StatusRow.scope == scope, StatusRow.current)).first()
        if known is not None:
            self._demand_newer(crl, known)
        session.execute(update(StatusRow).where(StatusRow.scope == scope).values(current=False))
        values: dict[str, Any] = {
            "id": new_id("crl"), "issuer": name_key(crl.issuer), "scope": scope, "label": crl.issuer.text,
            "number": f"{crl.number:x}" if crl.number is not None else None, "delta": crl.is_delta,
            "this_update": crl.this_update, "next_update": crl.next_update, "entries": crl.count, "taken": now,
            "source": source[:200], "current": True,
        }  # fmt: skip
        session.add(StatusRow(**values, der=crl.der))
        ended = end_revoked(session, crl, now)
        detail = {"sha256": crl.fingerprint, "entries": crl.count, "issuer": crl.issuer.text, "ended": len(ended)}
        record(session, actor=actor, action="trust.status.take", thing=f"crl:{values['id']}", detail=detail, at=now)
        publish(session, TOPIC, f"status:{values['issuer']}", at=now)
        return {**values, "ended": len(ended)}

    @staticmethod
    def _demand_newer(crl: Crl, known: StatusRow) -> None:
        number = int(known.number, 16) if known.number else -1
        older = crl.this_update < known.this_update or (crl.number is not None and crl.number < number)
        if older:
            raise AppError(ErrorKind.CONFLICT, "trust.status.older", issuer=crl.issuer.text)

    def version(self) -> str:
        """Changes whenever a list was taken."""
        committed = self._watch.version()
        if committed is None or committed != self._newest[0]:
            query = select(StatusRow.id).order_by(StatusRow.id.desc()).limit(1)
            found = self._records.read(lambda session: session.scalar(query)) or ""
            self._newest = (-1 if committed is None else committed, found)
        return self._newest[1]

    def documents(self, issuers: Iterable[Name]) -> tuple[Document, ...]:
        """The current lists of these issuers, octets remembered within bounds."""
        keys = {name_key(issuer) for issuer in issuers}
        if not keys:
            return ()
        query = select(StatusRow.id, StatusRow.label).where(StatusRow.current, StatusRow.issuer.in_(keys))
        rows = self._records.read(lambda session: session.execute(query.order_by(StatusRow.id)).all())
        return tuple(Document(f"status:{row.label}", self._read(row.id)) for row in rows)

    def newest(self, issuer: Name, delta: bool = False) -> bytes | None:
        """The octets of an issuer's current list."""
        query = select(StatusRow.id).where(StatusRow.current, StatusRow.issuer == name_key(issuer))
        query = query.where(StatusRow.delta.is_(delta)).order_by(StatusRow.id.desc())
        found = self._records.read(lambda session: session.scalars(query).first())
        return self._read(found) if found else None

    def of_source(self, source: str, delta: bool = False) -> bytes | None:
        """The octets of the current list of a source: ``authority:<id>/<part>`` for our own."""
        query = select(StatusRow.id).where(StatusRow.current, StatusRow.source == source, StatusRow.delta.is_(delta))
        found = self._records.read(lambda session: session.scalars(query.order_by(StatusRow.id.desc())).first())
        return self._read(found) if found else None

    def all(self) -> Sequence[dict[str, Any]]:
        """Every current list, without its octets."""
        names = ("id", "label", "number", "delta", "this_update", "next_update", "entries", "taken", "source")
        query = select(*(getattr(StatusRow, name) for name in names)).where(StatusRow.current).order_by(StatusRow.label)
        return [dict(row._mapping) for row in self._records.read(lambda session: session.execute(query).all())]

    def stale(self, now: datetime) -> Sequence[dict[str, Any]]:
        """Current lists that should have been replaced by now."""
        return [row for row in self.all() if row["next_update"] is not None and row["next_update"] < now]

    def _read(self, row: str) -> bytes:
        with self._lock:
            if row in self._octets:
                self._octets.move_to_end(row)
                return self._octets[row]
        der = (
            self._records.read(lambda session: session.scalar(select(StatusRow.der).where(StatusRow.id == row))) or b""
        )
        with self._lock:
            self._octets[row] = bytes(der)
            while len(self._octets) > 1 and sum(map(len, self._octets.values())) > _KEPT_OCTETS:
                self._octets.popitem(last=False)
        return bytes(der)


def crl_issuers(history: History, pool: Sequence[Certificate], now: datetime) -> list[tuple[Certificate, bytes]]:
    """Whose lists count here: the anchors of the list in force, and authorities of ``pool`` with a sound path to one
    (whose own revocation may be unknown: that is what the list is taken for)."""
    latest = history.latest
    if latest is None:
        return []
    found = []
    for entry in latest.entries:
        sm2_id = DEFAULT_ID if entry.sm2_id is None else bytes.fromhex(entry.sm2_id)
        found += [(read_certificate(der), sm2_id) for der in entry.certificates]
        found += [(one, sm2_id) for one in pool if one.is_ca and _below(history, one, pool, now, entry.id)]
    return found


def _below(history: History, one: Certificate, pool: Sequence[Certificate], now: datetime, entry: str) -> bool:
    documents = tuple(Document("issuer", certificate.der) for certificate in (one, *pool))
    verdict = recognise(history, Request(documents=documents, now=now, at=now))
    return verdict.outcome is not Outcome.INVALID and verdict.facts.get("authority", entry) == entry


def name_key(name: Name) -> str:
    """A name as it is compared (RFC 5280 clause 7.1), hashed."""
    parts = sorted("\x00".join(sorted(f"{oid}={value}" for oid, value in rdn)) for rdn in name.key)
    return hashlib.sha256("\x01".join(parts).encode()).hexdigest()


def _scope(crl: Crl) -> str:
    point = crl.extensions[ISSUING_POINT].value if ISSUING_POINT in crl.extensions else b""
    parts = (name_key(crl.issuer).encode(), crl.key_id or b"", point, b"delta" if crl.is_delta else b"")
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


def _signed(crl: Crl, certificate: Certificate, sm2_id: bytes = DEFAULT_ID) -> bool:
    if not certificate.subject.matches(crl.issuer):
        return False
    usage = certificate.key_usage
    if usage is not None and "crl_sign" not in usage:
        return False
    return check_signature(certificate.spki, crl.signature_algorithm, crl.tbs, crl.signature, sm2_id) is Check.GOOD
