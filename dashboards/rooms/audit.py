"""Who did what, and whether the record of it is whole."""

from __future__ import annotations

from typing import Protocol

from trust.audit.row import AuditFilter, AuditPage, AuditRow, Proof

__all__ = ["Audit", "AuditFilter", "AuditPage", "AuditRow", "Proof"]


class Audit(Protocol):
    """Reading and verifying the ledger."""

    def rows(self, wanted: AuditFilter, count: int, after: str | None = None) -> AuditPage: ...

    def verify(self) -> Proof: ...
