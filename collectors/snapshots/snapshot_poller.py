"""Reads the configuration of network devices over SSH, keeps the last one masked, and tells what changed in it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import Annotated

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.pollers.seams import Poller, Tree, settings_of
from collectors.probes.ssh import SshError, SshTarget, check_target, run_commands
from collectors.snapshots.masking import mask_secrets
from collectors.snapshots.sections import Difference, differences
from collectors.sources.reporting import Reporter, milliseconds
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

_encode = msgspec.msgpack.Encoder().encode
MAX_TOLD = 100
COMMANDS = {
    "cisco": ["show running-config"], "huawei": ["display current-configuration"],
    "h3c": ["display current-configuration"],
    "juniper": ["show configuration | no-more"], "arista": ["show running-config"], "ruijie": ["show running-config"],
    "hillstone": ["show configuration"], "fortinet": ["show full-configuration"],
}  # fmt: skip
_READING = re.compile(r"^(?:show|display|cat|get|dir|more)\b[^;&|`$<>\\\n]*(?:\|\s*(?:no-more|display set))?$")


class SnapshotSettings(SshTarget, frozen=True, kw_only=True):
    """One device. ``vendor`` chooses the command, ``command`` overrides it (it must begin with show, display, cat, get,
    dir or more)."""

    vendor: str = "cisco"
    command: str = ""
    interval_s: Annotated[float, msgspec.Meta(ge=10)] = 3_600.0


class SnapshotPoller:
    """One device; ``state`` keeps its last configuration, masked, readable by the agent only."""

    def __init__(self, reporter: Reporter, settings: SnapshotSettings, state: Path) -> None:
        self._reporter, self._settings = reporter, settings
        self._commands = [settings.command] if settings.command else COMMANDS[settings.vendor]
        name = re.sub(r"[^\w.-]", "_", f"{settings.host}-{settings.port}")
        self._path = state / "configurations" / f"{name}.txt"
        self._key = _mask_key(state / "configurations" / "mask.key")

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        while True:
            began = time.monotonic()
            documents = await self.look()
            await deliver(sink, [self._reporter.frame(FrameKind.DOCUMENTS, len(documents), _encode(documents))])
            await asyncio.sleep(max(1.0, self._settings.interval_s - (time.monotonic() - began)))

    async def look(self) -> list[Event]:
        """The snapshot as inventory where it is new or changed, the differences as one event; or why there is none."""
        now = milliseconds(self._reporter.now())
        common: Event = {"@timestamp": now, "event.module": "snapshot", "host.name": self._settings.host}
        try:
            outputs = await run_commands(self._settings, self._commands)
        except SshError as error:
            return [{**common, **_event("poll-failed", "failure", f"{self._settings.host}: {error}")}]
        masked = mask_secrets("\n".join(each.text for each in outputs), self._key)
        if len(masked.splitlines()) < 3:
            return [
                {**common, **_event("poll-failed", "failure", f"{self._settings.host}: the configuration is empty")}
            ]
        before = self._last()
        changed = differences(before, masked) if before else []
        if before and not changed:
            return [{**common, **_metric(0)}]
        replace_file(self._path, masked.encode())
        self._path.chmod(0o600)
        told = [self._told(changed)] if changed else []
        return [{**common, **each} for each in (self._snapshot(masked, before), *told, _metric(len(changed)))]

    def _last(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def _snapshot(self, masked: str, before: str) -> Event:
        return {
            "yaodun.stream": Stream.INVENTORY.value, "event.kind": "asset", "event.dataset": "snapshot.configuration",
            "yaodun.inventory.kind": "configuration", "yaodun.inventory.key": self._settings.host,
            "yaodun.inventory.change": "changed" if before else "present", "event.original": masked[:900_000],
            "event.hash": hashlib.sha256(masked.encode()).hexdigest(),
        }  # fmt: skip

    def _told(self, changed: list[Difference]) -> Event:
        lines = [
            f"[{each.section or 'global'}] {'- ' + each.before if each.before else ''}"
            f"{' ' if each.before and each.after else ''}{'+ ' + each.after if each.after else ''}"
            for each in changed[:MAX_TOLD]
        ]
        message = f"{self._settings.host}: {len(changed)} changes of the configuration"
        event = _event("configuration-changed", "success", "\n".join([message, *lines]))
        return {**event, "event.reason": "; ".join(lines)[:1_000]}


def _event(action: str, outcome: str, message: str) -> Event:
    return {
        "yaodun.stream": Stream.LOGS.value, "event.kind": "event", "event.category": ["configuration"],
        "event.type": ["change" if action == "configuration-changed" else "error"], "event.action": action,
        "event.dataset": "snapshot.change", "event.outcome": outcome, "message": message[:16_000],
    }  # fmt: skip


def _metric(changes: int) -> Event:
    return {
        "yaodun.stream": Stream.METRICS.value, "event.kind": "metric", "yaodun.metric.name": "configuration.changes",
        "yaodun.metric.value": float(changes), "yaodun.metric.unit": "changes",
    }  # fmt: skip


def _mask_key(path: Path) -> bytes:
    """The key of this agent's masks, made once: without it a mask says nothing about its secret."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    key = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """Snapshots of one device."""
    settings = settings_of(tree, SnapshotSettings)
    check_target(settings)
    if settings.vendor not in COMMANDS:
        problem = f"one of {', '.join(COMMANDS)}"
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place="vendor", problem=problem)
    if settings.command and not _READING.match(settings.command):
        raise AppError(ErrorKind.INVALID, "collectors.ssh_not_reading", place="command", command=settings.command[:80])
    return SnapshotPoller(reporter, settings, state)
