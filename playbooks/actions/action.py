"""Our own actions: ``yaodun-action`` commands such as ``block-address 192.0.2.7 60``.

Each action can be probed and, where it says so, undone; so a crash never makes it happen twice and a rollback takes it
back. The words of a command are split before values are put in, so that a value is always one word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from infra.errors import AppError, ErrorKind
from playbooks.engine.orders import Order, Outcome, Seen
from playbooks.model.guard import Certainty, Effect

Words = tuple[str, ...]
Before = Mapping[str, Any]


class Action(Protocol):
    """One action. ``words`` are its arguments without its own name. Bad ones raise ``AppError(INVALID)``."""

    name: str
    usage: str

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """What it would change. Also the check of the arguments."""
        ...

    def act(self, words: Words, key: str) -> Outcome:
        """Do it; ``before`` of the outcome is what ``undo`` needs."""
        ...

    def probe(self, words: Words, key: str) -> Seen:
        """Is the effect there?"""
        ...

    def undo(self, words: Words, before: Before) -> Outcome:
        """Take it back; success where there is nothing to take back."""
        ...


class Actions:
    """The actuator of ``yaodun-action``."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self.known = {action.name: action for action in actions}

    def certainty(self, order: Order) -> Certainty:
        """Every action has a probe."""
        return Certainty.PROBE

    def act(self, order: Order) -> Outcome:
        """Do, or take back."""
        action, words = self._find(order)
        if order.undo:
            return action.undo(words, order.before)
        action.effects(words)
        return action.act(words, order.key)

    def probe(self, order: Order) -> Seen:
        """Look."""
        action, words = self._find(order)
        return action.probe(words, order.key.removesuffix(":undo"))

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What is declared, and what the action itself says."""
        action, words = self._find(order)
        return action.effects(words)

    def _find(self, order: Order) -> tuple[Action, Words]:
        name = order.words[0] if order.words else ""
        action = self.known.get(name)
        if action is None:
            known = ", ".join(sorted(self.known))
            raise AppError(ErrorKind.INVALID, "playbooks.act.no_action", place=name[:40] or "—", known=known)
        return action, order.words[1:]


def usage(action: Action, word: str = "") -> AppError:
    """The error of wrong arguments."""
    return AppError(ErrorKind.INVALID, "playbooks.act.usage", place=word[:80] or action.name, usage=action.usage)


DONE = Outcome(ok=True)
