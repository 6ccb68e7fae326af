"""The sequencer: the one hand that gives outbox entries their places and lets the tree grow."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock, parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger.entry import leaf_bytes, read_leaf
from infra.ledger.rows import HeadRow, LeafRow, NodeRow, OutboxRow
from infra.ledger.tree import SM3_PRESENT, Frontier, leaf_hash, sha256, sm3
from infra.ledger.trunk import head_of, tree_of
from infra.records import Lease, Records

log = logging.getLogger(__name__)

LEASE = "infra.ledger.sequencer"
BATCH = 1000


@dataclass(slots=True)
class _Edge:
    """The right edge under both hashes; ``sm3`` is None where this machine's library lacks SM3."""

    sha256: Frontier
    sm3: Frontier | None

    def append(self, leaf: bytes) -> tuple[bytes, bytes | None, list[NodeRow]]:
        first = leaf_hash(sha256, leaf)
        nodes = self.sha256.append(first)
        if self.sm3 is None:
            return first, None, [NodeRow(level=level, place=place, sha256=node) for level, place, node in nodes]
        second = leaf_hash(sm3, leaf)
        pairs = zip(nodes, self.sm3.append(second), strict=True)
        rows = [NodeRow(level=one[0], place=one[1], sha256=one[2], sm3=other[2]) for one, other in pairs]
        return first, second, rows


class Sequencer:
    """Run by one service; the lease makes sure of it. A turn is one transaction: entries leave the outbox, leaves,
    nodes and the new head appear, or nothing does."""

    def __init__(self, records: Records, clock: Clock | None = None, holder: str = "") -> None:
        self._records = records
        self._clock = clock or SystemClock()
        self._lease = Lease(LEASE, holder or new_id("sequencer"), self._clock)
        self._edge: _Edge | None = None

    def turn(self) -> int:
        """Place what waits (at most ``BATCH`` entries); how many were placed. 0 while another process has the lease."""
        if not self._records.read(lambda session: session.scalar(select(func.count()).select_from(OutboxRow))):
            return 0
        edge, self._edge = self._edge, None  # forgotten if the transaction fails: it may have grown past what was kept
        placed, self._edge = self._records.write(lambda session: self._place(session, edge))
        return placed

    def run(self, stop: threading.Event, pause_s: float = 0.2) -> None:
        """Turn until ``stop`` is set; an error is logged and tried again."""
        while not stop.is_set():
            try:
                placed = self.turn()
            except Exception:
                log.exception("ledger.turn_failed")
                placed = 0
            if placed < BATCH:
                stop.wait(pause_s)
        self._records.write(self._lease.release)

    def _place(self, session: Session, edge: _Edge | None) -> tuple[int, _Edge | None]:
        if not self._lease.hold(session):
            return 0, None
        head = head_of(session)
        size = head.size if head else 0
        if edge is None or edge.sha256.size != size:
            edge = _edge_of(session, head)
        waiting = session.execute(select(OutboxRow.id, OutboxRow.body).order_by(OutboxRow.id).limit(BATCH)).all()
        if waiting:
            leaves = [_add_leaf(session, edge, number, body) for number, (_, body) in enumerate(waiting, start=size)]
            session.execute(insert(LeafRow), leaves)
            session.execute(delete(OutboxRow).where(OutboxRow.id.in_([row.id for row in waiting])))
            session.add(_head(edge, self._clock))
        return len(waiting), edge


def _edge_of(session: Session, head: HeadRow | None) -> _Edge:
    """The edge as kept, checked against the head: a ledger that was tampered with is not built upon in silence."""
    size = head.size if head else 0
    edge = _Edge(
        tree_of(session, "sha256", size).frontier(),
        tree_of(session, "sm3", size).frontier() if SM3_PRESENT else None,
    )
    if head is not None and edge.sha256.root() != head.sha256:
        raise AppError(ErrorKind.CONFLICT, "infra.ledger.edge_broken", place=f"infra_ledger_heads:{size}", size=size)
    return edge


def _add_leaf(session: Session, edge: _Edge, number: int, body: bytes) -> dict[str, Any]:
    """Let the tree grow by one leaf; its row."""
    leaf = leaf_bytes(number, body)
    first, second, nodes = edge.append(leaf)
    entry = read_leaf(leaf)
    session.add_all(nodes)
    return {
        "leaf": number,
        "entry": entry.id,
        "time": parse_rfc3339(entry.time),
        "actor": entry.actor["id"],
        "action": entry.action,
        "thing": entry.thing,
        "body": leaf,
        "sha256": first,
        "sm3": second,
    }


def _head(edge: _Edge, clock: Clock) -> HeadRow:
    second = edge.sm3.root() if edge.sm3 else None
    return HeadRow(size=edge.sha256.size, time=clock.now(), sha256=edge.sha256.root(), sm3=second)
