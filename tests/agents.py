"""Ingest's door for agents over a real spool and real records, agents as real processes, and a line that is bad."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from collectors.fleet.authority import AgentAuthority
from collectors.fleet.fleet import Fleet
from collectors.fleet.muster import Muster
from collectors.fleet.presence import Presence
from collectors.places import Places
from collectors.receivers.agent_tls import AgentTlsReceiver
from infra.feed import Feed
from infra.home import Home
from infra.spool import Limits, SpoolReader, SpoolWriter
from infra.web.seams import Actor, Decision
from tests.fresh import fresh_records
from tests.running import ROOT

OPERATOR = Actor(id="u1", name="operator", roles=("operator",))
LIMITS = Limits(total=1 << 30, segment=8 << 20, reserve=0)


class Anyone:
    """Everybody may do everything."""

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(True, "test")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        return None


class Ground:
    """A platform reduced to what agents meet. ``crash`` leaves it as kill -9 would, ``start`` begins anew."""

    def __init__(self, folder: Path, hold: Callable[[int], int] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.hold = hold
        self.records = fresh_records(folder)
        self.fleet = Fleet(self.records, Anyone(), AgentAuthority(folder / "authority"))
        self.port = 0

    async def start(self) -> None:
        self.feed = Feed(self.records)
        self.feed.start()
        self.writer = SpoolWriter(self.folder / "spool", LIMITS)
        self.places = Places(self.writer, self.folder / "spool", self.folder / "places.json")
        self.muster = Muster(self.fleet)
        self.muster.listen(self.feed)
        self.presence = Presence(self.folder / "agents.json")
        self.door = AgentTlsReceiver(
            f"127.0.0.1:{self.port}", self.places, self.fleet, self.muster, self.presence, self.hold
        )
        await self.door.start(self.places)
        self.port = int(self.door.addresses[0].address.rpartition(":")[2])

    async def stop(self) -> None:
        await self.door.stop()
        await asyncio.to_thread(self.feed.stop)
        self.places.close()
        self.writer.close()

    async def crash(self) -> None:
        self.places.save = lambda: None  # type: ignore[method-assign]
        await self.door.stop()
        await self.places.settle()
        await asyncio.to_thread(self.feed.stop)
        self.writer.close()

    async def close(self) -> None:
        await self.stop()
        self.records.close()

    def token(self, **wanted: Any) -> str:
        return self.fleet.create_enrolment(OPERATOR, **wanted).token

    def ledger(self) -> Counter[str]:
        """Records of each source in ingest's spool."""
        found: Counter[str] = Counter()
        reader = SpoolReader(self.folder / "spool")
        while taken := reader.read():
            for frame, _ in taken:
                found[frame.source] += frame.count
        reader.close()
        return found

    def lines(self, path: Path) -> dict[str, list[int]]:
        """Per source the second words of the lines of files called as ``path`` is, in order of arrival."""
        found: dict[str, list[int]] = {}
        reader = SpoolReader(self.folder / "spool")
        while taken := reader.read():
            for frame, _ in taken:
                if Path(frame.meta.get("path", "")).name == path.name:
                    numbers = [int(line.split()[1]) for line in frame.body.splitlines()]
                    found.setdefault(frame.source, []).extend(numbers)
        reader.close()
        return found


class RealAgent:
    """``yaodun run agent`` in a home of its own, reading one log."""

    def __init__(self, folder: Path, server: str, token: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.home, self.server, self.token = Home(folder / "home"), server, token
        self.log = folder / "app.log"
        self.log.touch()
        self.extra: Sequence[Path] = ()
        self.written = 0
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "YAODUN_AGENT__LOG_FILES": json.dumps([str(path) for path in (self.log, *self.extra)]),
            "YAODUN_AGENT__INTERVAL_S": "3600",
            "YAODUN_AGENT__INVENTORY_INTERVAL_S": "3600",
        }
        words = ["run", "agent", "--home", str(self.home.root), "--server", self.server, "--enrol", self.token]
        self.process = await asyncio.create_subprocess_exec(sys.executable, "-m", "yaodun", *words, env=environment)

    async def end(self, *, hard: bool = False) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill() if hard else self.process.terminate()
            await self.process.wait()
            self.process = None

    def write(self, lines: int) -> None:
        with self.log.open("a") as file:
            file.writelines(f"line {number} of this log\n" for number in range(self.written, self.written + lines))
        self.written += lines

    def status(self) -> dict[str, Any]:
        """What it said of itself last; {} before that."""
        try:
            status: dict[str, Any] = json.loads((self.home.run / "agent.status.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return status

    @property
    def through(self) -> bool:
        """Does it say that ingest has every line, or has it ended?"""
        return self.process is None or self.process.returncode is not None or self._handed() >= self.written

    def _handed(self) -> int:
        told = self.status().get("handed", {})
        return sum(count for source, count in told.items() if source.endswith(self.log.name))

    def told(self) -> str:
        """Where its lines are, in words: for a run that waits for some of them."""
        status, code = self.status(), self.process.returncode if self.process else "never started"
        words = f"{self.written} written, {self._handed()} handed over, {status.get('lag_bytes')} bytes in its spool"
        return f"{words}, connected: {status.get('connected')}, exit: {code}"

    def reads(self) -> bool:
        """Does it follow its log by now? What was written before it first looked is not for it."""
        status = self.status()
        return any(each["id"].endswith("/files") and each["state"] == "running" for each in status.get("sources", ()))

    def account(self) -> dict[str, int]:
        """The agent's own ledger, after it ended."""
        handed: dict[str, int] = json.loads((self.home.state / "agent-account.json").read_text())["handed"]
        return handed


class BadLine:
    """A relay between agents and ingest that loses, delays and cuts what it carries: connections are reset at random
    places, so that answers are lost behind what they answer.
    """

    def __init__(self, target: Callable[[], int], seed: int = 1, mean_bytes: int = 200_000) -> None:
        self._target = target
        self._chance = random.Random(seed)
        self._mean = mean_bytes
        self.calm = False
        self.cuts = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0, backlog=4096)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Everything that is connected now is cut."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        try:
            far, far_out = await asyncio.open_connection("127.0.0.1", self._target())
        except OSError:
            near_out.transport.abort()
            return
        outs = (near_out, far_out)
        self._writers.update(outs)
        left = [int(self._chance.expovariate(1 / self._mean))]
        pumps = [asyncio.create_task(self._pump(*way, left)) for way in ((near, far_out), (far, near_out))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for out in outs:
            out.transport.abort()
            self._writers.discard(out)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, left: list[int]) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(16_384):
                left[0] -= len(data)
                if left[0] < 0 and not self.calm:
                    self.cuts += 1
                    return
                if not self.calm and self._chance.random() < 0.1:
                    await asyncio.sleep(self._chance.random() * 0.02)
                sink.write(data)
                await sink.drain()


async def until(condition: Callable[[], Any], timeout_s: float = 30.0, every_s: float = 0.02) -> Any:
    """The first true answer of ``condition``."""
    deadline = time.monotonic() + timeout_s
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError("not within the time")
        await asyncio.sleep(every_s)


def both(agents: Sequence[RealAgent], ground: Ground) -> tuple[Counter[str], Counter[str]]:
    """What all agents say they handed over, and what ingest has: records of all sources, by kind of source."""
    said, taken = Counter[str](), Counter[str]()
    for agent in agents:
        for source, count in agent.account().items():
            said[source.partition("/")[2]] += count
    for source, count in ground.ledger().items():
        taken[source.partition("/")[2]] += count
    return said, taken
