"""One-time links: the only way to a first password or a new one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from trust.identity.account import Link, LinkPurpose
from trust.identity.credential import fingerprint, new_secret, well_formed
from trust.identity.rows import LinkRow

PATH = "/ui/welcome#"


def make_link(
    session: Session,
    purpose: LinkPurpose,
    now: datetime,
    good_for: timedelta,
    *,
    user: str | None = None,
    roles: tuple[str, ...] = (),
    person: str = "",
) -> Link:
    """A fresh link; older unused ones for the same person (or of the first start) are void from now on."""
    void = update(LinkRow).where(LinkRow.used.is_(None))
    if user is not None:
        session.execute(void.where(LinkRow.user == user).values(used=now))
    elif purpose is LinkPurpose.FIRST_START:
        session.execute(void.where(LinkRow.purpose == purpose).values(used=now))
    secret = new_secret()
    row = LinkRow(
        id=new_id(),
        secret=fingerprint(secret),
        purpose=purpose,
        user=user,
        roles=list(roles),
        created=now,
        expires=now + good_for,
        used=None,
    )
    session.add(row)
    return Link(person, PATH + secret, row.expires)


def good_link(session: Session, secret: str, now: datetime) -> LinkRow:
    """The unused link behind ``secret``; ``AppError(UNAUTHENTICATED)``, in the same words whatever is wrong with it."""
    row = None
    if well_formed(secret):
        row = session.scalar(select(LinkRow).where(LinkRow.secret == fingerprint(secret)))
    if row is None or row.used is not None or row.expires <= now:
        raise AppError(ErrorKind.UNAUTHENTICATED, "trust.link_void", place="link")
    return row


def use_link(session: Session, row: LinkRow, now: datetime) -> None:
    """Mark it used; of two who try at the same moment one gets ``AppError``."""
    done = session.execute(update(LinkRow).where(LinkRow.id == row.id, LinkRow.used.is_(None)).values(used=now))
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE answers with a CursorResult
        raise AppError(ErrorKind.UNAUTHENTICATED, "trust.link_void", place="link")
