"""Accounts as rows: making them, their names and roles, and the person as others see it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from trust.access.roles import RoleBook
from trust.identity.account import Person, State
from trust.identity.rows import UserRoleRow, UserRow
from trust.identity.sessions import roles_of

CHAIR = "administrator"
_NAME = re.compile(r"[\w][\w.@-]{1,63}")


def fold_name(name: str) -> str:
    """A sign-in name as it is compared; ``AppError(INVALID)`` unless 2 to 64 letters, digits, ``. @ - _``."""
    folded = unicodedata.normalize("NFKC", name).strip().casefold()
    if _NAME.fullmatch(folded) is None:
        raise AppError(ErrorKind.INVALID, "trust.name_malformed", place="name")
    return folded


def make_user(session: Session, name: str, display: str, state: State, now: datetime) -> UserRow:
    """A new account without a password; ``AppError(CONFLICT)`` where the name is taken."""
    folded = fold_name(name)
    if session.scalar(select(UserRow.id).where(UserRow.name == folded)) is not None:
        raise AppError(ErrorKind.CONFLICT, "trust.name_taken", place="name", name=folded)
    row = UserRow(
        id=new_id(), name=folded, display=clean_display(display) or folded, state=state, totp_step=0, created=now
    )
    session.add(row)
    session.flush()
    return row


def clean_display(display: str) -> str:
    """A name for people: printable, at most 64 characters."""
    text = "".join(char for char in display if char.isprintable()).strip()
    return text[:64]


def get_user(session: Session, user: str) -> UserRow:
    """The account; ``AppError(NOT_FOUND)``."""
    row = session.get(UserRow, user)
    if row is None:
        raise AppError(ErrorKind.NOT_FOUND, "trust.no_account", place="person")
    return row


def give_roles(session: Session, user: UserRow, roles: Iterable[str], book: RoleBook) -> tuple[str, ...]:
    """Let the account hold exactly ``roles``, if one person may; the roles it had before."""
    wanted, before = book.check(roles), roles_of(session, user.id)
    session.execute(delete(UserRoleRow).where(UserRoleRow.user == user.id))
    for name in wanted:
        chair = CHAIR if book.get(name).administrator else name
        session.add(UserRoleRow(user=user.id, role=name, chair=chair))
    return before


def holders(session: Session, role: str) -> int:
    """Active accounts with that role."""
    query = select(func.count()).select_from(UserRoleRow).join(UserRow, UserRow.id == UserRoleRow.user)
    return session.scalar(query.where(UserRoleRow.role == role, UserRow.state == State.ACTIVE)) or 0


def person_of(session: Session, user: UserRow, sessions: int = 0) -> Person:
    """The account as others see it."""
    return Person(
        id=user.id,
        name=user.name,
        display=user.display,
        roles=roles_of(session, user.id),
        state=user.state,
        second_factor=user.totp is not None,
        created=user.created,
        last_seen=user.last_seen,
        sessions=sessions,
    )
