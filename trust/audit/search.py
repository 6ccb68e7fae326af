"""Finding rows of the ledger: by indexed columns, and by free text within them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.ledger.entry import Entry, read_leaf
from infra.ledger.rows import LeafRow, OutboxRow
from trust.audit.row import AuditFilter, AuditPage, AuditRow, row_of
from trust.identity.rows import TokenRow, UserRow

MAX_PAGE = 1000
MAX_WAITING = 200
"""Entries still in the outbox that a first page shows."""


def find_rows(session: Session, wanted: AuditFilter, count: int, after: str | None) -> AuditPage:
    """A page of rows, newest first; on the first page those that wait in the outbox stand before the others."""
    count = max(1, min(count, MAX_PAGE))
    where = _chosen(session, wanted)
    total = session.scalar(select(func.count()).select_from(LeafRow).where(*where)) or 0
    waiting = [] if after else _waiting(session, wanted)
    query = select(LeafRow).where(*where).order_by(LeafRow.leaf.desc()).limit(count + 1)
    if after is not None:
        query = query.where(LeafRow.leaf < _cursor(after))
    found = session.scalars(query).all()
    rows = [*waiting, *(_placed(row) for row in found[:count])][:count]
    last = rows[-1].sequence if rows else None
    more = len(found) + len(waiting) > count and last is not None
    return AuditPage(tuple(rows), total + len(waiting), str(last) if more else None)


def _cursor(after: str) -> int:
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise AppError(ErrorKind.INVALID, "trust.audit.cursor", place="after")
    return int(after)


def _placed(row: LeafRow) -> AuditRow:
    return row_of(read_leaf(row.body), row.time, row.leaf, row.sha256.hex())


def _chosen(session: Session, wanted: AuditFilter) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if wanted.window:
        parts += [LeafRow.time >= wanted.window.start, LeafRow.time < wanted.window.end]
    if wanted.actor:
        named = [LeafRow.actor.startswith(wanted.actor, autoescape=True)]
        parts.append(or_(*named, LeafRow.actor.in_(_named(wanted.actor))))
    for column, prefix in ((LeafRow.action, wanted.action), (LeafRow.thing, wanted.thing)):
        if prefix:
            parts.append(column.startswith(prefix, autoescape=True))
    if wanted.text:
        parts.append(_body_text(session).icontains(wanted.text, autoescape=True))
    return parts


def _named(prefix: str) -> Any:
    """Ids of accounts and tokens whose name begins so: people know names, leaves keep ids."""
    users = select(UserRow.id).where(UserRow.name.startswith(prefix.casefold(), autoescape=True))
    tokens = select(TokenRow.id).where(TokenRow.name.startswith(prefix, autoescape=True))
    return users.union(tokens)


def _body_text(session: Session) -> ColumnElement[str]:
    if session.get_bind().dialect.name == "postgresql":
        return func.convert_from(LeafRow.body, "UTF8", type_=Text())
    return cast(LeafRow.body, Text())


def _waiting(session: Session, wanted: AuditFilter) -> list[AuditRow]:
    query = select(OutboxRow.body).order_by(OutboxRow.id.desc()).limit(MAX_WAITING)
    entries = [(msgspec.json.decode(body, type=Entry), body) for body in session.scalars(query)]
    return [row_of(entry, parse_rfc3339(entry.time), None, "") for entry, body in entries if _fits(entry, body, wanted)]


def _fits(entry: Entry, body: bytes, wanted: AuditFilter) -> bool:
    at = parse_rfc3339(entry.time)
    return (
        (wanted.window is None or wanted.window.start <= at < wanted.window.end)
        and any(name.startswith(wanted.actor) for name in (entry.actor["id"], entry.actor["name"]))
        and entry.action.startswith(wanted.action)
        and entry.thing.startswith(wanted.thing)
        and wanted.text.casefold() in body.decode().casefold()
    )
