"""Agents on other hosts, as real processes over mutual TLS: killed, cut, revoked; both ledgers agree exactly."""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path

import pytest

from collectors.fleet.configuration import Configuration
from tests.agents import OPERATOR, BadLine, Ground, RealAgent, both, until

pytestmark = pytest.mark.faults
FULL = os.environ.get("YAODUN_PROVE") == "full"
AGENTS, ROUNDS, LINES = (20, 10, 1_000) if FULL else (3, 3, 500)


async def test_killed_agents_killed_ingest_and_a_bad_line_lose_and_double_nothing(tmp_path: Path) -> None:
    ground, chance = Ground(tmp_path / "ground"), random.Random(5)
    await ground.start()
    line = BadLine(lambda: ground.port, seed=7, mean_bytes=60_000)
    await line.start()
    agents = [RealAgent(tmp_path / f"a{n}", f"127.0.0.1:{line.port}", ground.token()) for n in range(AGENTS)]
    for agent in agents:
        await agent.start()
    await until(lambda: len(ground.fleet.agents()) == AGENTS, 120)
    try:
        for round_ in range(ROUNDS):
            for _ in range(10):
                for agent in agents:
                    agent.write(LINES // 10)
                await asyncio.sleep(chance.random() * 0.1)
            if round_ % 2:
                await ground.crash()
                await ground.start()
            victim = chance.choice(agents)
            await victim.end(hard=True)
            await victim.start()
        line.calm = True
        wanted = [list(range(agent.written)) for agent in agents]
        await until(lambda: sorted(map(len, ground.lines(agents[0].log).values())) == sorted(map(len, wanted)), 90, 0.5)
    finally:
        await asyncio.gather(*(agent.end() for agent in agents))
        await line.stop()
    assert list(ground.lines(agents[0].log).values()) == wanted
    said, taken = both(agents, ground)
    await ground.close()
    assert line.cuts > 0
    assert said == taken


async def test_a_revoked_agent_is_cut_off_within_five_seconds_and_stays_out(tmp_path: Path) -> None:
    ground = Ground(tmp_path / "ground")
    await ground.start()
    agent = RealAgent(tmp_path / "a", f"127.0.0.1:{ground.port}", ground.token(name="web-7"))
    await agent.start()
    try:
        agent.write(10)
        await until(lambda: any(source.startswith("web-7/") for source in ground.ledger()), 60)
        (present,) = ground.presence.agents.values()
        assert present.connected
        began = time.monotonic()
        ground.fleet.revoke(OPERATOR, "web-7")
        await until(lambda: not present.connected, 5)
        assert time.monotonic() - began < 5
        before = ground.ledger()
        agent.write(10)
        await asyncio.sleep(1.5)
        assert ground.ledger() == before
    finally:
        await agent.end()
        await ground.close()


async def test_a_group_is_told_what_to_collect_and_a_restart_remembers_it(tmp_path: Path) -> None:
    ground = Ground(tmp_path / "ground")
    await ground.start()
    agent = RealAgent(tmp_path / "a", f"127.0.0.1:{ground.port}", ground.token(group="edge"))
    extra = tmp_path / "a" / "extra.log"
    extra.touch()
    told = Configuration(log_files=(str(extra),), off=("inventory",), bandwidth_kib_s=500)
    version = ground.fleet.configure(OPERATOR, "edge", told).version
    await agent.start()
    try:
        await until(lambda: [one.configuration for one in ground.presence.agents.values()] == [version], 60)
        await until(lambda: "inventory" not in str(next(iter(ground.presence.agents.values())).sources), 30)
        extra.write_text("line 0 of the other log\n")
        await until(lambda: ground.lines(extra), 30)
        await agent.end(hard=True)
        await agent.start()
        with extra.open("a") as file:
            file.write("line 1 of the other log\n")
        await until(lambda: list(ground.lines(extra).values()) == [[0, 1]], 60)
    finally:
        await agent.end()
        await ground.close()
