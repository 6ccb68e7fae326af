"""Silent sources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from yaodun.silence import silence_signals

NOW = datetime(2026, 11, 18, tzinfo=UTC)


def row(name: str, *, silent: bool, available: bool = True, last: str = "2026-11-17T00:00:00Z") -> dict[str, Any]:
    return {"id": name, "silent": silent, "available": available, "last_seen": last, "received": 3}


def test_only_what_was_heard_and_is_silent_signals() -> None:
    rows = [row("a", silent=True), row("b", silent=False), row("c", silent=True, available=False)]
    assert [signal.entity_value for signal in silence_signals(rows, NOW)] == ["a"]


def test_one_silence_is_one_signal_and_the_next_another() -> None:
    (first,) = silence_signals([row("a", silent=True)], NOW)
    (again,) = silence_signals([row("a", silent=True)], NOW + timedelta(hours=1))
    (later,) = silence_signals([row("a", silent=True, last="2026-11-19T00:00:00Z")], NOW)
    assert first.id == again.id
    assert later.id != first.id
