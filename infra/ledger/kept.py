"""Examining the ledger where it is kept: leaves, search columns, inner nodes and heads against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from infra.clock import rfc3339
from infra.ledger.entry import read_leaf
from infra.ledger.examine import Examiner, FindingKind, Node, Report
from infra.ledger.rows import HeadRow, LeafRow, NodeRow
from infra.records import Record

_PAGE = 2000


def examine_kept(session: Session, witnessed: Mapping[int, bytes] | None = None) -> Report:
    """Reads the whole ledger of ``session``'s database."""
    examiner = Examiner(witnessed)
    heads = _Heads(session)
    for row in leaves_in_order(session):
        place = examiner.size
        nodes = examiner.leaf(
            as_bytes(row.body), as_bytes(row.sha256), as_bytes(row.sm3) if row.sm3 is not None else None
        )
        if wrong := _wrong_column(row):
            examiner.find(FindingKind.COLUMN, place, what=wrong)
        for node in nodes:
            _compare_node(session, examiner, node)
        heads.follow(examiner)
    heads.end(examiner)
    return examiner.report()


def leaves_in_order(session: Session) -> Iterator[Row[Any]]:
    """Every leaf by number, a page at a time, as the database has it: a forger may have put anything into a column."""
    query = select(*_raw(LeafRow)).order_by(LeafRow.leaf).limit(_PAGE)
    after = -1
    while rows := session.execute(query.where(LeafRow.leaf > after)).all():
        yield from rows
        after = rows[-1].leaf


def heads_in_order(session: Session) -> Iterator[Row[Any]]:
    """Every head by size, a page at a time."""
    query = select(*_raw(HeadRow)).order_by(HeadRow.size).limit(_PAGE)
    after = -1
    while rows := session.execute(query.where(HeadRow.size > after)).all():
        yield from rows
        after = rows[-1].size


def _raw(row_type: type[Record]) -> list[ColumnElement[Any]]:
    return [type_coerce(column, NullType()).label(column.name) for column in row_type.__table__.columns]


class _Heads:
    """Walks the heads beside the leaves."""

    def __init__(self, session: Session) -> None:
        self._rows = heads_in_order(session)
        self._next = next(self._rows, None)
        self._last = 0

    def follow(self, examiner: Examiner) -> None:
        while self._next is not None and self._next.size <= examiner.size:
            self._take(examiner)

    def end(self, examiner: Examiner) -> None:
        while self._next is not None:
            self._take(examiner)
        if examiner.size > self._last:
            examiner.find(FindingKind.INSERTED, self._last, examiner.size - 1, "after the last head")
        examiner.end(self._last)

    def _take(self, examiner: Examiner) -> None:
        head = self._next
        assert head is not None
        examiner.head(head.size, as_bytes(head.sha256), as_bytes(head.sm3) if head.sm3 is not None else None)
        self._last = head.size
        self._next = next(self._rows, None)


def _wrong_column(row: Row[Any]) -> str:
    """The search column that does not say what the leaf says; '' where all do."""
    try:
        entry = read_leaf(row.body)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        return "body"
    if not isinstance(row.body, bytes):
        return "body"
    said: Sequence[tuple[str, object, object]] = (
        ("leaf", row.leaf, entry.leaf),
        ("entry", row.entry, entry.id),
        ("time", moment_text(row.time), entry.time),
        ("actor", row.actor, entry.actor.get("id")),
        ("action", row.action, entry.action),
        ("thing", row.thing, entry.thing),
    )
    return next((name for name, column, leaf in said if column != leaf), "")


def moment_text(raw: object) -> str:
    """A time as leaves write it ('' for what is none); SQLite hands out text, PostgreSQL moments."""
    if isinstance(raw, str) and len(raw) == 26:
        return f"{raw[:10]}T{raw[11:23]}Z"
    try:
        moment = datetime.fromisoformat(raw) if isinstance(raw, str) else raw
    except ValueError:
        return ""
    if not isinstance(moment, datetime):
        return ""
    return rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def as_bytes(raw: object) -> bytes:
    """What a column holds, whatever its type is now."""
    return bytes(raw) if isinstance(raw, bytes | bytearray | memoryview) else str(raw).encode()


def _compare_node(session: Session, examiner: Examiner, node: Node) -> None:
    level, place, true = node
    kept = session.scalar(select(NodeRow.sha256).where(NodeRow.level == level, NodeRow.place == place))
    if kept != true:
        examiner.find(FindingKind.NODE, place << level, ((place + 1) << level) - 1, f"level {level}")
