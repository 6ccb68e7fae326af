"""Carrying audit rows of the PKI database into the site's ledger, each exactly once, in order.

Nothing leaves before its ledger leaf is durable: ``release`` gives a certificate out only then.
"""

from __future__ import annotations

import orjson
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger, Sequencer, record
from infra.records import Records
from trust.ca import rows
from trust.ca.relayed import RelayRow

BATCH = 1000


class Relay:
    """From one PKI database to one ledger. The carried position is kept with the ledger entries, in one transaction."""

    def __init__(self, pki: Records, site: Records, sequencer: Sequencer | None = None) -> None:
        self._pki, self._site = pki, site
        self._sequencer = sequencer or Sequencer(site)
        self._ledger = Ledger(site)

    def carry(self) -> int:
        """Carry what waits and place it; how many rows were carried."""
        carried = 0
        while batch := self._batch():
            entries = self._site.write(lambda session, batch=batch: self._record(session, batch))  # type: ignore[misc]
            self._pki.write(lambda session, entries=entries: self._mark(session, entries))  # type: ignore[misc]
            carried += len(batch)
        while self._sequencer.turn():
            pass
        return carried

    def _batch(self) -> list[tuple[int, str, str, str, str, object]]:
        table = rows.outbox
        query = select(table.c.id, table.c.action, table.c.thing, table.c.actor, table.c.detail, table.c.at)
        query = query.where(table.c.entry.is_(None)).order_by(table.c.id).limit(BATCH)
        return [tuple(row) for row in self._pki.read(lambda session: session.execute(query).all())]

    def _record(self, session: Session, batch: list[tuple[int, str, str, str, str, object]]) -> dict[int, str]:

        known = {
            row.outbox: row.entry
            for row in session.scalars(select(RelayRow).where(RelayRow.outbox.in_([row[0] for row in batch])))
        }
        added = []
        for number, action, thing, actor, detail, at in batch:
            if number not in known:
                entry = record(session, actor=actor, action=action, thing=thing, detail=orjson.loads(detail), at=at)  # type: ignore[arg-type]
                added.append({"outbox": number, "entry": entry})
                known[number] = entry
        if added:
            session.execute(insert(RelayRow), added)
        return known

    def _mark(self, session: Session, entries: dict[int, str]) -> None:
        table = rows.outbox
        change = update(table).where(table.c.id == bindparam("number")).values(entry=bindparam("placed"))
        values = [{"number": number, "placed": entry} for number, entry in entries.items()]
        session.connection().execute(change, values)

    def release(self, intent: str) -> bytes:
        """The certificate of an intent; ``AppError(UNAVAILABLE)`` while its audit row is not in the ledger's tree."""
        query = select(rows.outbox.c.entry).where(rows.outbox.c.intent == intent)
        entry = self._pki.read(lambda session: session.scalar(query))
        if entry is None or self._ledger.place(entry) is None:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.ca.not_recorded")
        wanted = select(rows.certificates.c.der).where(rows.certificates.c.intent == intent)
        der = self._pki.read(lambda session: session.scalar(wanted))
        if der is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_certificate", serial=intent)
        return bytes(der)
