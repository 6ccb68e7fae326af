"""Accounts, sign-in, first start, one-time links, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from infra.web.seams import Actor
from trust.identity.account import Link, Person, SecondFactor, SessionRow
from trust.identity.account import RoleWords as Role

__all__ = ["Link", "People", "Person", "Role", "SecondFactor", "SessionRow"]


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

    def begin_second_factor(self, actor: Actor) -> SecondFactor:
        """A fresh seed for the actor's phone; nothing changes until it is confirmed."""

    def confirm_second_factor(self, actor: Actor, code: str) -> None: ...
