"""Agents, groups and zones as the pages see them, over the fleet, its presence and the store's counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from collectors.fleet.configuration import Configuration
from collectors.fleet.nouns import Agent, Group
from collectors.fleet.presence import PRESENCE, Present, read_presence
from dashboards.rooms.fleet import AgentLine, Invitation
from infra.errors import AppError, ErrorKind
from infra.register.zones import Zone, ZonePath
from infra.store.seams import EventStore, SourceCount
from infra.web.seams import Actor
from yaodun.site import Site

LISTS = ("log_files", "watched_files", "off")
NUMBERS = ("interval_s", "inventory_interval_s", "bandwidth_kib_s")
LATELY_S = 30.0
"""Records on their way: the two accounts are compared only when an agent has been quiet for so long."""


class FleetRoom:
    """Implements ``dashboards.rooms.fleet.Fleet``."""

    def __init__(self, site: Site, store: EventStore) -> None:
        self._site, self._store = site, store

    @property
    def door(self) -> str:
        """Where agents connect."""
        return self._site.settings.ingest.agents_listen

    def agents(self) -> Sequence[AgentLine]:
        """Every agent, those that are away and revoked too."""
        presence, counts = read_presence(self._site.home.state / PRESENCE), self._store.counts()
        versions = {group.id: group.version for group in self._site.fleet.groups()}
        return [_line(agent, presence.get(agent.id), versions.get(agent.group, 0), counts)
                for agent in self._site.fleet.agents()]  # fmt: skip

    def groups(self) -> Sequence[Group]:
        """All groups."""
        return self._site.fleet.groups()

    def invite(self, actor: Actor, group: str, name: str) -> Invitation:
        """A one-time token in the words that use it."""
        made = self._site.fleet.create_enrolment(actor, group=group or "default", name=name)
        command = f"yaodun run agent --server {self.door or 'HOST:PORT'} --enrol {made.token}"
        return Invitation(command, made.enrolment.expires)

    def revoke(self, actor: Actor, agent: str) -> None:
        """End an agent."""
        self._site.fleet.revoke(actor, agent)

    def move(self, actor: Actor, agent: str, group: str) -> None:
        """Let it follow another group."""
        self._site.fleet.move(actor, agent, group)

    def configure(self, actor: Actor, group: str, values: Mapping[str, str]) -> None:
        """Tell a group what to collect."""
        self._site.fleet.configure(actor, group, lambda told: read_form(values, told))

    def zones(self) -> Sequence[Zone]:
        """Zones of the network."""
        return self._site.zones.zones()

    def paths(self) -> Sequence[ZonePath]:
        """Paths seen between them."""
        return self._site.zones.paths()


def read_form(values: Mapping[str, str], told: Configuration | None = None) -> Configuration:
    """The configuration a form describes; what it does not speak of stays as ``told``. ``AppError(INVALID)`` names the
    field."""
    tree: dict[str, Any] = msgspec.to_builtins(told or Configuration())
    tree |= {name: [line.strip() for line in values.get(name, "").splitlines() if line.strip()] for name in LISTS}
    tree |= {name: values[name].strip() for name in NUMBERS if values.get(name, "").strip()}
    try:
        return msgspec.convert(tree, Configuration, strict=False)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "configuration"
        raise AppError(
            ErrorKind.INVALID, "collectors.fleet.configuration_wrong", place=place, problem=problem[:200]
        ) from None


def _line(agent: Agent, present: Present | None, version: int, counts: Mapping[str, SourceCount]) -> AgentLine:
    found = present or Present(agent.name)
    state = "revoked" if agent.revoked else "connected" if found.connected else "away"
    return AgentLine(
        id=agent.id, name=agent.name, group=agent.group, host=agent.host, state=state, version=found.software,
        last_seen=datetime.fromtimestamp(found.last_ns / 1e9, UTC) if found.last_ns else None,
        lag_bytes=found.lag_bytes, skew_ms=found.skew_ms, current=found.configuration >= version,
        expires=agent.expires, sources=tuple(found.sources), handed=sum(found.handed.values()),
        differs=_differs(found, counts) if found.handed else None,
    )  # fmt: skip


def _differs(found: Present, counts: Mapping[str, SourceCount]) -> int:
    """Records the agent says it handed over and the platform never received."""
    none = SourceCount()
    return sum(max(0, count - counts.get(source, none).received) for source, count in found.handed.items())
