"""The loop of pollers: a frame for each look that found something, the next look in time, a failure ends it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from collectors.pollers.looking import keep_looking
from collectors.sources.reporting import Host, Reporter
from collectors.sources.seams import SourceState
from infra.events.stream import Event
from tests.unit.collectors.sinks import KeepingSink


async def test_looks_go_on_until_one_fails_and_empty_ones_send_nothing() -> None:
    reporter, sink = Reporter(Host("a", "0" * 32), "cloud"), KeepingSink()
    answers: list[list[Event]] = [[{"n": 1}], [], [{"n": 2}, {"n": 3}]]

    async def look() -> list[Event]:
        if not answers:
            raise ConnectionError("away")
        return answers.pop(0)

    with pytest.raises(ConnectionError):
        async with asyncio.timeout(10):
            await keep_looking(reporter, sink, look, 0.0)
    assert [msgspec.msgpack.decode(frame.body) for frame in sink.frames] == [[{"n": 1}], [{"n": 2}, {"n": 3}]]
    assert reporter.status.state is SourceState.RUNNING
