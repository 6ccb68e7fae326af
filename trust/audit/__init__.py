"""Audit: who did what, and is the record of it whole? The reading side of the ledger.

In: filters, and heads kept elsewhere.  Out: rows in words, proofs, the verdict of a verification, exports.
"""

from trust.audit.audit import Audit
from trust.audit.row import AuditFilter, AuditPage, AuditRow, Proof

__all__ = ["Audit", "AuditFilter", "AuditPage", "AuditRow", "Proof"]
