"""Traps and informs of v2c and v3: each becomes an event; informs are confirmed. Unknown OIDs stay as they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.proto.api import v2c

from collectors.delivery import deliver
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.pollers.secret import secret_of
from collectors.receivers.addresses import split_address
from collectors.sources.reporting import Reporter, milliseconds
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

AUTH = {
    "sha1": config.USM_AUTH_HMAC96_SHA,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}
PRIVACY = {"aes128": config.USM_PRIV_CFB128_AES, "aes256": config.USM_PRIV_CFB256_AES}
MAX_WAITING = 10_000
MAX_VALUES = 128
_GATHER_S = 0.05
_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
_UPTIME = "1.3.6.1.2.1.1.3.0"
_KNOWN = {
    "1.3.6.1.6.3.1.1.5.1": "cold-start", "1.3.6.1.6.3.1.1.5.2": "warm-start", "1.3.6.1.6.3.1.1.5.3": "link-down",
    "1.3.6.1.6.3.1.1.5.4": "link-up", "1.3.6.1.6.3.1.1.5.5": "authentication-failure",
}  # fmt: skip


class TrapSettings(PollerSettings, frozen=True, kw_only=True):
    """``community`` and the keys name secrets. ``engines`` are the engine ids of v3 senders of traps (hex); informs
    need none."""

    listen: str = "0.0.0.0:162"
    community: str = ""
    user: str = ""
    auth: str = "sha256"
    auth_key: str = ""
    privacy: str = "aes128"
    privacy_key: str = ""
    engines: Annotated[tuple[str, ...], msgspec.Meta(max_length=2_000)] = ()


class TrapPoller:
    """Listens on one address."""

    def __init__(self, reporter: Reporter, settings: TrapSettings) -> None:
        self._reporter, self._settings = reporter, settings
        self._waiting: list[Event] = []
        self._arrived = asyncio.Event()
        self.lost = 0

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; a port that is taken raises, and is tried again."""
        snmp = self._open()
        self._reporter.running()
        try:
            while True:
                await self._arrived.wait()
                await asyncio.sleep(_GATHER_S)
                self._arrived.clear()
                batch, self._waiting = self._waiting, []
                if self.lost:
                    batch.append(self._told_lost())
                await deliver(sink, [self._reporter.documents(batch, Stream.LOGS)])
        finally:
            snmp.close_dispatcher()

    def _open(self) -> Any:
        settings, snmp = self._settings, engine.SnmpEngine()
        transport = udp.UdpTransport().open_server_mode(split_address(settings.listen, 162))
        config.add_transport(snmp, udp.DOMAIN_NAME, transport)
        if settings.community:
            config.add_v1_system(snmp, "yaodun", secret_of(settings.community).reveal())
        if settings.user:
            self._add_user(snmp)
        ntfrcv.NotificationReceiver(snmp, self._take)
        return snmp

    def _add_user(self, snmp: Any) -> None:
        settings = self._settings
        auth, privacy = secret_of(settings.auth_key).reveal(), secret_of(settings.privacy_key).reveal()
        protocols = (
            AUTH[settings.auth] if auth else config.USM_AUTH_NONE, auth or None,
            PRIVACY[settings.privacy] if privacy else config.USM_PRIV_NONE, privacy or None,
        )  # fmt: skip
        config.add_v3_user(snmp, settings.user, *protocols)
        for sender in settings.engines:
            identity = v2c.OctetString(hexValue=sender.removeprefix("0x"))
            config.add_v3_user(snmp, settings.user, *protocols, securityEngineId=identity)

    def _take(self, snmp: Any, reference: Any, engine_id: Any, name: Any, values: Any, context: Any) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self.lost += 1
        else:
            _, address = snmp.message_dispatcher.get_transport_info(reference)
            found = [(str(oid), _plain(value)) for oid, value in list(values)[:MAX_VALUES]]
            self._waiting.append(trap_event(str(address[0]), found, milliseconds(time.time_ns())))
        self._arrived.set()

    def _told_lost(self) -> Event:
        lost, self.lost = self.lost, 0
        return {
            "@timestamp": milliseconds(time.time_ns()), "event.kind": "event", "event.module": "snmp",
            "event.action": "traps-lost", "message": f"{lost} traps came while too many waited and are lost",
        }  # fmt: skip


def trap_event(address: str, values: Sequence[tuple[str, int | str]], now_ms: int) -> Event:
    """The event of a notification (RFC 3416, section 4.2.6)."""
    named = dict(values)
    trap = str(named.get(_TRAP_OID, ""))
    rest = {oid: value for oid, value in values if oid not in (_TRAP_OID, _UPTIME)}
    action = _KNOWN.get(trap, "trap")
    shown = ", ".join(f"{oid}={value}" for oid, value in list(rest.items())[:8])
    return {
        "@timestamp": now_ms, "event.kind": "event", "event.category": ["network"], "event.type": ["info"],
        "event.action": action, "event.module": "snmp", "event.dataset": "snmp.trap", "event.code": trap,
        "host.name": address, "host.ip": [address], "source.ip": address, "snmp.values": rest,
        "message": f"{action} {trap} of {address}: {shown}"[:1_000],
    }  # fmt: skip


def _plain(value: Any) -> int | str:
    name = type(value).__name__
    if name in ("OctetString", "Opaque", "Bits"):
        octets = bytes(value)[:1_024]
        text = octets.decode("utf-8", "replace")
        return text if text.isprintable() else octets.hex()
    try:
        return int(value)
    except (TypeError, ValueError):
        return str(value.prettyPrint() if name == "IpAddress" else value)[:255]


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A receiver of notifications."""
    settings = settings_of(tree, TrapSettings)
    if settings.auth not in AUTH or settings.privacy not in PRIVACY or not (settings.community or settings.user):
        problem = "community, or user with auth sha1, sha256 or sha512 and privacy aes128 or aes256"
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place="user", problem=problem)
    for name in (settings.community, settings.auth_key, settings.privacy_key):
        secret_of(name)
    split_address(settings.listen, 162)
    return TrapPoller(reporter, settings)
