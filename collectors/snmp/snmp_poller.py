"""Polls many devices with the same credentials, spread evenly over the interval, so many at a time and no more."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.pollers.items import ItemBook
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.pollers.secret import secret_of
from collectors.snmp.device import PolledDevice, failure
from collectors.snmp.objects import shipped_objects
from collectors.snmp.session import Credentials, Session, SnmpError
from collectors.snmp.transport import SnmpTransport
from collectors.snmp.usm import AUTH, PRIVACY, User
from collectors.sources.reporting import Reporter, milliseconds
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink
from infra.events.stream import Event

MAX_HOSTS = 5_000
_encode = msgspec.msgpack.Encoder().encode


class SnmpSettings(PollerSettings, frozen=True, kw_only=True):
    """``community``, ``auth_key`` and ``privacy_key`` name secrets. ``user`` makes it v3. ``objects`` are further
    subtrees; ``device_s`` is the longest one device may take."""

    hosts: Annotated[list[str], msgspec.Meta(min_length=1, max_length=MAX_HOSTS)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 161
    community: str = ""
    user: str = ""
    auth: str = "sha256"
    auth_key: str = ""
    privacy: str = "aes128"
    privacy_key: str = ""
    interval_s: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    inventory_interval_s: Annotated[float, msgspec.Meta(ge=1)] = 600.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=30)] = 2.0
    device_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30.0
    at_once: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    tables: bool = True
    objects: tuple[str, ...] = ()


class SnmpPoller:
    """One table of the configuration. ``polls`` and ``missed`` count since the start."""

    def __init__(self, reporter: Reporter, settings: SnmpSettings, credentials: Credentials) -> None:
        self._reporter, self._settings = reporter, settings
        transport, objects = SnmpTransport(), shipped_objects()
        if not settings.tables:
            objects = msgspec.structs.replace(objects, table=())
        self._devices = [
            PolledDevice(
                host, Session(transport, credentials, *_address(host, settings.port), settings.timeout_s), objects,
                settings.objects,
            )
            for host in settings.hosts
        ]  # fmt: skip
        self._transport = transport
        self._book = ItemBook("snmp")
        self._places = asyncio.Semaphore(settings.at_once)
        self.polls = self.missed = 0

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        step = self._settings.interval_s / len(self._devices)
        try:
            async with asyncio.TaskGroup() as group:
                for number, device in enumerate(self._devices):
                    group.create_task(self._keep(device, number * step, sink))
        finally:
            self._transport.close()

    async def _keep(self, device: PolledDevice, delay_s: float, sink: EventSink) -> None:
        due = time.monotonic() + delay_s
        inventory_due = 0.0
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            late = time.monotonic() - due
            if late > self._settings.interval_s:
                self.missed += int(late // self._settings.interval_s)
                due += self._settings.interval_s * int(late // self._settings.interval_s)
            due += self._settings.interval_s
            async with self._places:
                whole = time.monotonic() >= inventory_due
                documents = await self.poll(device, inventory=whole)
            if whole:
                inventory_due = time.monotonic() + self._settings.inventory_interval_s
            await deliver(sink, [self._frame(documents)])

    async def poll(self, device: PolledDevice, *, inventory: bool) -> list[Event]:
        """Documents of one device, at least one: what it says, or that it says nothing."""
        began, now = time.monotonic(), milliseconds(self._reporter.now())
        self.polls += 1
        documents: list[Event] = []
        try:
            async with asyncio.timeout(self._settings.device_s):
                documents += await device.metrics()
                if inventory:
                    documents += await device.items(self._book, now)
        except (SnmpError, OSError, TimeoutError) as error:
            problem = TimeoutError("the device takes too long") if isinstance(error, TimeoutError) else error
            documents.append(failure(device.host, device.name, problem, time.monotonic() - began))
        return [{"@timestamp": now, **each} for each in documents]

    def _frame(self, documents: list[Event]) -> Any:
        return self._reporter.frame(FrameKind.DOCUMENTS, len(documents), _encode(documents))


def _address(host: str, port: int) -> tuple[str, int]:
    """``host`` or ``host:port``."""
    name, separator, own = host.rpartition(":")
    return (name, int(own)) if separator and own.isdigit() and ":" not in name else (host, port)


def credentials_of(settings: SnmpSettings) -> Credentials:
    """The credentials of v2c or v3; ``AppError(INVALID)``."""
    if settings.user:
        for name, known in (("auth", AUTH), ("privacy", PRIVACY)):
            if getattr(settings, name) not in known:
                problem = f"one of {', '.join(known)}"
                raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place=name, problem=problem)
        auth_key, privacy_key = secret_of(settings.auth_key).reveal(), secret_of(settings.privacy_key).reveal()
        return User(settings.user, settings.auth, auth_key, settings.privacy, privacy_key)
    if not settings.community:
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place="community", problem="or user is needed")
    return secret_of(settings.community).reveal().encode()


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A poller of many devices."""
    settings = settings_of(tree, SnmpSettings)
    return SnmpPoller(reporter, settings, credentials_of(settings))
