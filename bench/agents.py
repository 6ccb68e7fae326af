"""Agents on other hosts under a storm: what is lost or doubled, how fast all are back, how fast one is cut off; and a
backlog beside what happens now. Ingest and twenty agents are the real services, as processes; the other connections
speak the same protocol over their own certificates.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import Row, figure
from collectors.agent.channel import HANDSHAKE_S, SERVER_NAME
from collectors.agent.identity import key_work
from collectors.agent.wire import (
    Ack,
    Batch,
    Beat,
    Hello,
    Placed,
    ToAgent,
    Welcome,
    decoder_of,
    pack,
    read_message,
)
from infra.events.frame import Frame
from infra.home import Home
from infra.spool import SpoolPosition
from infra.store.seams import EventStore
from tests.agents import BadLine, RealAgent, until
from tests.running import free_port
from yaodun.console import console_actor
from yaodun.site import Site, open_site

REAL = int(os.environ.get("YAODUN_BENCH_AGENTS", "20"))
SIMULATED = int(os.environ.get("YAODUN_BENCH_CONNECTIONS", "2000"))
LINES, RECORDS = 5_000, 50
BACKLOG, LIVE_RATE = 200_000, 100
STILL_S, LONGEST_S = 60.0, 900.0
_WORDS = decoder_of(ToAgent)


class Platform:
    """Ingest of a site of its own, as the real service."""

    def __init__(self, folder: Path) -> None:
        self.home, self.port = Home(folder / "site"), free_port()
        self.process: asyncio.subprocess.Process | None = None
        names = ("HTTP_LISTEN", "SYSLOG_UDP_LISTEN", "SYSLOG_TCP_LISTEN")
        self.environment = {
            **os.environ,
            "YAODUN_INGEST__AGENTS_LISTEN": f"127.0.0.1:{self.port}",
            **{f"YAODUN_INGEST__{name}": f"127.0.0.1:{free_port()}" for name in names},
        }

    @property
    def http(self) -> str:
        """Where devices push."""
        return f"http://{self.environment['YAODUN_INGEST__HTTP_LISTEN']}"

    async def prepare(self) -> Site:
        words = ("-m", "yaodun", "prepare", "--home", str(self.home.root))
        made = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=self.environment, stdout=asyncio.subprocess.DEVNULL
        )
        assert await made.wait() == 0
        return open_site(self.home)

    async def start(self) -> None:
        words = ("-m", "yaodun", "run", "ingest", "--home", str(self.home.root))
        self.process = await asyncio.create_subprocess_exec(sys.executable, *words, env=self.environment)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(how)
            await self.process.wait()
            self.process = None


class Simulated:
    """One connection with a certificate of its own and ``RECORDS`` records to bring, batch by batch."""

    def __init__(self, number: int, context: ssl.SSLContext, port: int) -> None:
        self.number, self._context, self._port = number, context, port
        self._chance = random.Random(number)
        self.connected_at = self.ended_at = 0.0
        self.connected = False
        self.done = False

    async def run(self) -> None:
        wait = 0.2
        while True:
            try:
                await self._connection()
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                wait = 0.2 if self.connected else min(wait * 2, 10.0)
            finally:
                if self.connected:
                    self.connected, self.ended_at = False, time.monotonic()
            await asyncio.sleep(wait * self._chance.uniform(0.5, 1.0))

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._context, server_hostname=SERVER_NAME,
            ssl_handshake_timeout=HANDSHAKE_S * 3, limit=1 << 12,
        )  # fmt: skip
        try:
            welcome = await _ask(reader, writer, Hello(f"s{self.number}", "simulated"), Welcome)
            self.connected, self.connected_at = True, time.monotonic()
            at = welcome.position.offset
            while True:
                if at < RECORDS:
                    batch = [self._placed(n) for n in range(at + 1, min(at + 5, RECORDS) + 1)]
                    at = (await _ask(reader, writer, Batch(batch), Ack)).position.offset
                    await asyncio.sleep(self._chance.random() * 2)
                else:
                    self.done = True
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(10):
                            if not await reader.read(1):
                                raise ConnectionResetError
                    await _ask(reader, writer, Beat(time.time_ns()), object)
        finally:
            writer.transport.abort()

    def _placed(self, number: int) -> Placed:
        body = b"record %d of connection %d" % (number, self.number)
        return Placed(SpoolPosition(0, number), Frame("s/app", "lines", 1, time.time_ns(), body))


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: Any, kind: Any) -> Any:
    async with asyncio.timeout(60):
        writer.write(pack(message))
        await writer.drain()
        answer = await read_message(reader, _WORDS)
    if not isinstance(answer, kind):
        raise ConnectionResetError
    return answer


@figure("agents_lost_or_doubled", "agents_reconnect_s")
def storm() -> Iterator[Row]:
    """Over a line that cuts connections at random, ingest killed twice, agents killed: the accounts compared; the time
    from a kill of ingest until every connection is back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
            wrong, back = asyncio.run(_storm(Path(folder)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    small = REAL < 20 or SIMULATED < 2_000
    note = f"{REAL} agents and {SIMULATED} connections" if small else ""
    yield Row("agents_lost_or_doubled", wrong, "events", value_note=note)
    yield Row("agents_reconnect_s", round(back, 1), "s", value_note=note)


async def _storm(folder: Path) -> tuple[int, float]:
    platform = Platform(folder)
    site = await platform.prepare()
    line = BadLine(lambda: platform.port, seed=3, mean_bytes=200_000)
    await line.start()
    simulated = await connections(site, folder, line.port, SIMULATED)
    agents = [_agent(site, folder, number, line.port) for number in range(REAL)]
    await platform.start()
    tasks = [asyncio.create_task(each.run()) for each in simulated]
    try:
        for agent in agents:
            await agent.start()
        back = await _rage(platform, line, agents, simulated)
        await revoke(site, simulated)
        store = site.open_store(read_only=True)
        await _all_there(store, agents, simulated)
        for agent in agents:
            await agent.end()
        await platform.end()
        wrong = _compare(store, agents, simulated)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for agent in agents:
            await agent.end(hard=True)
        await platform.end(signal.SIGKILL)
        await line.stop()
        site.records.close()
    return wrong, back


async def connections(site: Site, folder: Path, port: int, count: int) -> list[Simulated]:
    """All with one key, which spares the machine that runs them, and a certificate each."""
    request = await key_work("request", str(folder / "key"), "simulated")
    key, fleet, made = (folder / "key").read_bytes(), site.fleet, []
    for number in range(count):
        secret = fleet.create_enrolment(console_actor(), name=f"s{number}").token.partition(".")[0]
        certified = fleet.enrol(secret, request, "simulated")
        path = folder / "pair.pem"
        path.write_bytes(key + certified.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=fleet.authority.certificate_path)
        context.load_cert_chain(path)
        made.append(Simulated(number, context, port))
    return made


def _agent(site: Site, folder: Path, number: int, port: int) -> RealAgent:
    token = site.fleet.create_enrolment(console_actor(), name=f"r{number}").token
    return RealAgent(folder / f"a{number}", f"127.0.0.1:{port}", token)


async def _rage(platform: Platform, line: BadLine, agents: list[RealAgent], simulated: list[Simulated]) -> float:
    chance, back = random.Random(1), 0.0
    await until(lambda: all(each.connected_at for each in simulated), 600, 0.2)
    await until(lambda: all(agent.reads() for agent in agents), 300, 0.5)
    print("all connected", file=sys.stderr)
    for round_ in range(10):
        for agent in agents:
            agent.write(LINES // 10)
        await asyncio.sleep(1)
        victim = chance.choice(agents)
        await victim.end(hard=True)
        await victim.start()
        if round_ in (3, 7):
            killed = time.monotonic()
            await platform.end(signal.SIGKILL)
            await platform.start()
            await until(lambda: all(each.connected_at > killed for each in simulated), 600, 0.1)  # noqa: B023
            back = max(back, time.monotonic() - killed)
            print(f"all back after {time.monotonic() - killed:.1f} s", file=sys.stderr)
    line.calm = True
    return back


async def revoke(site: Site, simulated: list[Simulated]) -> float:
    """Seconds from the revocation of an agent until its connection ends: the slowest of five."""
    slowest = 0.0
    for each in simulated[:5]:
        await until(lambda: each.connected and each.done, 120)  # noqa: B023
        began = time.monotonic()
        await asyncio.to_thread(site.fleet.revoke, console_actor(), f"s{each.number}")
        await until(lambda: not each.connected, 30, 0.005)  # noqa: B023
        slowest = max(slowest, each.ended_at - began)
    return slowest


async def _all_there(store: EventStore, agents: list[RealAgent], simulated: list[Simulated]) -> None:
    """Wait for everything. What is missing counts as lost when every agent and connection says it has handed over all
    and nothing has come for a minute since, or at the very end: one that is still on its way has lost nothing."""
    end = time.monotonic() + LONGEST_S
    wanted = sum(agent.written for agent in agents) + RECORDS * len(simulated)
    reached, since = -1, time.monotonic()
    while reached < wanted and time.monotonic() < min(end, since + STILL_S):
        counts = store.counts()
        there = sum(count.stored for source, count in counts.items() if source.endswith(("/app", "app.log")))
        through = all(agent.through for agent in agents) and all(each.done for each in simulated)
        if there > reached or not through:
            reached, since = there, time.monotonic()
        await asyncio.sleep(1)
    print(f"{reached} of {wanted} events there", file=sys.stderr)
    if reached < wanted:
        for number, agent in enumerate(agents):
            print(f"r{number}: {agent.told()}", file=sys.stderr)
        waiting = [each.number for each in simulated if not each.done]
        print(f"connections that did not bring all: {waiting}", file=sys.stderr)


def _compare(store: EventStore, agents: list[RealAgent], simulated: list[Simulated]) -> int:
    """Records by which the agents' accounts, what was written, and the store's counts differ, over all sources."""
    counts, wrong = store.counts(), 0
    for number, agent in enumerate(agents):
        expected = {f"r{number}/{source.partition('/')[2]}": count for source, count in agent.account().items()}
        log = next(source for source in expected if source.endswith("app.log"))
        wrong += abs(expected[log] - agent.written)
        wrong += sum(abs(count - counts[source].received) for source, count in expected.items())
        wrong += sum(
            abs(count - counts[source].stored - counts[source].quarantined) for source, count in expected.items()
        )
    return wrong + sum(abs(RECORDS - counts[f"s{each.number}/app"].stored) for each in simulated)


@figure("catch_up_vs_live")
def catch_up() -> Iterator[Row]:
    """How many times faster than it is written (100 lines a second) a backlog is stored, while what is written
    from its first stored line on is stored within five seconds."""
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        rate, delay = asyncio.run(_catch_up(Path(folder)))
    note = "" if delay <= 5 else f"live events were up to {delay:.1f} s late"
    print(f"backlog {rate:.0f} events/s, live delay at most {delay:.1f} s", file=sys.stderr)
    yield Row("catch_up_vs_live", round(rate / LIVE_RATE, 1), "ratio", value_note=note)


async def _catch_up(folder: Path) -> tuple[float, float]:
    platform = Platform(folder)
    site = await platform.prepare()
    await platform.start()
    agent = _agent(site, folder, 0, platform.port)
    live = folder / "live.log"
    live.touch()
    agent.extra = [live]
    await agent.start()
    store = site.open_store(read_only=True)
    try:
        agent.write(1)
        await until(lambda: _stored(store, "app.log") == 1, 60)
        await platform.end()
        agent.write(BACKLOG)
        await until(lambda: _spooled(agent) > BACKLOG * 15, 120)
        await platform.start()
        return await _race(store, agent, live)
    finally:
        await agent.end(hard=True)
        await platform.end(signal.SIGKILL)
        site.records.close()


async def _race(store: EventStore, agent: RealAgent, live: Path) -> tuple[float, float]:
    """Lines are counted, which says which of them came only where none was written before the agent was back."""
    await until(lambda: _stored(store, "app.log") > 1, 120)
    written: list[float] = []
    began, slowest = time.monotonic(), 0.0
    first = _stored(store, "app.log")
    with live.open("a") as file:
        while _stored(store, "app.log") < agent.written:
            file.writelines(f"line {len(written) + n} of what happens now\n" for n in range(LIVE_RATE // 10))
            file.flush()
            written += [time.monotonic()] * (LIVE_RATE // 10)
            seen = _stored(store, "live.log")
            if seen < len(written):
                slowest = max(slowest, time.monotonic() - written[seen])
            await asyncio.sleep(0.1)
    return (agent.written - first) / (time.monotonic() - began), slowest


def _stored(store: EventStore, ending: str) -> int:
    return next((count.stored for source, count in store.counts().items() if source.endswith(ending)), 0)


def _spooled(agent: RealAgent) -> int:
    return sum(path.stat().st_blocks * 512 for path in agent.home.agent_spool.glob("*.spool"))
