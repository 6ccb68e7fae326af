"""What the agent costs its host while it reads 100 log lines a second and everything else it watches."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import Row, figure
from collectors.places import Places
from collectors.receivers.agent_socket import AgentSocketReceiver
from infra.home import Home
from infra.spool import SpoolWriter

_RATE = 100
_WARM_S, _MEASURED_S = 8.0, 60.0


@figure("agent_rss_mb", "agent_cpu_pct")
def agent() -> Iterator[Row]:
    """PSS of the agent's process after a minute, and its share of one core over that minute."""
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        memory_mb, cpu_pct, note = asyncio.run(_measure(Home(Path(folder))))
    yield Row("agent_rss_mb", memory_mb, "MB", value_note="")
    yield Row("agent_cpu_pct", cpu_pct, "% of a core", value_note=note)


async def _measure(home: Home) -> tuple[float, float, str]:
    home.prepare()
    log = home.root / "app.log"
    log.touch()
    writer = SpoolWriter(home.ingest_spool)
    places = Places(writer, home.ingest_spool, home.state / "ingest-places.json")
    receiver = AgentSocketReceiver(home.run / "agent.sock", places)
    await receiver.start(places)
    environment = {**os.environ, "YAODUN_AGENT__LOG_FILES": json.dumps([str(log)])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "yaodun", "run", "agent", "--home", str(home.root), env=environment
    )
    try:
        await _write(log, _WARM_S)
        seen = psutil.Process(process.pid)
        before, began = seen.cpu_times(), time.monotonic()
        lines = await _write(log, _MEASURED_S)
        after, elapsed = seen.cpu_times(), time.monotonic() - began
        memory = seen.memory_full_info().pss / 1e6
    finally:
        process.terminate()
        await process.wait()
        await receiver.stop()
        writer.close()
    used = after.user + after.system - before.user - before.system
    rate = lines / elapsed
    note = "" if rate > 0.95 * _RATE else f"only {rate:.0f} lines a second were written"
    return round(memory, 1), round(100 * used / elapsed, 2), note


async def _write(log: Path, seconds: float) -> int:
    """``_RATE`` lines a second, ten at a time."""
    ends, lines = time.monotonic() + seconds, 0
    with log.open("a", encoding="ascii") as file:
        while time.monotonic() < ends:
            due = time.monotonic() + 10 / _RATE
            for _ in range(10):
                lines += 1
                file.write(f"Nov 24 23:20:10 web sshd[{lines}]: Failed password for root from 192.0.2.1 port 22 ssh2\n")
            file.flush()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    return lines
