"""The seams of the web shell: who is asking, and may they."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Protocol

import msgspec


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: a person, a script with a token, or a service of the platform."""

    id: str
    name: str
    kind: str = "person"
    roles: tuple[str, ...] = ()
    session: str = ""
    source: str = ""


ANONYMOUS = Actor(id="", name="", kind="anonymous")
current_actor: ContextVar[Actor] = ContextVar("actor", default=ANONYMOUS)


class Decision(msgspec.Struct, frozen=True):
    """May it be done, and by which rule; ``reason_key`` says it in words."""

    allowed: bool
    rule: str
    reason_key: str = ""


class Authenticator(Protocol):
    """Finds the actor behind request headers (lower-case names), or ``ANONYMOUS``. Must not block for long."""

    async def authenticate(self, headers: Mapping[str, str]) -> Actor: ...


class Authorizer(Protocol):
    """Decides, deny by default. ``decide`` explains, for drawing a page; ``demand`` stands before every act and read,
    and its denials are recorded by the implementation."""

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision: ...

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        """Raises ``AppError(UNAUTHENTICATED or FORBIDDEN)`` unless ``decide`` allows it."""
