"""What the PKI database holds, for people: certificates by page, the newest lists, how many end when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from infra.records import Records
from trust.ca import rows

MAX_PAGE = 1000
WEEKS = 52
_COLUMNS = (
    "intent", "authority", "serial", "profile", "subject", "fingerprint", "not_after", "issued", "revoked", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of certificates: of one authority or all, revoked or not, ending before a moment, subject holding text."""

    authority: str = ""
    revoked: bool | None = None
    before: datetime | None = None
    text: str = ""
    limit: int = 200
    offset: int = 0


def certificates(records: Records, wanted: Wanted) -> tuple[int, list[dict[str, Any]]]:
    """How many there are, and the page, those that end first in front."""
    table = rows.certificates
    query = _narrowed(select(*(table.c[name] for name in _COLUMNS)), wanted)
    count = _narrowed(select(func.count()).select_from(table), wanted)
    page = query.order_by(table.c.not_after, table.c.serial)
    page = page.limit(max(1, min(wanted.limit, MAX_PAGE))).offset(max(0, wanted.offset))

    def look(session: Session) -> tuple[int, list[dict[str, Any]]]:
        return session.scalar(count) or 0, [dict(row._mapping) for row in session.execute(page)]

    return records.read(look)


def _narrowed(query: Select[Any], wanted: Wanted) -> Select[Any]:
    table = rows.certificates
    if wanted.authority:
        query = query.where(table.c.authority == wanted.authority)
    if wanted.revoked is not None:
        query = query.where(table.c.revoked.is_not(None) if wanted.revoked else table.c.revoked.is_(None))
    if wanted.before is not None:
        query = query.where(table.c.not_after < wanted.before)
    if wanted.text:
        held = table.c.subject.contains(wanted.text, autoescape=True)
        query = query.where(held | table.c.serial.startswith(wanted.text.lower(), autoescape=True))
    return query


def expiry(records: Records, now: datetime) -> dict[str, list[int]]:
    """Certificates not revoked that end in each of the next 52 weeks, by authority."""
    table = rows.certificates
    until = now + timedelta(weeks=WEEKS)
    query = select(table.c.authority, table.c.not_after).where(
        table.c.revoked.is_(None), table.c.not_after >= now, table.c.not_after < until
    )
    found: dict[str, list[int]] = {}
    for authority, end in records.read(lambda session: session.execute(query).all()):
        weeks = found.setdefault(authority, [0] * WEEKS)
        weeks[min(WEEKS - 1, int((end - now) / timedelta(weeks=1)))] += 1
    return found


def newest_lists(records: Records, authority: str = "") -> Sequence[dict[str, Any]]:
    """The newest full list and the newest delta of each part of each authority."""
    table = rows.crls
    delta = table.c.base.is_not(None)
    newest = select(func.max(table.c.id)).group_by(table.c.authority, table.c.partition, delta).scalar_subquery()
    query = select(table).where(table.c.id.in_(newest))
    if authority:
        query = query.where(table.c.authority == authority)
    return [dict(row._mapping) for row in records.read(lambda session: session.execute(query).all())]


def counts(records: Records) -> dict[str, dict[str, int]]:
    """Certificates by authority: issued, revoked."""
    table = rows.certificates
    query = select(table.c.authority, func.count(), func.count(table.c.revoked)).group_by(table.c.authority)
    found = records.read(lambda session: session.execute(query).all())
    return {row[0]: {"issued": row[1], "revoked": row[2]} for row in found}
