"""The agent killed with SIGKILL amid its work, and ingest too: every line of a log arrives exactly once, in order."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

import pytest

from collectors.places import Places
from collectors.receivers.agent_socket import AgentSocketReceiver
from infra.home import Home
from infra.spool import Limits, SpoolReader, SpoolWriter

pytestmark = pytest.mark.faults
FULL = os.environ.get("YAODUN_PROVE") == "full"
KILLS = 40 if FULL else 5
LINES_A_ROUND = 4_000


class Ingest:
    """Ingest's door over a real spool."""

    def __init__(self, home: Home) -> None:
        limits = Limits(total=512 << 20, segment=8 << 20, reserve=0)
        self.writer = SpoolWriter(home.ingest_spool, limits)
        self.places = Places(self.writer, home.ingest_spool, home.state / "ingest-places.json")
        self.receiver = AgentSocketReceiver(home.run / "agent.sock", self.places)

    async def start(self) -> None:
        await self.receiver.start(self.places)

    async def crash(self) -> None:
        """Leaves everything as a kill would: the file of places keeps what it held a second ago."""
        self.places.save = lambda: None  # type: ignore[method-assign]
        await self.receiver.stop()
        await self.places.settle()
        self.writer.close()


async def start_agent(home: Home, log: Path) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "YAODUN_AGENT__LOG_FILES": json.dumps([str(log)]),
        "YAODUN_AGENT__INTERVAL_S": "3600",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "yaodun", "run", "agent", "--home", str(home.root), env=environment
    )


def arrived(home: Home, log: Path) -> list[int]:
    """Numbers of the lines of ``log`` in ingest's spool, in order of arrival."""
    reader = SpoolReader(home.ingest_spool)
    numbers: list[int] = []
    while taken := reader.read():
        for frame, _ in taken:
            if frame.meta.get("path") == str(log):
                numbers += [int(line.split()[1]) for line in frame.body.splitlines()]
    reader.close()
    return numbers


async def all_arrived(home: Home, log: Path, written: int) -> None:
    """Wait for ``written`` lines; ``TimeoutError`` where nothing arrives for a minute."""
    there = -1
    while (now := len(arrived(home, log))) < written:
        async with asyncio.timeout(60):
            while now == len(arrived(home, log)):
                await asyncio.sleep(0.5)
        assert now > there
        there = now


async def test_killed_agent_and_killed_ingest_lose_and_double_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    log = tmp_path / "app.log"
    chance = random.Random(11)
    ingest = Ingest(home)
    await ingest.start()
    written = 0
    log.touch()
    for round_ in range(KILLS):
        agent = await start_agent(home, log)
        for _ in range(20):
            with log.open("a") as file:
                file.writelines(
                    f"line {number} of this log\n" for number in range(written, written + LINES_A_ROUND // 20)
                )
            written += LINES_A_ROUND // 20
            await asyncio.sleep(0.05 + chance.random() * 0.05)
        if round_ % 2:
            await ingest.crash()
            ingest = Ingest(home)
            await ingest.start()
        agent.send_signal(signal.SIGKILL)
        await agent.wait()
    agent = await start_agent(home, log)
    try:
        await all_arrived(home, log, written)
    finally:
        agent.send_signal(signal.SIGTERM)
        await agent.wait()
        await ingest.receiver.stop()
        ingest.writer.close()
    assert arrived(home, log) == list(range(written))
