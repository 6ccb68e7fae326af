"""A source that stops is told once, and told again when it is heard; how long it may be quiet is its own habit."""

from __future__ import annotations

import asyncio
from pathlib import Path

from collectors.silence import SilenceWatch
from infra.store.seams import SourceCount
from tests.unit.collectors.sinks import KeepingSink

MINUTE = 60 * 1_000_000_000


class World:
    """Counts of a store and a clock, both moved by the test."""

    def __init__(self, path: Path) -> None:
        self.now = 1_795_565_000_000_000_000
        self.newest: dict[str, int] = {}
        self.path = path

    def counts(self) -> dict[str, SourceCount]:
        return {source: SourceCount(newest_ns=newest) for source, newest in self.newest.items()}

    def watch(self, look_s: float = 30.0) -> SilenceWatch:
        return SilenceWatch(self.counts, self.path, lambda: self.now, look_s)

    def deliver(self, source: str, after_minutes: int) -> None:
        self.now += after_minutes * MINUTE
        self.newest[source] = self.now


def actions(watch: SilenceWatch) -> list[tuple[str, str]]:
    return [(event["event.action"], event["yaodun.silence.source"]) for event in watch.look()]


def test_a_regular_source_that_stops_is_told_once(tmp_path: Path) -> None:
    world = World(tmp_path / "s.json")
    watch = world.watch()
    for _ in range(6):
        world.deliver("web1", 1)
        assert actions(watch) == []
    world.now += 14 * MINUTE
    assert actions(watch) == []
    world.now += 2 * MINUTE
    assert actions(watch) == [("source-silent", "web1")]
    assert watch.silent() == {"web1"}
    world.now += 60 * MINUTE
    assert actions(watch) == []
    world.deliver("web1", 1)
    assert actions(watch) == [("source-heard", "web1")]
    assert watch.silent() == set()


def test_a_source_that_speaks_once_an_hour_is_given_its_time(tmp_path: Path) -> None:
    world = World(tmp_path / "s.json")
    watch = world.watch()
    for _ in range(5):
        world.deliver("cron", 60)
        assert actions(watch) == []
    world.now += 110 * MINUTE
    assert actions(watch) == []
    world.now += 15 * MINUTE
    assert actions(watch) == [("source-silent", "cron")]


def test_replays_and_newcomers_are_not_missed(tmp_path: Path) -> None:
    world = World(tmp_path / "s.json")
    watch = world.watch()
    world.deliver("replay:x", 1)
    world.deliver("new", 1)
    assert actions(watch) == []
    world.now += 3_000 * MINUTE
    assert actions(watch) == []


async def test_it_delivers_and_remembers_across_restarts(tmp_path: Path) -> None:
    world = World(tmp_path / "s.json")
    watch = world.watch()
    for _ in range(5):
        world.deliver("web1", 1)
        watch.look()
    sink = KeepingSink()
    running = world.watch(look_s=0.01)
    running._known = watch._known
    await running.start(sink)
    world.now += 20 * MINUTE
    await sink.until(1)
    async with asyncio.timeout(5):
        while not world.path.exists() or b'"silent":true' not in world.path.read_bytes():
            await asyncio.sleep(0.01)
    await running.stop()
    (event,) = sink.parsed()
    assert event.document["event.action"] == "source-silent"
    assert world.watch().silent() == {"web1"}
