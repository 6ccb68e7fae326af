"""Names in words: people, systems, levels, states, dimensions, detectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from infra.text import say
from ops.alerts.naming import rule_words


class Names:
    """Turns ids into what a person reads. ``people`` and ``systems`` give name by id, asked each time."""

    def __init__(self, people: Callable[[], Mapping[str, str]], systems: Callable[[], Mapping[str, str]]) -> None:
        self._people, self._systems = people, systems

    def person(self, account: str) -> str:
        """Display name of an account; the id itself where it is unknown."""
        return self._people().get(account, account) if account else ""

    def system(self, system: str) -> str:
        """Name of a business system."""
        return self._systems().get(system, system) if system else ""

    def rule(self, rule_id: str, name: str) -> str:
        """Name of a rule in the viewer's language; the title its author gave it where we have no other."""
        return rule_words(rule_id, name)

    def facet(self, name: str, value: str) -> str:
        """A facet's value in words."""
        if name == "owner":
            return self.person(value) or say("yaodun.facet.unassigned")
        if name == "system":
            return self.system(value) or say("yaodun.facet.no_system")
        return say(f"yaodun.facet.{name}.{value}")
