"""What the last judgement of the business found: written by the worker, read by posture and pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from analytics.systems.health import SystemHealth
from analytics.systems.numbers import Summary
from infra.durable import replace_file


class BusinessState(msgspec.Struct, frozen=True):
    """``judged`` None: never."""

    judged: datetime | None = None
    summary: Summary | None = None
    systems: tuple[SystemHealth, ...] = ()

    def renewed(self, judged: datetime, summary: Summary, systems: tuple[SystemHealth, ...]) -> BusinessState:
        """The state after another judgement."""
        return BusinessState(judged, summary, systems)


def read_state(state: Path) -> BusinessState:
    """The last state; an empty one where there is none or it cannot be read."""
    try:
        return msgspec.json.decode((state / "business.json").read_bytes(), type=BusinessState)
    except (OSError, msgspec.MsgspecError):
        return BusinessState()


def write_state(state: Path, found: BusinessState) -> None:
    """Put the new state in place at once."""
    state.mkdir(parents=True, exist_ok=True)
    replace_file(state / "business.json", msgspec.json.encode(found))
