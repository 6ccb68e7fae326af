"""Agents on other hosts, their groups, and the zones of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from collectors.fleet.nouns import Group
from infra.register.zones import Zone, ZonePath
from infra.web.seams import Actor

__all__ = ["AgentLine", "Fleet", "Group", "Invitation", "Zone", "ZonePath"]


class AgentLine(msgspec.Struct, frozen=True, kw_only=True):
    """An agent and how it is. ``state`` is connected, away or revoked; ``differs`` counts records by which its own
    account and the platform's differ, None where nothing is known."""

    id: str
    name: str
    group: str
    host: str
    state: str
    version: str = ""
    last_seen: datetime | None = None
    lag_bytes: int = 0
    skew_ms: int = 0
    current: bool = True
    expires: datetime
    sources: tuple[Mapping[str, Any], ...] = ()
    handed: int = 0
    differs: int | None = None


class Invitation(msgspec.Struct, frozen=True):
    """What to run on the new host; shown once."""

    command: str
    expires: datetime

    def __repr__(self) -> str:
        return f"Invitation(expires={self.expires})"


class Fleet(Protocol):
    """The fleet as its pages see it; each change checks rights, enters the ledger, raises ``AppError``."""

    @property
    def door(self) -> str:
        """The address agents connect to; empty where the door is shut."""

    def agents(self) -> Sequence[AgentLine]: ...

    def groups(self) -> Sequence[Group]: ...

    def invite(self, actor: Actor, group: str, name: str) -> Invitation: ...

    def revoke(self, actor: Actor, agent: str) -> None: ...

    def move(self, actor: Actor, agent: str, group: str) -> None: ...

    def configure(self, actor: Actor, group: str, values: Mapping[str, str]) -> None:
        """``values`` as a form sends them: lists one item a line, numbers as text."""

    def zones(self) -> Sequence[Zone]: ...

    def paths(self) -> Sequence[ZonePath]: ...
