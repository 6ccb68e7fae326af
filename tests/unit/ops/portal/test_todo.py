"""What waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from infra.exchange import Level, Todo
from infra.web.seams import Actor
from ops.portal import Portal

NOW = datetime(2026, 11, 18, tzinfo=UTC)
ANALYST = Actor(id="u", name="analyst")


def todo(name: str, hours: float | None, level: Level = Level.LOW) -> Todo:
    due = NOW + timedelta(hours=hours) if hours is not None else None
    return Todo(name, name, None, due, level, f"/ui/{name}", "ops")


class Given:
    def __init__(self, *todos: Todo) -> None:
        self._todos = todos

    def todos(self, actor: Actor) -> Sequence[Todo]:
        return self._todos


class Broken:
    def todos(self, actor: Actor) -> Sequence[Todo]:
        raise OSError("database away")


def test_the_most_urgent_comes_first_and_what_has_no_date_last() -> None:
    portal = Portal([Given(todo("someday", None, Level.CRITICAL), todo("later", 5)), Given(todo("overdue", -1))])
    assert [item.id for item in portal.todos(ANALYST)] == ["overdue", "later", "someday"]


def test_of_two_with_one_date_the_graver_comes_first() -> None:
    portal = Portal([Given(todo("small", 1), todo("grave", 1, Level.HIGH))])
    assert [item.id for item in portal.todos(ANALYST)] == ["grave", "small"]


def test_a_broken_source_takes_nothing_else_away() -> None:
    assert [item.id for item in Portal([Broken(), Given(todo("kept", 1))]).todos(ANALYST)] == ["kept"]
