"""The position of a run: its tokens, its scopes, what became of each step. It is kept as one value in the run's row."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    WAITING = "waiting"
    ATTENTION = "attention"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled-back"


ENDED = frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED, RunState.ROLLED_BACK})


class At(StrEnum):
    """What a token is doing."""

    READY = "ready"
    ACTING = "acting"
    WAITING = "waiting"
    JOINING = "joining"


class StepState(StrEnum):
    """What became of a step so far."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    UNDONE = "undone"


class Cell(msgspec.Struct):
    """A variable in a scope."""

    value: str | None
    type: str = "string"
    constant: bool = False


class Token(msgspec.Struct, omit_defaults=True):
    """A point of control. ``scopes`` names the scopes it sees, innermost first."""

    id: str
    step: str
    at: At = At.READY
    parent: str = ""
    scopes: list[str] = []
    unit: int = 0
    tries: int = 0
    turns: int = 0
    children: int = 0
    failed: str = ""
    passed: list[str] = []
    answers: dict[str, str] = {}
    alone: bool = False
    deadline: float = 0.0


class Undo(msgspec.Struct):
    """One thing to take back: an attempt of our own action, or a rollback step."""

    attempt: str = ""
    step: str = ""


class Position(msgspec.Struct, omit_defaults=True):
    """Everything an interpreter needs to go on."""

    tokens: dict[str, Token] = {}
    scopes: dict[str, dict[str, Cell]] = {}
    steps: dict[str, StepState] = {}
    serial: int = 0
    moves: int = 0
    failure: str = ""
    excepted: bool = False
    cancelled: bool = False
    rolling: bool = False
    undo: list[Undo] = []
    broken: Token | None = None

    def new_id(self) -> str:
        """A name for a token or attempt, never used twice in a run."""
        self.serial += 1
        return f"t{self.serial}"


_DECODER = msgspec.json.Decoder(Position)
_ENCODER = msgspec.json.Encoder()


def pack(position: Position) -> str:
    """The position as text for the run's row."""
    return _ENCODER.encode(position).decode()


def unpack(text: str) -> Position:
    """The position of a row."""
    return _DECODER.decode(text)


def plain(value: Any) -> Any:
    """A struct as JSON values."""
    return msgspec.to_builtins(value)
