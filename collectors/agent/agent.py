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

from collectors.agent.forwarder import Forwarder
from collectors.agent.wire import Hello
from collectors.places import Places
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
_FIRST_WAIT_S = 1.0
_MAX_WAIT_S = 60.0
MIB = 1 << 20


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a site may set. ``spool_mb`` bounds the disk it uses while ingest is away."""

    interval_s: float = 10.0
    inventory_interval_s: float = 2.0
    log_files: Sequence[str] = ()
    watched_files: Sequence[str] = ()
    usual_files: bool = True
    spool_mb: int = 512
    from_start: bool = False


class Agent:
    """``spool`` and ``state`` are folders of its own; ``socket`` is where ingest listens."""

    def __init__(
        self, spool: Path, state: Path, socket: Path, settings: AgentSettings | None = None, host: Host | None = None
    ) -> None:
        self._settings = settings or AgentSettings()
        self._host = host or this_host()
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        limits = Limits(total=self._settings.spool_mb * MIB, segment=8 * MIB, pending=16 * MIB, reserve=64 * MIB)
        self._writer = SpoolWriter(spool, limits)
        self._places = Places(self._writer, spool, state / "agent-places.json")
        self.id = _identity(spool)
        self._forwarder = Forwarder(spool, socket, Hello(self.id, self._host.name))
        self.sources: Sequence[Source] = self._make(state)

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; then sources end, the spool is closed, and what was not forwarded waits for the next
        start.
        """
        tasks = [asyncio.create_task(self._keep_running(source), name=source.id) for source in self.sources]
        tasks.append(asyncio.create_task(self._forwarder.run(), name="forwarder"))
        tasks.append(asyncio.create_task(self._save(), name="places"))
        try:
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._places.settle()
            self._places.close()
            self._writer.close()

    def status(self) -> dict[str, Any]:
        """Counters, the connection, and the state of every source, as plain JSON values."""
        return {
            "agent": self.id,
            "host": self._host.name,
            "connected": self._forwarder.connected,
            "delivered": self._forwarder.delivered,
            "lag_bytes": self._forwarder.lag_bytes(),
            "sources": [msgspec.to_builtins(source.status) for source in self.sources],
        }

    def _make(self, state: Path) -> Sequence[Source]:
        settings = self._settings
        files, watched = list(settings.log_files), list(settings.watched_files)
        if settings.usual_files:
            usual = usual_paths()
            files += [*usual.logs, *(() if journal_here() else usual.syslog)]
            watched += usual.watched
        return (
            MetricsSource(self._host, settings.interval_s),
            InventorySource(self._host, settings.inventory_interval_s),
            LogFilesSource(self._host, self._places, files, from_start=settings.from_start),
            JournalSource(self._host, self._places),
            IntegritySource(self._host, watched, state / "agent-integrity.json"),
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
