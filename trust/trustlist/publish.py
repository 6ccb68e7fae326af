"""Publishing: a new version follows the one before it, is signed by enough of its publishers, and is never changed.

In: signed lists.  Out: the history, checked link by link.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Records
from infra.records.watch import Watch
from infra.web.seams import Actor
from trust.crypto.algorithm import Check, KeyKind, check_signature, load_key
from trust.crypto.der import tlv
from trust.identity.bound import end_unrecognised
from trust.trustlist.entry import Publisher, SignedList, TrustList
from trust.trustlist.rows import ListRow
from trust.trustlist.scope import read_scope
from trust.validation.certificate import read_certificate

MAX_DOCUMENT = 16 << 20
_CONTEXT = b"yaodun trust list\x00"
_ALGORITHMS = {
    KeyKind.SM2: tlv(0x30, bytes.fromhex("06082a811ccf55018375")),
    KeyKind.EC: tlv(0x30, bytes.fromhex("06082a8648ce3d040302")),
    KeyKind.RSA: tlv(0x30, bytes.fromhex("06092a864886f70d01010b0500")),
    KeyKind.ED25519: tlv(0x30, bytes.fromhex("06032b6570")),
}


def to_sign(body: bytes) -> bytes:
    """The octets a publisher signs: bound to their purpose, so that no other signature can be mistaken for one."""
    return _CONTEXT + body


def _refused(problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "trust.trustlist.refused", problem=problem)


def check_follows(signed: SignedList, before: TrustList | None) -> TrustList:
    """The list, if it may follow ``before``; ``AppError(INVALID)`` says why not."""
    if len(signed.body) > MAX_DOCUMENT:
        raise AppError(ErrorKind.TOO_LARGE, "trust.validation.too_large", limit=MAX_DOCUMENT)
    try:
        found = signed.list
    except (msgspec.MsgspecError, ValueError) as error:
        raise _refused(str(error)) from None
    if found.canonical() != signed.body:
        raise _refused("not canonical")
    _check_link(found, before)
    check_entries(found)
    _check_signatures(signed, before or found)
    return found


def _check_link(found: TrustList, before: TrustList | None) -> None:
    version, previous = (before.version + 1, before.sha256) if before else (1, "")
    if found.version != version or found.previous != previous:
        raise _refused(f"version {found.version} does not follow {version - 1}")
    if before is not None and found.issued < before.issued:
        raise _refused("issued before the version it follows")
    if found.next_update <= found.issued:
        raise _refused("next update before issue")
    if not 1 <= found.threshold <= len(found.publishers):
        raise _refused("threshold")
    if len({publisher.spki for publisher in found.publishers}) != len(found.publishers):
        raise _refused("publisher twice")


def check_entries(found: TrustList) -> None:
    """``AppError(INVALID)`` names what is wrong with an entry."""
    if len({entry.id for entry in found.entries}) != len(found.entries):
        raise _refused("entry id twice")
    for entry in found.entries:
        if not entry.certificates or not 1 <= entry.level <= 4:
            raise _refused(entry.id)
        for der in entry.certificates:
            read_certificate(der)
        for scope in (*entry.permitted, *entry.excluded):
            read_scope(scope)
        if entry.sm2_id is not None and len(bytes.fromhex(entry.sm2_id)) > 8191:
            raise _refused(entry.id)


def _check_signatures(signed: SignedList, authority: TrustList) -> None:
    good: set[bytes] = set()
    for signature in signed.signatures[:64]:
        publisher = next((one for one in authority.publishers if one.name == signature.publisher), None)
        if publisher is not None and holds(publisher, signed.body, signature.signature):
            good.add(publisher.spki)
    if len(good) < authority.threshold:
        raise _refused(f"{len(good)} of {authority.threshold} signatures")


def holds(publisher: Publisher, body: bytes, signature: bytes) -> bool:
    """Did this publisher sign this list?"""
    key = load_key(publisher.spki)
    algorithm = _ALGORITHMS.get(key.kind) if key else None
    if algorithm is None:
        return False
    return check_signature(publisher.spki, algorithm, to_sign(body), signature) is Check.GOOD


class History:
    """All versions, oldest first, each checked against the one before when the history is read."""

    def __init__(self, signed: Sequence[SignedList]) -> None:
        self.versions: list[TrustList] = []
        self._signed = list(signed)
        before: TrustList | None = None
        for document in self._signed:
            before = check_follows(document, before)
            self.versions.append(before)

    @property
    def latest(self) -> TrustList | None:
        """The newest version."""
        return self.versions[-1] if self.versions else None

    def at(self, moment: datetime) -> TrustList | None:
        """The version in force at ``moment``; the first one for moments before it (its entries say since when)."""
        found = [version for version in self.versions if version.issued <= moment]
        return found[-1] if found else (self.versions[0] if self.versions else None)

    def documents(self) -> list[SignedList]:
        """The signed documents, oldest first."""
        return list(self._signed)


class ListStore:
    """The history in records."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock
        self._known: tuple[int, History] = (0, History([]))
        self._watch, self._seen = Watch(records.engine), -1

    def history(self) -> History:
        """The history; read again only where a version was added."""
        committed = self._watch.version()
        if committed is None or committed != self._seen:
            self._look()
            self._seen = -1 if committed is None else committed
        return self._known[1]

    def _look(self) -> None:
        newest = self._records.read(
            lambda s: s.scalar(select(ListRow.version).order_by(ListRow.version.desc()).limit(1))
        )
        if (newest or 0) != self._known[0]:
            rows = self._records.read(lambda s: s.scalars(select(ListRow).order_by(ListRow.version)).all())
            signed = [msgspec.json.decode(row.document, type=SignedList) for row in rows]
            self._known = (newest or 0, History(signed))

    def publish(self, signed: SignedList, actor: Actor | str) -> TrustList:
        """Add a version; in the same transaction the ledger learns of it."""
        return self._records.write(lambda session: self._publish(session, signed, actor))

    def _publish(self, session: Session, signed: SignedList, actor: Actor | str) -> TrustList:
        row = session.scalars(select(ListRow).order_by(ListRow.version.desc()).limit(1)).first()
        before = msgspec.json.decode(row.document, type=SignedList).list if row else None
        found = check_follows(signed, before)
        document = msgspec.json.encode(signed)
        session.add(
            ListRow(
                version=found.version,
                published=self._clock.now(),
                sha256=hashlib.sha256(document).hexdigest(),
                document=document,
            )
        )
        detail: dict[str, Any] = {
            "sha256": found.sha256,
            "signed_by": [signature.publisher for signature in signed.signatures],
            "states": {entry.id: str(entry.state) for entry in found.entries},
        }
        ended = end_unrecognised(session, found, self._clock.now())
        detail["ended"] = len(ended)
        publish(session, "trust", f"list:{found.version}", at=self._clock.now())
        record(session, actor=actor, action="trust.list.publish", thing=f"trustlist:{found.version}", detail=detail)
        return found
