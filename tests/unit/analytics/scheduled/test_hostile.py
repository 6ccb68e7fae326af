"""Hostile input: one entity with a million events, empty and constant hours, a clock that jumps."""

import os
import tracemalloc
from datetime import UTC, datetime, timedelta

from analytics.behaviour.activity import Activity
from analytics.behaviour.watch import Behaviour
from analytics.graph import relations as kept
from analytics.graph.relations import Relation, Relations
from analytics.scheduled.job import Job
from infra.store.query.tree import Window

DIFFERENT = 200_000 if os.environ.get("YAODUN_PROVE") == "full" else 10_000
START = datetime(2026, 11, 16, tzinfo=UTC)


def hour(number: int, loud: bool = False) -> list[Activity]:
    usual = [Activity(f"u{i}", "", {"host": {f"h{i % 7}": 3}}, {"events": 20.0 + i % 5}) for i in range(40)]
    if not loud:
        return usual
    hosts = {f"h{i}": 5 for i in range(DIFFERENT)}
    return [*usual[1:], Activity("u0", "", {"host": hosts}, {"events": 1_000_000.0})]


def test_an_entity_with_a_million_events_is_found_within_bounded_memory() -> None:
    behaviour = Behaviour(learn_windows=12)
    for number in range(20):
        behaviour.window(hour(number), START + timedelta(hours=number))
    tracemalloc.start()
    found = behaviour.window(hour(20, loud=True), START + timedelta(hours=20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0].entity == "u0"
    assert ("u0", "events") in {(one.entity, one.subject) for one in found if one.p < 1e-3}
    assert peak < 400 << 20
    assert all(len(one.value) < 10_000 for one in found)


def test_empty_and_constant_hours_say_nothing() -> None:
    behaviour = Behaviour(learn_windows=6)
    for number in range(30):
        one = [] if number % 3 == 0 else [Activity(f"u{i}", "", {}, {"events": 5.0}) for i in range(10)]
        assert [each for each in behaviour.window(one, START + timedelta(hours=number)) if each.p < 1e-4] == []


def test_a_clock_that_jumps_judges_no_window_twice_and_catches_up_at_most_its_history() -> None:
    judged: list[Window] = []
    job = Job("j", timedelta(hours=1), timedelta(hours=48), lambda window: judged.append(window) or [], timedelta(0))
    for moment in (0, 1, -30, 2, 24 * 400, 24 * 400 - 10, 24 * 400 + 1):
        job.run(START + timedelta(hours=moment))
    starts = [window.start for window in judged]
    assert len(starts) == len(set(starts))
    assert len(starts) <= 2 * 48 + 4


def test_relations_stay_bounded_and_the_newest_stay(monkeypatch) -> None:
    monkeypatch.setattr(kept, "MOST_RELATIONS", 2000)
    relations = Relations()
    for number in range(3000):
        relations.take(Relation.FLOW, f"a{number}", "b", 443, 1, START + timedelta(seconds=number))
    assert relations.forget(START - timedelta(days=1)) == 1000
    assert len(relations) == 2000
    assert next(iter(relations.of(Relation.FLOW)))[0] != "a0"
