"""What events say of devices: each event is looked at once in passing, and what is new becomes an observation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from infra.events.stream import Event, Stream
from infra.register.identity import Observation, SightedBy

AGAIN_S = 300.0
"""The same thing about the same device is told again after so long."""
MOST_WAITING = 20_000
MOST_KNOWN = 200_000
DHCP_MODULES = ("dhcp", "dnsmasq", "kea", "dhcpd")
_CLOUD_KINDS = ("instance", "vm", "server", "domain")


class Sightings:
    """``see`` is called for every event, on one thread; ``take`` by whoever keeps the register."""

    def __init__(self) -> None:
        self._told: dict[tuple[Any, ...], float] = {}
        self._waiting: list[Observation] = []
        self._lock = threading.Lock()

    def see(self, event: Event) -> None:
        """Take note of what ``event`` says."""
        stream = event.get("yaodun.stream")
        if stream == Stream.METRICS.value or stream == Stream.SIGNALS.value:
            return
        at = event["@timestamp"].timestamp()
        host = event.get("host.id") or event.get("host.name")
        if stream == Stream.INVENTORY.value:
            self._see_inventory(event, at)
        elif stream == Stream.FLOWS.value:
            self._see_flow(event, at)
        elif event.get("event.module") in DHCP_MODULES or event.get("network.protocol") == "dhcp":
            self._see_lease(event, at)
        elif host is not None and self._due((host, event.get("host.name"), stream), at):
            self._tell(_of_host(event, at))
        if "x509.subject.common_name" in event or "tls.server.hash.sha256" in event:
            self._see_certificate(event, at)

    def take(self) -> list[Observation]:
        """What was seen since the last time."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken

    def _see_inventory(self, event: Event, at: float) -> None:
        kind, item = event.get("yaodun.inventory.kind"), event.get("yaodun.inventory.item") or {}
        if kind == "host":
            self._tell(_of_machine(event, item, at))
        elif kind == "neighbour":
            if self._due(("arp", event.get("yaodun.inventory.key"), item.get("mac")), at):
                vlan, macs = str(item.get("vlan", "")), _texts(item.get("mac"))
                self._tell(Observation(by=SightedBy.ARP, at=at, macs=macs, vlan=vlan, ips=_texts(item.get("ip"))))
        elif kind in ("lldp", "cdp"):
            self._tell(
                Observation(
                    by=SightedBy.LLDP,
                    at=at,
                    serial=str(item.get("serial", "")),
                    name=str(item.get("name", "")),
                    macs=_texts(item.get("mac")),
                    ips=_texts(item.get("ip")),
                )
            )
        elif kind in _CLOUD_KINDS and item.get("id"):
            self._tell(
                Observation(
                    by=SightedBy.CLOUD,
                    at=at,
                    instance_id=str(item["id"]),
                    name=str(item.get("name", "")),
                    macs=_texts(item.get("mac")),
                    ips=_texts(item.get("ip")),
                )
            )
        elif (host := event.get("host.id")) and self._due((host, event.get("host.name"), "inventory"), at):
            self._tell(_of_host(event, at, SightedBy.AGENT))

    def _see_flow(self, event: Event, at: float) -> None:
        for side in ("source", "destination"):
            address = event.get(f"{side}.ip")
            if address and _private(address) and self._due(("flow", address), at):
                mac = event.get(f"{side}.mac")
                by = SightedBy.ARP if mac and side == "source" else SightedBy.FLOW
                macs = (str(mac),) if by is SightedBy.ARP else ()
                self._tell(Observation(by=by, at=at, ips=(address,), macs=macs))

    def _see_lease(self, event: Event, at: float) -> None:
        """A lease as a DHCP server logs it: who got which address under which name."""
        mac = event.get("client.mac") or event.get("source.mac")
        address = event.get("client.ip") or event.get("source.ip")
        if mac and address:
            name = event.get("client.domain") or event.get("source.domain") or ""
            self._tell(Observation(by=SightedBy.DHCP, at=at, macs=(str(mac),), ips=(str(address),), name=str(name)))

    def _see_certificate(self, event: Event, at: float) -> None:
        address = event.get("server.ip") or event.get("destination.ip")
        key = event.get("tls.server.hash.sha256") or event.get("x509.serial_number")
        if address and key and self._due(("cert", key, address), at):
            self._tell(Observation(by=SightedBy.CERTIFICATE, at=at, spki=str(key), ips=(str(address),)))

    def _due(self, key: tuple[Any, ...], at: float) -> bool:
        told = self._told.get(key)
        if told is not None and 0 <= at - told < AGAIN_S:
            return False
        if len(self._told) >= MOST_KNOWN:
            self._told.clear()
        self._told[key] = at
        return True

    def _tell(self, seen: Observation) -> None:
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(seen)


def _of_host(event: Event, at: float, by: SightedBy = SightedBy.LOG) -> Observation:
    return Observation(
        by=by, at=at, machine_id=str(event.get("host.id") or ""), name=str(event.get("host.name") or ""),
        ips=_texts(event.get("host.ip")) if by is SightedBy.LOG else (),
    )  # fmt: skip


def _of_machine(event: Event, item: dict[str, Any], at: float) -> Observation:
    known = ("os", "kernel", "architecture", "vendor", "model", "virtual", "agent")
    facts = {name: str(item[name])[:200] for name in known if item.get(name)}
    return Observation(
        by=SightedBy.AGENT, at=at, machine_id=str(event.get("host.id") or ""), serial=str(item.get("serial") or ""),
        instance_id=str(item.get("instance_id") or ""), name=str(event.get("host.name") or ""),
        macs=_texts(event.get("host.mac")), ips=_texts(event.get("host.ip")), facts=facts,
    )  # fmt: skip


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_each(value))


def _each(value: Any) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield str(each)
    elif value:
        yield str(value)


def _private(address: str) -> bool:
    """Quick: the addresses a site gives its own devices."""
    head, _, rest = address.partition(".")
    if head == "10" or (head == "192" and rest.startswith("168.")) or address.startswith(("fd", "fc")):
        return True
    second = rest.partition(".")[0]
    return head == "172" and second.isdigit() and 16 <= int(second) <= 31
