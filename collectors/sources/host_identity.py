"""Who this host is (cards, addresses, serial, system) and its neighbours: what the register merges assets by."""

from __future__ import annotations

import asyncio
import platform
import time
from pathlib import Path
from typing import Any

import psutil

from collectors.delivery import deliver
from collectors.sources.reporting import Host, Reporter, Reporting, milliseconds
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

LOOK_S = 60.0
TELL_S = 3600.0
_DMI = Path("/sys/class/dmi/id")
_ARP = Path("/proc/net/arp")
_COMPLETE = 0x2


class HostIdentitySource(Reporting):
    """Tells of the host when something changed and once an hour, of neighbours as they appear."""

    def __init__(self, host: Host, software: str = "") -> None:
        self._reporter = Reporter(host, "identity")
        self._software = software
        self._told: dict[str, tuple[Any, float]] = {}

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        while True:
            if documents := self.look():
                await deliver(sink, [self._reporter.documents(documents, Stream.INVENTORY)])
            await asyncio.sleep(LOOK_S)

    def look(self) -> list[Event]:
        """What is new since the last look."""
        now = time.monotonic()
        found = [describe(self._software), *neighbours()]
        documents = []
        for document in found:
            key, was = document["yaodun.inventory.key"], self._told.get(document["yaodun.inventory.key"])
            if was is None or was[0] != document or now - was[1] > TELL_S:
                self._told[key] = (document, now)
                stamp = milliseconds(self._reporter.now())
                documents.append({**document, "@timestamp": stamp, "yaodun.inventory.change": "present"})
        return documents


def describe(software: str = "") -> Event:
    """This host as an inventory item."""
    macs, addresses = _cards()
    item = {
        "serial": _read("product_serial") or _read("board_serial"),
        "vendor": _read("sys_vendor"),
        "model": _read("product_name"),
        "os": _system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "agent": software,
    }
    return {
        "event.kind": "asset", "yaodun.inventory.kind": "host", "yaodun.inventory.key": "host",
        "host.mac": macs, "host.ip": addresses,
        "yaodun.inventory.item": {key: text for key, text in item.items() if text},
    }  # fmt: skip


def neighbours(path: Path = _ARP) -> list[Event]:
    """The ARP table: who answers for which address on the networks of this host."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    found: list[Event] = []
    for fields in (line.split() for line in lines[:4_096]):
        if len(fields) >= 6 and int(fields[2], 16) & _COMPLETE and fields[3] != "00:00:00:00:00:00":
            item = {"ip": fields[0], "mac": fields[3], "card": fields[5]}
            found.append(
                {
                    "event.kind": "asset",
                    "yaodun.inventory.kind": "neighbour",
                    "yaodun.inventory.key": f"arp:{fields[0]}",
                    "yaodun.inventory.item": item,
                }
            )
    return found


def _cards() -> tuple[list[str], list[str]]:
    macs, addresses = [], []
    for name, items in psutil.net_if_addrs().items():
        if name == "lo" or name.startswith(("docker", "br-", "veth")):
            continue
        for item in items:
            if item.family == psutil.AF_LINK:
                macs.append(item.address)
            elif item.address:
                addresses.append(item.address.partition("%")[0])
    return sorted(set(macs)), sorted(set(addresses))


def _read(name: str) -> str:
    try:
        return (_DMI / name).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""
