"""The ledger: an append-only hash tree of everything people and playbooks change. It holds no keys.

In: audit entries in the change's own transaction.  Out: leaves, tree heads, inclusion and consistency proofs.
"""

from infra.ledger.entry import Entry
from infra.ledger.examine import Finding, FindingKind, Report
from infra.ledger.outbox import record
from infra.ledger.reading import Head, Leaf, Ledger
from infra.ledger.sequencer import Sequencer

__all__ = ["Entry", "Finding", "FindingKind", "Head", "Leaf", "Ledger", "Report", "Sequencer", "record"]
