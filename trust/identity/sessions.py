"""Sessions: opaque, kept on the server, ended by time, by their person, or by an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.web.seams import Actor
from trust.identity.account import SessionRow, State
from trust.identity.credential import fingerprint, new_secret
from trust.identity.rows import SessionRecord, UserRoleRow, UserRow
from trust.settings import Identities

TOUCH_AFTER = timedelta(seconds=60)
"""How exactly the last request of a session is known."""


def open_session(
    session: Session, user: UserRow, address: str, agent: str, now: datetime, settings: Identities
) -> tuple[str, SessionRecord]:
    """A new session and its secret; never one the visitor brought along."""
    secret = new_secret()
    row = SessionRecord(
        id=new_id(),
        secret=fingerprint(secret),
        user=user.id,
        created=now,
        last_seen=now,
        expires=now + timedelta(hours=settings.session_hours),
        address=address[:64],
        agent=agent[:200],
        ended=None,
        end_reason="",
    )
    session.add(row)
    user.last_seen = now
    return secret, row


def find_session(session: Session, secret: str, now: datetime, settings: Identities) -> tuple[Actor, bool] | None:
    """Who is behind ``secret`` now, and whether the session should be touched; None where nobody is."""
    found = session.execute(
        select(SessionRecord, UserRow)
        .join(UserRow, UserRow.id == SessionRecord.user)
        .where(SessionRecord.secret == fingerprint(secret), *_open(now, settings), UserRow.state == State.ACTIVE)
    ).first()
    if found is None:
        return None
    row, user = found
    actor = Actor(id=user.id, name=user.name, roles=roles_of(session, user.id), session=row.id)
    return actor, now - row.last_seen > TOUCH_AFTER


def touch_session(session: Session, handle: str, now: datetime) -> None:
    """Note that the session was just used."""
    session.execute(update(SessionRecord).where(SessionRecord.id == handle).values(last_seen=now))


def stands(session: Session, handle: str, now: datetime, settings: Identities) -> bool:
    """Is the session with that handle open?"""
    query = select(SessionRecord.id).join(UserRow, UserRow.id == SessionRecord.user)
    query = query.where(SessionRecord.id == handle, *_open(now, settings), UserRow.state == State.ACTIVE)
    return session.scalar(query) is not None


def end_sessions(
    session: Session, now: datetime, reason: str, *, user: str = "", handle: str = "", but: str = ""
) -> int:
    """End the open sessions of a person, or one; how many."""
    query = update(SessionRecord).where(SessionRecord.ended.is_(None))
    if user:
        query = query.where(SessionRecord.user == user, SessionRecord.id != but)
    else:
        query = query.where(SessionRecord.id == handle)
    done = session.execute(query.values(ended=now, end_reason=reason))
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE answers with a CursorResult


def owner_of(session: Session, handle: str) -> str:
    """The person behind a session's handle; ``AppError(NOT_FOUND)``."""
    owner = session.scalar(select(SessionRecord.user).where(SessionRecord.id == handle))
    if owner is None:
        raise AppError(ErrorKind.NOT_FOUND, "trust.no_session", place="session")
    return owner


def open_sessions(session: Session, now: datetime, settings: Identities, user: str | None) -> Sequence[SessionRow]:
    """Open sessions, the most recently used first."""
    query = select(SessionRecord).where(*_open(now, settings)).order_by(SessionRecord.last_seen.desc())
    if user is not None:
        query = query.where(SessionRecord.user == user)
    return [
        SessionRow(
            id=row.id,
            person=row.user,
            started=row.created,
            last_seen=row.last_seen,
            address=row.address,
            agent=row.agent,
        )
        for row in session.scalars(query)
    ]


def count_open(session: Session, now: datetime, settings: Identities) -> dict[str, int]:
    """Open sessions per person."""
    query = select(SessionRecord.user, func.count()).where(*_open(now, settings)).group_by(SessionRecord.user)
    return {row[0]: row[1] for row in session.execute(query)}


def roles_of(session: Session, user: str) -> tuple[str, ...]:
    """The roles of an account, sorted."""
    return tuple(session.scalars(select(UserRoleRow.role).where(UserRoleRow.user == user).order_by(UserRoleRow.role)))


def _open(now: datetime, settings: Identities) -> tuple[ColumnElement[bool], ...]:
    idle = now - timedelta(minutes=settings.session_idle_min)
    return SessionRecord.ended.is_(None), SessionRecord.expires > now, SessionRecord.last_seen > idle
