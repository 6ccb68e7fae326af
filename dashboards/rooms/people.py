"""Accounts, sign-in, first start, one-time links, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from infra.web.seams import Actor


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One account. ``state`` is ``active``, ``invited`` (its one-time link is unused) or ``disabled``."""

    id: str
    name: str
    display: str
    roles: tuple[str, ...]
    state: str
    second_factor: bool = False
    created: datetime | None = None
    last_seen: datetime | None = None
    sessions: int = 0


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One open session of a person; ``id`` is a handle to end it with, never the secret."""

    id: str
    person: str
    started: datetime
    last_seen: datetime
    address: str
    agent: str
    own: bool = False


class Role(msgspec.Struct, frozen=True):
    """A role in words, and the roles one person cannot hold beside it."""

    id: str
    name: str
    about: str
    excludes: tuple[str, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """A one-time link, shown once: the path with its secret, and until when it is good."""

    person: str
    path: str
    expires: datetime


class People(Protocol):
    """Accounts as the users page sees them; each change checks rights, enters the ledger, raises ``AppError``."""

    def people(self) -> Sequence[Person]: ...

    def roles(self) -> Sequence[Role]: ...

    def create(self, actor: Actor, name: str, display: str, roles: tuple[str, ...]) -> Link: ...

    def link(self, actor: Actor, person: str) -> Link: ...

    def set_roles(self, actor: Actor, person: str, roles: tuple[str, ...]) -> None: ...

    def set_disabled(self, actor: Actor, person: str, disabled: bool) -> None: ...

    def sessions(self, person: str | None = None) -> Sequence[SessionRow]: ...

    def end_session(self, actor: Actor, session: str) -> None: ...

    def alive(self, actor: Actor) -> bool:
        """Whether the actor's session still stands; asked once a second per open page, so cheap."""
