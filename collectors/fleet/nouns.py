"""The nouns of the fleet: an agent, a group, a one-time token."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from collectors.fleet.configuration import Configuration

GroupId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
DEFAULT_GROUP = "default"


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that was enrolled. ``host`` is what its host calls itself, ``name`` what its sources begin with."""

    id: str
    name: str
    group: str
    host: str
    serial: str
    previous: str = ""
    enrolled: datetime
    expires: datetime
    revoked: datetime | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Agents that collect alike."""

    id: str
    configuration: Configuration = Configuration()
    version: int = 0
    changed: datetime | None = None
    changed_by: str = ""


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time token without its secret."""

    id: str
    group: str
    name: str
    created: datetime
    created_by: str
    expires: datetime
    used: datetime | None = None
    agent: str = ""


class NewEnrolment(msgspec.Struct, frozen=True):
    """A one-time token and what the new agent must be given, which nobody can look up again."""

    enrolment: Enrolment
    token: str

    def __repr__(self) -> str:
        return f"NewEnrolment(id={self.enrolment.id!r})"
