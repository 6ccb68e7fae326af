"""Correlations on hits in event time: every kind, the traps other engines fell into, bounds, restart, chains."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.rules.correlation import Correlator, Hit
from analytics.rules.engine import Engine
from analytics.rules.rule import RuleSet
from tests.unit.analytics.rules.workshop import ruleset_of

BASE = """
title: {name}
name: {name}
id: 00000000-0000-4000-8000-0000000000{number:02}
logsource: {{product: testing}}
detection: {{s: {{event.action: {name}}}, condition: s}}
level: low
"""
NAMES = ("a", "b", "c")


def correlation(body: str, number: int = 90, name: str = "found") -> str:
    lines = "\n".join(f"    {line.strip()}" for line in body.strip().splitlines())
    head = f"title: {name}\nname: {name}\nid: 00000000-0000-4000-8000-0000000000{number}\nlevel: high\n"
    return f"{head}correlation:\n{lines}\n"


def build(folder: Path, *bodies: str) -> RuleSet:
    bases = [BASE.format(name=name, number=number) for number, name in enumerate(NAMES)]
    extra = [body if body.startswith("title") else correlation(body, 90 + place) for place, body in enumerate(bodies)]
    ruleset = ruleset_of(folder, *bases, *extra)
    assert [str(failure) for failure in ruleset.failures] == []
    return ruleset


def hits(ruleset: RuleSet, *told: tuple[float, str, dict[str, Any]]) -> list[Hit]:
    numbers = {rule.name: number for number, rule in enumerate(ruleset.rules)}
    return [Hit(numbers[name], time, f"e{place}", fields) for place, (time, name, fields) in enumerate(told)]


def fired(ruleset: RuleSet, told: Sequence[Hit], *, end: float | None = None, **bounds: Any) -> list[tuple[float, str]]:
    """Time and group of everything that fired."""
    correlator = Correlator(ruleset, **bounds)
    found = [one for hit in told for one in correlator.feed(hit)]
    found += correlator.tick(end) if end is not None else []
    return [(one.time, ",".join(one.group.values())) for one in found]


COUNT = "type: event_count\nrules: [a]\ngroup-by: [user.name]\ntimespan: 10s\ncondition: {gte: 3}"


def users(ruleset: RuleSet, *times: float, user: Any = "u", name: str = "a") -> list[Hit]:
    return hits(ruleset, *((time, name, {"user.name": user}) for time in times))


def test_event_count_slides(tmp_path: Path) -> None:
    """A bucket per ten seconds would miss hits on both sides of its edge."""
    ruleset = build(tmp_path, COUNT)
    assert fired(ruleset, users(ruleset, 8, 9, 11)) == [(11, "u")]
    assert fired(ruleset, users(ruleset, 0, 5, 11)) == []


def test_window_is_never_longer_than_the_timespan(tmp_path: Path) -> None:
    """Hayabusa counted over more than the timeframe (its issue 1896)."""
    body = "type: value_count\nrules: [a]\ngroup-by: [host.name]\ntimespan: 10s\ncondition: {field: user.name, gte: 3}"
    ruleset = build(tmp_path, body)
    told = [(0, "x"), (6, "y"), (11, "z"), (17, "w")]
    assert fired(ruleset, hits(ruleset, *((t, "a", {"host.name": "h", "user.name": u}) for t, u in told))) == []


def test_temporal_keeps_groups_apart(tmp_path: Path) -> None:
    """Hayabusa let hits of different groups complete each other."""
    ruleset = build(tmp_path, "type: temporal\nrules: [a, b]\ngroup-by: [user.name]\ntimespan: 10s")
    one, two = {"user.name": "u"}, {"user.name": "v"}
    assert fired(ruleset, hits(ruleset, (1, "a", one), (2, "b", two))) == []
    assert fired(ruleset, hits(ruleset, (1, "b", one), (2, "a", one))) == [(2, "u")]


def test_temporal_ordered_keeps_the_order_beyond_the_first_rule(tmp_path: Path) -> None:
    """Hayabusa checked only that the first rule came first (its issue 1841)."""
    ruleset = build(tmp_path, "type: temporal_ordered\nrules: [a, b, c]\ngroup-by: [user.name]\ntimespan: 10s")
    user = {"user.name": "u"}
    assert fired(ruleset, hits(ruleset, (1, "a", user), (2, "c", user), (3, "b", user))) == []
    assert fired(ruleset, hits(ruleset, (1, "a", user), (2, "b", user), (3, "c", user))) == [(3, "u")]
    assert fired(ruleset, hits(ruleset, (1, "a", user), (9, "b", user), (12, "c", user))) == []
    restarted = hits(ruleset, (1, "a", user), (2, "a", user), (4, "b", user), (12, "c", user))
    assert fired(ruleset, restarted) == [(12, "u")]


def test_out_of_order_hits_count(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT)
    assert fired(ruleset, users(ruleset, 1, 9, 4)) == [(9, "u")]
    assert fired(ruleset, users(ruleset, 1, 2, 30, 3)) == [(3, "u")]


def test_hits_beyond_the_lateness_are_dropped_and_counted(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT)
    correlator = Correlator(ruleset, lateness_s=5)
    for hit in users(ruleset, 1, 2, 100, 3):
        assert correlator.feed(hit) == []
    assert correlator.dropped == 1


def test_fires_once_while_it_lasts_and_again_after(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT)
    assert fired(ruleset, users(ruleset, 1, 2, 3, 4, 5)) == [(3, "u")]
    assert fired(ruleset, users(ruleset, 1, 2, 3, 50, 51, 52)) == [(3, "u"), (52, "u")]
    assert [time for time, _ in fired(ruleset, users(ruleset, *range(1, 30)))] == [3, 13, 23]


def test_value_count_counts_each_value_once(tmp_path: Path) -> None:
    body = "type: value_count\nrules: [a]\ngroup-by: [host.name]\ntimespan: 10s\ncondition: {field: user.name, gte: 2}"
    ruleset = build(tmp_path, body)
    same = [(t, "a", {"host.name": "h", "user.name": "x"}) for t in range(5)]
    assert fired(ruleset, hits(ruleset, *same)) == []
    assert fired(ruleset, hits(ruleset, *same, (6, "a", {"host.name": "h", "user.name": ["x", "y"]}))) == [(6, "h")]


@pytest.mark.parametrize(
    ("kind", "condition", "wanted"),
    [
        ("value_sum", "{field: n, gte: 60}", [3]),
        ("value_avg", "{field: n, gt: 15}", [2]),
        ("value_median", "{field: n, gte: 20}", [3]),
        ("value_percentile", "{field: n, gte: 29, percentile: 95}", [3]),
    ],
)
def test_numbers(tmp_path: Path, kind: str, condition: str, wanted: list[float]) -> None:
    body = f"type: {kind}\nrules: [a]\ngroup-by: [host.name]\ntimespan: 10s\ncondition: {condition}"
    ruleset = build(tmp_path, body)
    values = [(1, "10"), (2, 22), (3, 30.0), (4, "none")]
    found = fired(ruleset, hits(ruleset, *((t, "a", {"host.name": "h", "n": n}) for t, n in values)))
    assert [time for time, _ in found] == wanted


def test_upper_bounds_wait_for_the_end_of_the_span(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT.replace("{gte: 3}", "{lt: 3}"))
    assert fired(ruleset, users(ruleset, 1, 2)) == []
    assert fired(ruleset, users(ruleset, 1, 2), end=200) == [(2, "u")]
    assert fired(ruleset, users(ruleset, 1, 2, 3), end=200) == []


def test_a_range(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT.replace("{gte: 3}", "{gte: 2, lte: 3}"))
    assert fired(ruleset, users(ruleset, 1, 2), end=200) == [(2, "u")]
    assert fired(ruleset, users(ruleset, 1, 2, 3, 4), end=200) == []
    assert fired(ruleset, users(ruleset, 1), end=200) == []


def test_extended_condition(tmp_path: Path) -> None:
    body = "type: temporal\ngroup-by: [user.name]\ntimespan: 10s\ncondition: (a or b) and not c"
    ruleset = build(tmp_path, body)
    user = {"user.name": "u"}
    assert fired(ruleset, hits(ruleset, (1, "b", user)), end=200) == [(1, "u")]
    assert fired(ruleset, hits(ruleset, (1, "b", user), (5, "c", user)), end=200) == []


def test_extended_condition_in_order(tmp_path: Path) -> None:
    body = "type: temporal_ordered\ngroup-by: [user.name]\ntimespan: 10s\ncondition: a and (b or c)"
    ruleset = build(tmp_path, body)
    user = {"user.name": "u"}
    assert fired(ruleset, hits(ruleset, (1, "a", user), (5, "c", user))) == [(5, "u")]
    assert fired(ruleset, hits(ruleset, (1, "c", user), (5, "a", user))) == []


def test_aliases(tmp_path: Path) -> None:
    body = """
    type: temporal
    rules: [a, b]
    group-by: [who]
    timespan: 10s
    aliases: {who: {a: user.name, b: user.target.name}}
    """
    ruleset = build(tmp_path, body)
    told = hits(ruleset, (1, "a", {"user.name": "u"}), (2, "b", {"user.target.name": "u", "user.name": "other"}))
    assert fired(ruleset, told) == [(2, "u")]


def test_chains_and_generate(tmp_path: Path) -> None:
    chain = correlation("type: temporal_ordered\nrules: [found, b]\ngroup-by: [user.name]\ntimespan: 1m", 95, "chain")
    ruleset = build(tmp_path, COUNT, chain)
    correlator = Correlator(ruleset)
    told = [*users(ruleset, 1, 2, 3), *users(ruleset, 20, name="b")]
    names = [ruleset.rules[one.correlation.rule].name for hit in told for one in correlator.feed(hit)]
    assert names == ["found", "chain"]
    hidden = {rule.name for rule in ruleset.rules if rule.hidden}
    assert hidden == {"a", "b", "found"}


def test_generate_lets_referenced_rules_speak(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT + "\ngenerate: true")
    assert not any(rule.hidden for rule in ruleset.rules)


def test_without_group_all_hits_are_one_group(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT.replace("group-by: [user.name]\n", ""))
    assert fired(ruleset, [*users(ruleset, 1, user="x"), *users(ruleset, 2, user="y"), *users(ruleset, 3)]) == [(3, "")]


def test_hits_without_the_group_field_are_left_out(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT)
    assert fired(ruleset, hits(ruleset, *((t, "a", {}) for t in range(5)))) == []


def test_groups_are_bounded_and_evictions_counted(tmp_path: Path) -> None:
    ruleset = build(tmp_path, COUNT)
    correlator = Correlator(ruleset, max_groups=10)
    for number in range(25):
        for hit in users(ruleset, number, user=f"u{number}"):
            correlator.feed(hit)
    assert correlator.groups == 10
    assert correlator.evicted == 15


def test_state_survives_a_restart_and_other_numbers(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    before = build(tmp_path / "one", COUNT)
    first = Correlator(before)
    for hit in users(before, 1, 2):
        assert first.feed(hit) == []
    after = ruleset_of(
        tmp_path / "two",
        BASE.format(name="zz", number=77),
        *(BASE.format(name=name, number=number) for number, name in enumerate(NAMES)),
        correlation(COUNT, 90),
    )
    second = Correlator(after)
    assert second.restore(first.state()) == 1
    assert [one.time for hit in users(after, 3) for one in second.feed(hit)] == [3]


def test_changed_correlations_start_afresh(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    before, after = build(tmp_path / "one", COUNT), build(tmp_path / "two", COUNT.replace("10s", "20s"))
    first = Correlator(before)
    for hit in users(before, 1, 2):
        first.feed(hit)
    assert Correlator(after).restore(first.state()) == 0


@settings(max_examples=60, deadline=None)
@given(
    times=st.lists(st.integers(0, 60), min_size=1, max_size=30),
    seed=st.integers(0, 1_000),
    threshold=st.integers(2, 5),
)
def test_whether_it_fires_does_not_depend_on_the_order(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], seed: int, threshold: int
) -> None:
    """Against the plain definition: some window of the span holds enough hits."""
    ruleset = build(tmp_path_factory.mktemp("r"), COUNT.replace("gte: 3", f"gte: {threshold}"))
    shuffled = list(times)
    random.Random(seed).shuffle(shuffled)
    wanted = any(sum(start <= time <= start + 10 for time in times) >= threshold for start in times)
    assert bool(fired(ruleset, users(ruleset, *shuffled))) == wanted


@pytest.mark.parametrize("alike", [False, True])
def test_the_signal_names_the_system_and_asset_of_the_event_that_made_it_come_true(tmp_path: Path, alike: bool) -> None:
    engine = Engine(build(tmp_path, COUNT))
    start = datetime(2026, 11, 25, tzinfo=UTC)
    events = [
        {
            "@timestamp": start + timedelta(seconds=number),
            "event.id": f"e{number}",
            "event.module": "testing",
            "event.action": "a",
            "user.name": "u",
            "yaodun.system": "portal",
            "yaodun.asset": f"host-{number}",
        }
        for number in range(3)
    ]
    found = [signal for signal in engine.match(events, [0, 0, 0] if alike else None) if signal.rule_name == "found"]
    assert [(one.system, one.asset) for one in found] == [("portal", "host-2")]
