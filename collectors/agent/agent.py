"""The agent of one host: its sources, its spool, its forwarder, kept running until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from collectors.agent.account import Account
from collectors.agent.channel import Channel
from collectors.agent.forwarder import Forwarder
from collectors.agent.orders import Order, Orders
from collectors.agent.wire import Hello
from collectors.places import Places
from collectors.pollers.lazy import pollers_of
from collectors.sources.host_identity import HostIdentitySource
from collectors.sources.integrity import IntegritySource
from collectors.sources.inventory import InventorySource
from collectors.sources.journal import JournalSource, journal_here
from collectors.sources.log_files import LogFilesSource
from collectors.sources.metrics import MetricsSource
from collectors.sources.reporting import Host, this_host
from collectors.sources.seams import Source, SourceState
from collectors.sources.usual_paths import usual_paths
from infra.spool import Limits, SpoolWriter

_log = logging.getLogger(__name__)
_SAVE_S = 1.0
_STOP_WAIT_S = 3.0
_FIRST_WAIT_S = 1.0
_MAX_WAIT_S = 60.0
MIB = 1 << 20


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a site may set. ``spool_mb`` bounds the disk it uses while ingest is away; ``off`` names sources that do not
    run; ``bandwidth_kib_s`` 0 is no cap."""

    interval_s: float = 10.0
    inventory_interval_s: float = 2.0
    log_files: Sequence[str] = ()
    watched_files: Sequence[str] = ()
    usual_files: bool = True
    off: Sequence[str] = ()
    pollers: Sequence[dict[str, Any]] = ()
    bandwidth_kib_s: int = 0
    spool_mb: int = 512
    from_start: bool = False


class Agent:
    """``spool`` and ``state`` are folders of its own; ``channel`` leads to ingest. ``orders`` are configurations that
    ingest sends, as they pass the check of their signature; ``sources`` run in place of those of the settings, and
    ``name`` keeps its files apart from another agent's."""

    def __init__(
        self,
        spool: Path,
        state: Path,
        channel: Channel,
        settings: AgentSettings | None = None,
        host: Host | None = None,
        *,
        software: str = "",
        orders: Orders | None = None,
        sources: Sequence[Source] | None = None,
        name: str = "agent",
    ) -> None:
        self._given = sources
        self._own = self._settings = settings or AgentSettings()
        self._host = host or this_host()
        self._state, self._software = state, software
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        limits = Limits(total=self._settings.spool_mb * MIB, segment=8 * MIB, pending=16 * MIB, reserve=64 * MIB)
        self._writer = SpoolWriter(spool, limits)
        self._places = Places(self._writer, spool, state / f"{name}-places.json")
        self.id = _identity(spool)
        self._account = Account(state / f"{name}-account.json")
        self._orders = orders
        self._forwarder = Forwarder(
            spool, channel, Hello(self.id, self._host.name, software=software),
            account=self._account, report=self._report, configure=self._obey, spread_s=3.0 if orders else 0.0,
        )  # fmt: skip
        self.sources: Sequence[Source] = ()
        self._running: list[asyncio.Task[None]] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; then sources end, the spool is closed, and what was not forwarded waits for the next
        start.
        """
        await self._recall_order()
        self._begin_sources()
        tasks = [asyncio.create_task(self._forwarder.run(), name="forwarder")]
        tasks.append(asyncio.create_task(self._save(), name="places"))
        try:
            await stop.wait()
        finally:
            self._forwarder.stop()
            await asyncio.wait(tasks[:1], timeout=_STOP_WAIT_S)
            await _end([*self._running, *tasks])
            await self._places.settle()
            self._places.close()
            self._account.save()
            self._writer.close()

    async def poll(self, pollers: Sequence[dict[str, Any]]) -> None:
        """Watch these things beside what else it is told: the sources begin anew."""
        self._own = msgspec.structs.replace(self._own, pollers=tuple(pollers))
        self._settings = msgspec.structs.replace(self._settings, pollers=self._own.pollers)
        await self._begin_anew()

    def status(self) -> dict[str, Any]:
        """Counters, the connection, and the state of every source, as plain JSON values."""
        return {
            "agent": self.id,
            "host": self._host.name,
            "connected": self._forwarder.connected,
            "refused": self._forwarder.refused,
            "delivered": self._forwarder.delivered,
            "configuration": self._forwarder.configuration,
            "skew_ms": self._forwarder.skew.offset_ms,
            **self._report(),
        }

    def _report(self) -> dict[str, Any]:
        return {
            "lag_bytes": self._forwarder.lag_bytes(),
            "handed": self._account.handed,
            "sources": [msgspec.to_builtins(source.status) for source in self.sources],
        }

    async def _recall_order(self) -> None:
        if self._orders is not None and (order := await self._orders.recall()):
            self._follow(order)

    async def _obey(self, data: bytes) -> None:
        """A newer configuration came: keep it and begin the sources anew, where it is genuine."""
        if self._orders is None:
            return
        order = await self._orders.take(data, self._forwarder.configuration)
        if order is not None:
            self._follow(order)
            await self._begin_anew()

    def _follow(self, order: Order) -> None:
        chosen = msgspec.structs.asdict(order.configuration)
        chosen["log_files"] = (*self._own.log_files, *order.configuration.log_files)
        chosen["watched_files"] = (*self._own.watched_files, *order.configuration.watched_files)
        chosen["pollers"] = (*self._own.pollers, *order.configuration.pollers)
        self._settings = msgspec.structs.replace(self._own, **chosen)
        self._forwarder.configuration = order.version
        self._forwarder.pace.rate = order.configuration.bandwidth_kib_s * 1024

    async def _begin_anew(self) -> None:
        """End the sources and begin them as they are told now. What they were handing over is awaited first: a log
        that is read again goes on behind it."""
        await _end(self._running)
        await self._places.settle()
        self._begin_sources()

    def _begin_sources(self) -> None:
        off = {f"{self._host.name}/{name}" for name in self._settings.off}
        self.sources = [source for source in self._make(self._state) if source.id not in off]
        self._running = [asyncio.create_task(self._keep_running(each), name=each.id) for each in self.sources]

    def _make(self, state: Path) -> Sequence[Source]:
        if self._given is not None:
            return self._given
        settings = self._settings
        files, watched = list(settings.log_files), list(settings.watched_files)
        if settings.usual_files:
            usual = usual_paths()
            files += [*usual.logs, *(() if journal_here() else usual.syslog)]
            watched += usual.watched
        return (
            MetricsSource(self._host, settings.interval_s),
            InventorySource(self._host, settings.inventory_interval_s),
            HostIdentitySource(self._host, self._software),
            LogFilesSource(self._host, self._places, files, from_start=settings.from_start),
            JournalSource(self._host, self._places),
            IntegritySource(self._host, watched, state / "agent-integrity.json"),
            *pollers_of(self._host, settings.pollers, state),
        )

    async def _keep_running(self, source: Source) -> None:
        wait = _FIRST_WAIT_S
        while True:
            try:
                await source.run(self._places)
            except Exception as error:  # noqa: BLE001 - logged and shown; the other sources go on
                _log.exception("source.failed", extra={"source": source.id})
                source.note_failure(error)
            if source.status.state is SourceState.NOT_AVAILABLE:
                wait = _MAX_WAIT_S
            await asyncio.sleep(wait)
            wait = min(wait * 2, _MAX_WAIT_S)

    async def _save(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_S)
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._places.save)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _identity(spool: Path) -> str:
    """The id of this spool: kept in it, so that a new spool is a new agent and its positions are not taken for old
    ones.
    """
    path = spool / "agent-id"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        made = secrets.token_hex(8)
        path.write_text(made, encoding="ascii")
        return made
