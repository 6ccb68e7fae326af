"""Redeeming a one-time link: the first account, an invitation, or a new password."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.web.seams import Actor
from trust.access.roles import RoleBook
from trust.identity import accounts, links, sessions
from trust.identity.account import Link, LinkPurpose, Redeemed, State
from trust.identity.rows import LinkRow, UserRow
from trust.settings import Identities

FIRST_ROLES = ("system_admin", "analyst")
"""The first person administers the system and may work alerts; see architecture.md section 5."""
OTHER_ADMINISTRATORS = ("security_admin", "audit_admin")


def roles_given(session: Session, row: LinkRow) -> tuple[str, ...]:
    """The roles that redeeming the link brings."""
    if row.purpose == LinkPurpose.FIRST_START:
        return FIRST_ROLES
    return sessions.roles_of(session, row.user) if row.user else tuple(row.roles)


def redeem(
    session: Session,
    secret: str,
    name: str,
    display: str,
    kept: str,
    now: datetime,
    settings: Identities,
    book: RoleBook,
) -> Redeemed:
    """Use the link behind ``secret`` in one transaction; ``kept`` is the hash of the new password."""
    row = links.good_link(session, secret, now)
    links.use_link(session, row, now)
    first = row.purpose == LinkPurpose.FIRST_START
    if first and session.scalar(select(UserRow.id).limit(1)) is not None:
        raise AppError(ErrorKind.UNAUTHENTICATED, "trust.link_void", place="link")
    user = _user(session, row, name, display, now, book)
    if user.state == State.DISABLED:
        raise AppError(ErrorKind.UNAUTHENTICATED, "trust.link_void", place="link")
    user.password, user.state = kept, State.ACTIVE
    sessions.end_sessions(session, now, "password", user=user.id)
    others = _links_for_others(session, now, settings) if first else ()
    detail = {"purpose": row.purpose, "name": user.name, "roles": list(sessions.roles_of(session, user.id))}
    actor = Actor(id=user.id, name=user.name)
    record(session, actor=actor, action="trust.link.redeem", thing=f"user:{user.id}", detail=detail, at=now)
    publish(session, "people", f"user:{user.id}", at=now)
    return Redeemed(accounts.person_of(session, user), others)


def _user(session: Session, row: LinkRow, name: str, display: str, now: datetime, book: RoleBook) -> UserRow:
    if row.user is not None:
        return accounts.get_user(session, row.user)
    user = accounts.make_user(session, name, display, State.ACTIVE, now)
    accounts.give_roles(session, user, roles_given(session, row), book)
    session.flush()
    return user


def _links_for_others(session: Session, now: datetime, settings: Identities) -> tuple[Link, ...]:
    return tuple(administrator_link(session, role, now, settings) for role in OTHER_ADMINISTRATORS)


def administrator_link(session: Session, role: str, now: datetime, settings: Identities) -> Link:
    """A link whose person becomes the administrator ``role``; older unused ones for that role are void."""
    open_links = select(LinkRow).where(LinkRow.used.is_(None), LinkRow.user.is_(None))
    for row in session.scalars(open_links.where(LinkRow.purpose == LinkPurpose.INVITE)):
        if row.roles == [role]:
            row.used = now
    length = timedelta(hours=settings.invitation_hours)
    return links.make_link(session, LinkPurpose.INVITE, now, length, roles=(role,), person=role)
