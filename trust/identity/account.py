"""What the rest of the product sees of an account: values without secrets, but for those shown once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class State(StrEnum):
    """State of an account."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


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


class RoleWords(msgspec.Struct, frozen=True):
    """A role in words, and the roles one person cannot hold beside it."""

    id: str
    name: str
    about: str
    excludes: tuple[str, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """A one-time link, shown once. ``path`` is relative to the site; its secret stands behind ``#``, so that browsers
    never send it in a request line, and no log or referrer holds it."""

    person: str
    path: str
    expires: datetime

    def __repr__(self) -> str:
        return f"Link(person={self.person!r}, expires={self.expires})"

    @property
    def secret(self) -> str:
        """What ``Identity.redeem_link`` asks for."""
        return self.path.partition("#")[2]


class LinkPurpose(StrEnum):
    """What a link is for."""

    FIRST_START = "first_start"
    INVITE = "invite"
    RESET = "reset"


class LinkState(msgspec.Struct, frozen=True, kw_only=True):
    """What a link is good for, before it is used. ``name`` is '' where the person may choose it."""

    purpose: LinkPurpose
    name: str
    display: str
    roles: tuple[str, ...]
    expires: datetime


class FirstStart(msgspec.Struct, frozen=True):
    """Does the site wait for its first account, and until when is its link good (None: there is none)?"""

    needed: bool
    link_expires: datetime | None = None


class Redeemed(msgspec.Struct, frozen=True):
    """The account a link made or gave a new password, and the links to hand to the other two administrators."""

    person: Person
    links: tuple[Link, ...] = ()


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """An open session. ``secret`` goes into the cookie and nowhere else. ``second_factor_due`` asks to set one up."""

    secret: str
    session: str
    person: Person
    expires: datetime
    second_factor_due: bool = False

    def __repr__(self) -> str:
        return f"SignedIn(session={self.session!r}, person={self.person.name!r})"


class SecondFactor(msgspec.Struct, frozen=True):
    """A seed to scan (``uri``) or to type (``seed``); in force once a code made from it was confirmed."""

    uri: str
    seed: str

    def __repr__(self) -> str:
        return "SecondFactor(...)"
