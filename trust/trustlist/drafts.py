"""The next version of the trust list, on its way to enough signatures.

In: changes a person proposes.  Out: a draft others read, sign with their own keys, and that comes into force with the
last signature needed. The first version of all is published at the console: until then nobody could vouch for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from trust.trustlist.entry import Entry, Signature, SignedList, TrustList
from trust.trustlist.publish import ListStore, check_entries, holds
from trust.trustlist.rows import DraftRow

DAYS = 180
_CHANGEABLE = frozenset(Entry.__struct_fields__) - {"id", "certificates"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft: the list it would become, who signed, how many must, and what differs from the list in force."""

    id: str
    list: TrustList
    body: bytes
    author: str
    created: datetime
    state: str
    signed_by: tuple[str, ...]
    needed: int
    changes: tuple[dict[str, Any], ...]


class Drafts:
    """Drafts of one site."""

    def __init__(self, records: Records, lists: ListStore, clock: Clock) -> None:
        self._records, self._lists, self._clock = records, lists, clock

    def propose(
        self, actor: Actor, changes: Sequence[dict[str, Any]] = (), added: Sequence[Entry] = (),
        removed: Sequence[str] = (), days: int = DAYS,
    ) -> Draft:  # fmt: skip
        """A draft that follows the list in force: entries changed by id, added, removed. ``AppError(INVALID)`` names
        what is wrong with it; ``AppError(CONFLICT)`` while there is no first version."""
        before = self._before()
        entries = {entry.id: entry for entry in before.entries if entry.id not in removed}
        for change in changes:
            fields = dict(change)
            entry = entries.get(str(fields.pop("id", "")))
            entries[_known(entry, change).id] = _changed(_known(entry, change), fields)
        for entry in added:
            entries[entry.id] = entry
        now = max(self._clock.now().replace(microsecond=0), before.issued)
        made = msgspec.structs.replace(
            before, version=before.version + 1, issued=now, next_update=now + timedelta(days=days),
            previous=before.sha256, entries=tuple(entries.values()),
        )  # fmt: skip
        check_entries(made)
        row = DraftRow(
            id=new_id("draft"), version=made.version, created=now, author=actor.name, state="open",
            document=msgspec.json.encode(SignedList(made.canonical(), ())),
        )  # fmt: skip
        self._records.write(lambda session: self._add(session, row, made, actor))
        return self.find(row.id)

    def _add(self, session: Session, row: DraftRow, made: TrustList, actor: Actor) -> None:
        session.add(row)
        detail = {"version": made.version, "sha256": made.sha256}
        record(session, actor=actor, action="trust.list.draft", thing=f"draft:{row.id}", detail=detail)
        publish(session, "trust", f"draft:{row.id}", at=self._clock.now())

    def find(self, draft: str) -> Draft:
        """One draft; ``AppError(NOT_FOUND)``."""
        row = self._records.read(lambda session: session.get(DraftRow, draft))
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.trustlist.no_draft", draft=draft[:60])
        return self._draft(row)

    def open(self) -> list[Draft]:
        """Drafts that wait for signatures and still follow the list in force, the newest first."""
        latest = self._lists.history().latest
        following = latest.version + 1 if latest else 0
        query = select(DraftRow).where(DraftRow.state == "open", DraftRow.version == following)
        rows = self._records.read(lambda s: s.scalars(query.order_by(DraftRow.created.desc())).all())
        return [self._draft(row) for row in rows]

    def sign(self, draft: str, publisher: str, signature: bytes) -> Draft:
        """Take a publisher's signature; with the last one needed the version is in force. ``AppError(FORBIDDEN)`` where
        it is not by a publisher of the list in force, or not for this draft."""
        found, before = self.find(draft), self._before()
        known = next((one for one in before.publishers if one.name == publisher), None)
        if known is None or not holds(known, found.body, signature):
            raise AppError(ErrorKind.FORBIDDEN, "trust.trustlist.no_publisher", name=publisher[:60])
        document = self._records.write(lambda session: self._sign(session, draft, publisher, signature))
        if len(document.signatures) >= before.threshold:
            self._lists.publish(document, Actor(id=f"publisher:{publisher}", name=publisher))
            self._records.write(lambda session: self._set(session, draft, "published"))
        return self.find(draft)

    def _sign(self, session: Session, draft: str, publisher: str, signature: bytes) -> SignedList:
        row = session.get(DraftRow, draft)
        if row is None or row.state != "open":
            raise AppError(ErrorKind.CONFLICT, "trust.trustlist.draft_closed", draft=draft)
        document = msgspec.json.decode(row.document, type=SignedList)
        others = tuple(one for one in document.signatures if one.publisher != publisher)
        signed = SignedList(document.body, (*others, Signature(publisher, signature)))
        row.document = msgspec.json.encode(signed)
        actor = Actor(id=f"publisher:{publisher}", name=publisher)
        detail = {"sha256": document.list.sha256}
        record(session, actor=actor, action="trust.list.sign", thing=f"draft:{draft}", detail=detail)
        publish(session, "trust", f"draft:{draft}", at=self._clock.now())
        return signed

    def drop(self, actor: Actor, draft: str) -> None:
        """Give a draft up."""
        self.find(draft)

        def work(session: Session) -> None:
            self._set(session, draft, "dropped")
            record(session, actor=actor, action="trust.list.drop_draft", thing=f"draft:{draft}", detail={})
            publish(session, "trust", f"draft:{draft}", at=self._clock.now())

        self._records.write(work)

    @staticmethod
    def _set(session: Session, draft: str, state: str) -> None:
        session.execute(update(DraftRow).where(DraftRow.id == draft).values(state=state))

    def _before(self) -> TrustList:
        latest = self._lists.history().latest
        if latest is None:
            raise AppError(ErrorKind.CONFLICT, "trust.trustlist.no_first")
        return latest

    def _draft(self, row: DraftRow) -> Draft:
        document = msgspec.json.decode(row.document, type=SignedList)
        history = self._lists.history()
        before = next((one for one in history.versions if one.version == row.version - 1), None)
        signers = tuple(one.publisher for one in document.signatures)
        made = document.list
        return Draft(
            row.id, made, document.body, row.author, row.created, row.state, signers,
            before.threshold if before else made.threshold, tuple(differences(before, made)),
        )  # fmt: skip


def _known(entry: Entry | None, change: dict[str, Any]) -> Entry:
    if entry is None:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.no_entry", entry=str(change.get("id"))[:60])
    return entry


def _changed(entry: Entry, fields: dict[str, Any]) -> Entry:
    if unknown := set(fields) - _CHANGEABLE:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.no_field", field=sorted(unknown)[0][:60])
    try:
        return msgspec.convert({**msgspec.to_builtins(entry), **fields}, Entry)
    except msgspec.ValidationError as error:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.refused", problem=str(error)[:200]) from None


def differences(before: TrustList | None, after: TrustList) -> list[dict[str, Any]]:
    """What a version changes, field by field: ``{entry, field, before, after}``; whole entries as field ``entry``."""
    old = {entry.id: entry for entry in before.entries} if before else {}
    new = {entry.id: entry for entry in after.entries}
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    found: list[dict[str, Any]] = [
        *({"entry": entry, "field": "entry", "before": old[entry].name, "after": None} for entry in gone),
        *({"entry": entry, "field": "entry", "before": None, "after": new[entry].name} for entry in come),
    ]
    for entry in old.keys() & new.keys():
        for field in Entry.__struct_fields__:
            mine, other = getattr(old[entry], field), getattr(new[entry], field)
            if mine != other:
                found.append({"entry": entry, "field": field, "before": _shown(mine), "after": _shown(other)})
    return sorted(found, key=lambda row: (row["entry"], row["field"]))


def _shown(value: Any) -> Any:
    plain = msgspec.to_builtins(value)
    return len(plain) if isinstance(value, tuple) and value and isinstance(value[0], bytes) else plain
