"""Told anew what to collect, an agent goes on behind what it was just handing over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.agent.agent import Agent, AgentSettings
from collectors.agent.channel import LocalChannel
from collectors.sources.reporting import Host
from infra.events.frame import Frame
from infra.spool import SpoolReader, SpoolWriter
from tests.unit.collectors.test_agent_delivery import until


async def test_what_is_on_its_way_to_the_disk_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, go_on, taken = asyncio.Event(), asyncio.Event(), SpoolWriter.accept

    async def slow(writer: SpoolWriter, frames: Sequence[Frame]) -> None:
        under_way.set()
        await go_on.wait()
        await taken(writer, frames)

    monkeypatch.setattr(SpoolWriter, "accept", slow)
    log = tmp_path / "app.log"
    log.write_text("one\ntwo\n")
    off = ("metrics", "inventory", "identity", "journal", "integrity")
    settings = AgentSettings(log_files=(str(log),), usual_files=False, off=off)
    agent = Agent(tmp_path / "spool", tmp_path / "state", LocalChannel(tmp_path / "none"), settings, Host("h1", ""))
    stop = asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    await asyncio.wait_for(under_way.wait(), 10)
    told = asyncio.create_task(agent.poll([]))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait_for(told, 10)
    with log.open("a") as file:
        file.write("three\n")
    await until(lambda: b"three" in b"".join(bodies(tmp_path / "spool")), 10)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert b"".join(bodies(tmp_path / "spool")).split() == [b"one", b"two", b"three"]


def bodies(spool: Path) -> list[bytes]:
    reader = SpoolReader(spool)
    found: list[bytes] = []
    while taken := reader.read():
        found += [bytes(frame.body) for frame, _ in taken if frame.source.endswith("app.log")]
    reader.close()
    return found
