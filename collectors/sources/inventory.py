"""What is on this host: processes, listeners, connections, users, SSH keys; and every change of it, as it happens.

Two kinds of documents come of it: items in stream ``inventory`` (all of them once in a while, changes at once), and
what a rule may want to see in stream ``logs``: ``process-started``, ``process-ended``, ``listener-added``,
``listener-removed``, ``connection-opened``, ``user-added``, ``user-removed``, ``user-changed``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from collectors.delivery import deliver
from collectors.sources.exec_connector import ExecConnector, Happened
from collectors.sources.firewall import rule_sets
from collectors.sources.keys import ssh_keys
from collectors.sources.processes import Process, ProcessTable, describe, read_process
from collectors.sources.reporting import Host, Reporter, Reporting, milliseconds
from collectors.sources.sockets import SocketTable
from collectors.sources.users import UserTable
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

SNAPSHOT_S = 300.0
"""Seconds between two full lists."""
MAX_EVENTS = 2_000
"""Changes reported per look; beyond that they are counted in one event, so that a fork storm cannot fill the disk."""


class InventorySource(Reporting):
    """Looks every ``interval_s`` seconds; execs come at once where the kernel tells of them."""

    def __init__(self, host: Host, interval_s: float = 2.0, *, connector: bool = True) -> None:
        self._reporter = Reporter(host, "inventory")
        self._interval_s = interval_s
        self._processes = ProcessTable()
        self._sockets = SocketTable()
        self._users = UserTable()
        self._told_of_execs = connector
        self._connector: ExecConnector | None = None
        self._overruns = 0
        self._changed = asyncio.Event()
        self._happened: list[tuple[Happened, Process | None]] = []

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        loop = asyncio.get_running_loop()
        self._connector = _connect() if self._told_of_execs else None
        if self._connector:
            loop.add_reader(self._connector.fileno(), self._drain)
        try:
            await self._look_forever(sink)
        finally:
            if self._connector:
                loop.remove_reader(self._connector.fileno())
                self._connector.close()
                self._connector = None

    async def _look_forever(self, sink: EventSink) -> None:
        self._processes.refresh()
        self._sockets.refresh()
        self._users.refresh()
        await self._snapshot(sink)
        snapshot_at = time.monotonic() + SNAPSHOT_S
        while True:
            await self._pause()
            await self._report(sink, self._look())
            if time.monotonic() >= snapshot_at:
                await self._snapshot(sink)
                snapshot_at = time.monotonic() + SNAPSHOT_S

    async def _pause(self) -> None:
        if self._connector is None:
            await asyncio.sleep(self._interval_s)
            return
        try:
            await asyncio.wait_for(self._changed.wait(), self._interval_s)
            await asyncio.sleep(0.2)
        except TimeoutError:
            pass
        self._changed.clear()

    def _drain(self) -> None:
        """Reads the process at once: a moment later it may be gone."""
        if self._connector is None:
            return
        for happened in self._connector.read():
            process = None if happened.exited else read_process(happened.pid)
            self._happened.append((happened, process))
        if self._happened:
            self._changed.set()

    def _look(self) -> list[Event]:
        events: list[Event] = []
        happened, self._happened = self._happened, []
        for item, process in happened:
            events += self._apply(item, process)
        new, gone = self._processes.refresh()
        events += [self._started(process) for process in new]
        events += [self._ended(process) for process in gone]
        events += self._sockets.changes(self._processes)
        events += self._users.changes()
        return events + self._overrun()

    def _apply(self, item: Happened, process: Process | None) -> list[Event]:
        if item.exited:
            ended = self._processes.ended(item.pid)
            return [self._ended(ended)] if ended else []
        if process is None:
            return [_unseen(item.pid)]
        return [] if self._processes.saw(process) else [self._started(process)]

    def _started(self, process: Process) -> Event:
        parent = self._processes.parent(process)
        root = parent is None or parent.pid == 1
        return {
            "event.category": ["process"],
            "event.type": ["start"],
            "event.action": "process-started",
            "tags": ["process-tree-root"] if root and not process.kernel else [],
            **describe(process, parent),
            "message": f"{process.name} started: {process.command_line}"[:1_000],
        }

    def _ended(self, process: Process) -> Event:
        return {
            "event.category": ["process"],
            "event.type": ["end"],
            "event.action": "process-ended",
            **describe(process, self._processes.parent(process)),
            "message": f"{process.name} ended",
        }

    def _overrun(self) -> list[Event]:
        overruns = self._connector.overruns if self._connector else 0
        if overruns == self._overruns:
            return []
        missed, self._overruns = overruns - self._overruns, overruns
        return [
            {
                "event.category": ["process"],
                "event.type": ["error"],
                "event.action": "process-events-missed",
                "message": f"the kernel dropped process events {missed} times; starts may be missing",
            }
        ]

    async def _report(self, sink: EventSink, events: list[Event]) -> None:
        if not events:
            return
        now = milliseconds(self._reporter.now())
        shown = events[:MAX_EVENTS]
        if len(events) > MAX_EVENTS:
            shown.append(_flood(len(events) - MAX_EVENTS))
        common = {"@timestamp": now, "event.kind": "event", "event.module": "host", "event.dataset": "host.change"}
        changes = [item for event in shown if (item := _change(event, now))]
        frames = [self._reporter.documents([{**common, **event} for event in shown], Stream.LOGS)]
        if changes:
            frames.append(self._reporter.documents(changes, Stream.INVENTORY))
        await deliver(sink, frames)

    async def _snapshot(self, sink: EventSink) -> None:
        now = milliseconds(self._reporter.now())
        items = [*self._process_items(), *self._sockets.items(self._processes), *self._users.items(), *ssh_keys()]
        items += await asyncio.to_thread(lambda: list(rule_sets()))
        documents = [_item(kind, key, "present", fields, now) for kind, key, fields in items]
        for start in range(0, len(documents), 500):
            await deliver(sink, [self._reporter.documents(documents[start : start + 500], Stream.INVENTORY)])

    def _process_items(self) -> Iterable[tuple[str, str, Event]]:
        for process in self._processes.all():
            if not process.kernel:
                yield "process", process.key, describe(process, self._processes.parent(process))


def _connect() -> ExecConnector | None:
    try:
        return ExecConnector()
    except OSError:
        return None


def _item(kind: str, key: str, change: str, fields: Event, now: int) -> Event:
    return {
        "@timestamp": now,
        "event.kind": "asset",
        "event.module": "host",
        "event.dataset": "host.inventory",
        "yaodun.inventory.kind": kind,
        "yaodun.inventory.key": key,
        "yaodun.inventory.change": change,
        **fields,
    }


_CHANGES = {
    "process-started": ("process", "added"),
    "process-ended": ("process", "removed"),
    "listener-added": ("listener", "added"),
    "listener-removed": ("listener", "removed"),
    "user-added": ("user", "added"),
    "user-removed": ("user", "removed"),
    "user-changed": ("user", "changed"),
}


def _change(event: Event, now: int) -> Event | None:
    if event.get("event.action") not in _CHANGES:
        return None
    kind, change = _CHANGES[event["event.action"]]
    key = event.get("process.entity_id", "") if kind == "process" else event.get("yaodun.inventory.key", "")
    if not key:
        return None
    fields = {name: value for name, value in event.items() if not name.startswith(("event.", "message", "tags"))}
    return _item(kind, key, change, fields, now)


def _unseen(pid: int) -> Event:
    return {
        "event.category": ["process"],
        "event.type": ["start"],
        "event.action": "process-started",
        "process.pid": pid,
        "tags": ["short-lived"],
        "message": f"a process ({pid}) started and ended before it could be read",
    }


def _flood(count: int) -> Event:
    return {
        "event.category": ["host"],
        "event.type": ["error"],
        "event.action": "changes-not-listed",
        "message": f"{count} further changes were seen in the same look and are not listed one by one",
    }
