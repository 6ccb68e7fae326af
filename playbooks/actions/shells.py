"""bash on this host, and what all shells do about attempts that were cut off."""

from __future__ import annotations

from playbooks.actions.commands import Ended, Host
from playbooks.engine.orders import Order, Outcome, Seen
from playbooks.model.guard import Certainty, Effect


class Probing:
    """What every kind of shell does about attempts that were cut off: the playbook's own probe, or a person."""

    def certainty(self, order: Order) -> Certainty:
        """As the guard rails say; a probe that is written down is used."""
        if order.certainty is not None:
            return order.certainty
        return Certainty.PROBE if order.probe else Certainty.NONE

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What is declared; else a command nobody can take back."""
        place = order.target.name if order.target else order.agent.name
        return order.effects or (Effect("command", place),)


def seen_of(code: int | None) -> Seen:
    """A probe says 0 for there, 1 for not there."""
    return {0: Seen.DONE, 1: Seen.ABSENT}.get(code if code is not None else -1, Seen.UNKNOWN)


class Bash(Probing):
    """Scripts on this host."""

    def __init__(self, host: Host | None = None) -> None:
        self._host = host or Host()

    def act(self, order: Order) -> Outcome:
        """Run the script."""
        return self._run(order.text, order.timeout_s).outcome()

    def probe(self, order: Order) -> Seen:
        """Run the probe."""
        return seen_of(self._run(order.probe, order.timeout_s).code) if order.probe else Seen.UNKNOWN

    def _run(self, script: str, timeout_s: float) -> Ended:
        return self._host.run(["bash", "--noprofile", "--norc", "-s"], timeout_s=timeout_s, text=script)


class Manual(Probing):
    """A task for a person never comes here while a run is live; it is a wait of the engine."""

    def act(self, order: Order) -> Outcome:
        """Refused."""
        return Outcome(ok=False, reason="a manual task is done by a person")

    def probe(self, order: Order) -> Seen:
        """Nobody knows but the person."""
        return Seen.UNKNOWN

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What is declared; the platform itself changes nothing."""
        return order.effects
