"""The ledger as the audit page reads it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from dashboards.rooms import audit as shown
from infra.clock import Clock
from infra.ledger import Ledger
from infra.ledger.reading import leaf_of
from infra.ledger.rows import LeafRow
from infra.records import Records


class AuditRoom:
    """Implements ``dashboards.rooms.audit.Audit``."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock, self._ledger = records, clock, Ledger(records)

    def rows(self, wanted: shown.AuditFilter, count: int, after: str | None = None) -> shown.AuditPage:
        """A page, newest first."""

        def work(session: Session) -> shown.AuditPage:
            where = _chosen(wanted)
            total = session.scalar(select(func.count()).select_from(LeafRow).where(*where)) or 0
            query = select(LeafRow).where(*where).order_by(LeafRow.leaf.desc()).limit(count + 1)
            if after:
                query = query.where(LeafRow.leaf < int(after))
            found = list(session.scalars(query))
            more = len(found) > count
            items = tuple(_row(row) for row in found[:count])
            return shown.AuditPage(items, total, str(items[-1].sequence) if more and items else None)

        return self._records.read(work)

    def verify(self) -> shown.Proof:
        """Read everything and say whether it is whole."""
        report = self._ledger.verify()
        first = report.findings[0] if report.findings else None
        return shown.Proof(
            whole=report.clean, leaves=report.leaves, head=report.sha256, at=self._clock.now(),
            broken_at=first.first if first else None, problem=str(first.kind) if first else "",
        )  # fmt: skip


def _chosen(wanted: shown.AuditFilter) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if wanted.window:
        parts += [LeafRow.time >= wanted.window.start, LeafRow.time < wanted.window.end]
    prefixes = ((LeafRow.actor, wanted.actor), (LeafRow.action, wanted.action), (LeafRow.thing, wanted.thing))
    parts += [column.startswith(prefix, autoescape=True) for column, prefix in prefixes if prefix]
    if wanted.text:
        columns = (LeafRow.actor, LeafRow.action, LeafRow.thing)
        parts.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return parts


def _row(row: LeafRow) -> shown.AuditRow:
    leaf = leaf_of(row)
    return shown.AuditRow(
        sequence=leaf.number, at=row.time, actor=leaf.entry.actor.get("name", row.actor), action=row.action,
        words=row.action, thing=row.thing, hash=leaf.sha256, detail=leaf.entry.detail,
    )  # fmt: skip
