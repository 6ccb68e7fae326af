"""A restart forgets nothing a correlation has seen, and time goes on where events do not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.rules.engine import Engine
from analytics.rules.memory import KEEP_S, Remembering
from analytics.rules.rule import RuleSet
from infra.events import Signal
from tests.unit.analytics.rules.workshop import ruleset_of

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
BASE = """
title: A failed login
id: 00000000-0000-4000-8000-000000000001
name: failed
logsource: {product: testing}
detection: {selection: {event.outcome: failure}, condition: selection}
level: low
"""
MANY = """
title: Many failed logins
id: 00000000-0000-4000-8000-000000000002
correlation:
    type: event_count
    rules: [failed]
    group-by: [source.ip]
    timespan: 5m
    condition: {gte: 5}
level: high
"""
FEW = MANY.replace("gte: 5", "lte: 2").replace("000002", "000003")


def failure(number: int) -> dict[str, Any]:
    """The n-th failed login, a second after the one before."""
    return {
        "event.module": "testing", "event.outcome": "failure", "source.ip": "192.0.2.9", "event.id": f"e{number}",
        "@timestamp": START + timedelta(seconds=number),
    }  # fmt: skip


def found(signals: Sequence[Signal], number: int) -> list[Signal]:
    """The signals of one of the rules above."""
    return [signal for signal in signals if signal.rule_id.endswith(f"{number}")]


def nothing(_: int) -> list[list[dict[str, Any]]]:
    """A store without news."""
    return []


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    """A rule, and what counts its hits."""
    (tmp_path / "rules").mkdir()
    return ruleset_of(tmp_path / "rules", BASE, MANY)


def test_a_count_goes_on_after_a_stop(rules: RuleSet, tmp_path: Path) -> None:
    before = Remembering(Engine(rules), tmp_path / "memory")
    assert not found(before.match([failure(n) for n in range(3)]), 2)
    before.keep(7, now=True)
    after = Remembering(Engine(rules), tmp_path / "memory")
    assert after.recall(nothing) == 1
    assert len(found(after.match([failure(3), failure(4)]), 2)) == 1


def test_what_came_after_the_last_keeping_is_taken_from_the_store(rules: RuleSet, tmp_path: Path) -> None:
    before = Remembering(Engine(rules), tmp_path / "memory")
    before.match([failure(0), failure(1)])
    before.keep(1234, now=True)
    before.match([failure(2), failure(3)])
    asked = []

    def stored(taken_ns: int) -> list[list[dict[str, Any]]]:
        asked.append(taken_ns)
        return [[failure(2)], [failure(3)]]

    after = Remembering(Engine(rules), tmp_path / "memory")
    after.recall(stored)
    assert asked == [1234]
    assert len(found(after.match([failure(4)]), 2)) == 1


def test_without_memory_the_count_starts_anew(rules: RuleSet, tmp_path: Path) -> None:
    first = Remembering(Engine(rules), tmp_path / "memory")
    assert first.recall(nothing) == 0
    assert not found(first.match([failure(3), failure(4)]), 2)


@pytest.mark.parametrize("damage", [b"", b"\xff\x00rubbish", b"\x92\x01\xc4\x03abc"])
def test_a_damaged_memory_is_left_aside(rules: RuleSet, tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "memory").write_bytes(damage)
    first = Remembering(Engine(rules), tmp_path / "memory")
    assert first.recall(nothing) == 0
    assert len(found(first.match([failure(n) for n in range(5)]), 2)) == 1


def test_the_state_is_kept_now_and_then(rules: RuleSet, tmp_path: Path) -> None:
    seconds = [0.0]
    engine = Remembering(Engine(rules), tmp_path / "memory", lambda: seconds[0])
    engine.keep(1)
    assert not (tmp_path / "memory").exists()
    seconds[0] += KEEP_S
    engine.keep(2)
    assert (tmp_path / "memory").exists()


def test_a_span_ends_although_nothing_comes(tmp_path: Path) -> None:
    seconds = [0.0]
    (tmp_path / "rules").mkdir()
    engine = Remembering(Engine(ruleset_of(tmp_path / "rules", BASE, FEW)), tmp_path / "memory", lambda: seconds[0])
    assert not found(engine.match([failure(0)]), 3)
    seconds[0] += 60
    assert not found(engine.match([]), 3)
    seconds[0] += 3600
    assert len(found(engine.match([]), 3)) == 1
