"""The muster: who may deliver and what each is told, answered from memory; kept fresh by the feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collectors.fleet.fleet import TOPIC, Fleet
from infra.feed import Feed


@dataclass(frozen=True, slots=True)
class Member:
    """An agent that may deliver, with the order of its group: version and signed bytes."""

    id: str
    name: str
    group: str
    version: int = 0
    order: bytes = b""


class Muster:
    """Answers without waiting. ``changed`` is called after each refresh, on the thread that refreshed."""

    def __init__(self, fleet: Fleet, changed: Callable[[], None] = lambda: None) -> None:
        self._fleet = fleet
        self.changed = changed
        self._members: dict[str, tuple[Member, frozenset[str]]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take the fleet as it is now."""
        orders = self._fleet.orders()
        self._members = {
            agent.id: (
                Member(agent.id, agent.name, agent.group, *orders.get(agent.group, (0, b""))),
                frozenset((agent.serial, agent.previous)) - {""},
            )
            for agent in self._fleet.agents()
            if agent.revoked is None
        }
        self.changed()

    def listen(self, feed: Feed) -> Callable[[], None]:
        """Refresh whenever the feed tells of agents; the answer ends it."""
        return feed.subscribe([TOPIC], lambda notice: self.refresh())

    def member(self, agent: str) -> Member | None:
        """The agent, where it may deliver."""
        found = self._members.get(agent)
        return found[0] if found else None

    def admit(self, agent: str, serial: str) -> Member | None:
        """The agent that showed the certificate with ``serial``, where both are good."""
        found = self._members.get(agent)
        return found[0] if found and serial in found[1] else None
