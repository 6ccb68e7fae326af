"""``Audit``: reading, proving and exporting the ledger. Blocks; call it in a thread from async code."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger, record
from infra.ledger.export import export
from infra.records import Records
from infra.web.seams import Actor
from trust.audit.row import AuditFilter, AuditPage, Proof, proof_of
from trust.audit.search import find_rows


class Audit:
    """The ledger of one site, as auditors use it. Whoever calls has checked the right to."""

    def __init__(self, records: Records, clock: Clock | None = None) -> None:
        self._records = records
        self._clock = clock or SystemClock()
        self._ledger = Ledger(records)
        self._one = threading.Lock()

    def rows(self, wanted: AuditFilter, count: int, after: str | None = None) -> AuditPage:
        """A page of rows, newest first."""
        return self._records.read(lambda session: find_rows(session, wanted, count, after))

    def verify(self, witnessed: Mapping[int, bytes] | None = None) -> Proof:
        """Read the whole ledger and say whether it is whole. One at a time: it reads everything."""
        if not self._one.acquire(timeout=0.5):
            raise AppError(ErrorKind.RATE_LIMITED, "trust.audit.verifying", place="verify", seconds=10)
        try:
            return proof_of(self._ledger.verify(witnessed), self._clock.now())
        finally:
            self._one.release()

    def prove(self, leaf: int) -> dict[str, Any]:
        """One leaf with its exact bytes and the proof that it is in the tree of the newest head."""
        found, head = self._ledger.leaf(leaf), self._ledger.head()
        assert head is not None  # there is a leaf, so there is a head
        return {
            "leaf": found.number,
            "body": found.body.decode(),
            "leaf_hash": found.sha256,
            "head": head,
            "path": self._ledger.inclusion(leaf, head.size),
        }

    def head(self) -> dict[str, Any]:
        """The newest head; size 0 while the ledger is empty."""
        head = self._ledger.head()
        return (
            {"size": 0}
            if head is None
            else {"size": head.size, "time": head.time, "sha256": head.sha256, "sm3": head.sm3}
        )

    def consistency(self, old: int, size: int) -> list[str]:
        """The proof that the ledger of ``old`` leaves is the beginning of that of ``size``."""
        return self._ledger.consistency(old, size)

    def export(self, actor: Actor, path: Path) -> int:
        """Write the ledger to a file; that somebody did is in the ledger too. How many leaves it holds."""
        count = export(self._records, path, self._clock)
        detail = {"leaves": count}
        self._records.write(
            lambda session: record(
                session, actor=actor, action="trust.audit.export", thing="ledger:", detail=detail, at=self._clock.now()
            )
        )
        return count
