"""What a run needs to go on: acts to be done, things to wait for, playbooks to call."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from playbooks.engine.orders import Order
from playbooks.model.guard import Approval


class WaitKind(StrEnum):
    """What a run can wait for."""

    TIMER = "timer"
    MANUAL = "manual"
    DECISION = "decision"
    APPROVAL = "approval"
    QUESTION = "question"
    CHILD = "child"
    DEADLINE = "deadline"
    RETRY = "retry"


@dataclass(slots=True)
class Act:
    """An order to carry out for a token."""

    token: str
    order: Order


@dataclass(slots=True)
class Wait:
    """Something to wait for; ``after_s`` is when it is over by itself (None: never)."""

    token: str
    kind: WaitKind
    gate: str
    question: str = ""
    after_s: float | None = None
    choices: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    approval: Approval | None = None


@dataclass(slots=True)
class Call:
    """A playbook to run as a step."""

    token: str
    playbook: str
    version: str
    inputs: dict[str, str | None]
    timeout_s: float | None = None


@dataclass(slots=True)
class Needs:
    """What is needed to go on."""

    acts: list[Act] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
