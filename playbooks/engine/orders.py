"""What is to be done (an order), what came of it (an outcome), and the seam of those who do it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol

import msgspec

from playbooks.model.guard import Certainty, Effect
from playbooks.model.playbook import Party


class Order(msgspec.Struct, frozen=True):
    """One command for one target, complete: it can be carried out, probed and undone without the playbook.

    ``text`` and ``body`` have the values of variables in them, each put in so that it cannot become code.
    ``secret`` is the name of a secret, never the secret.
    """

    key: str
    run: str
    step: str
    kind: str
    text: str = ""
    body: str = ""
    words: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    agent: Party = Party("individual")
    target: Party | None = None
    secret: str = ""
    username: str = ""
    timeout_s: float = 60.0
    probe: str = ""
    certainty: Certainty | None = None
    effects: tuple[Effect, ...] = ()
    undo: bool = False
    before: dict[str, Any] = {}


class Outcome(msgspec.Struct, frozen=True):
    """What came of an order. ``output`` holds stdout, stderr, exit_code, status, headers, body as far as there are
    such; ``before`` is what an undo needs."""

    ok: bool
    output: dict[str, Any] = {}
    reason: str = ""
    before: dict[str, Any] = {}


class Seen(StrEnum):
    """What a probe saw at the target."""

    DONE = "done"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Actuator(Protocol):
    """Carries out one kind of command. It must end within ``order.timeout_s`` and may raise: that is a failure."""

    def certainty(self, order: Order) -> Certainty:
        """How an attempt that was cut off is settled."""
        ...

    def act(self, order: Order) -> Outcome:
        """Do it."""
        ...

    def probe(self, order: Order) -> Seen:
        """Is the effect there? Changes nothing."""
        ...

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What it would change, for the dry run; nothing for commands that only read."""
        ...


MAX_OUTPUT = 64 * 1024
"""Characters of an output that are kept."""


def clipped(text: str) -> str:
    """An output short enough to keep; the cut is visible."""
    return text if len(text) <= MAX_OUTPUT else text[:MAX_OUTPUT] + f"\n… {len(text) - MAX_OUTPUT} more characters"
