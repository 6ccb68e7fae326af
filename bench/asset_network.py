"""A generated network for the figure of asset merging: hosts live for three weeks, come and go, change addresses,
names, cards and systems, are cloned and replaced; sources see parts of them.

Every observation carries the number of the true device. Nothing of that reaches the book.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from infra.register.identity import Observation, SightedBy

T = TypeVar("T")
DAY = 86_400.0
DAYS = 21
LEASE = 8 * 3_600.0
START = 1_760_000_000.0


@dataclass
class Device:
    """One true device. ``names``, ``machine_ids`` and ``cards`` are (from, value) over time."""

    number: int
    kind: str
    site: int
    agent: bool
    dhcp: bool
    born: float
    died: float
    serial: str
    instance: str
    spki: str
    names: list[tuple[float, str]]
    machine_ids: list[tuple[float, str]]
    cards: list[tuple[float, tuple[str, ...]]]
    logs: bool = False
    silent: bool = False
    address: str = ""
    sessions: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Network:
    """``hosts`` devices from ``seed``."""

    hosts: int
    seed: int

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.devices: list[Device] = []
        self._macs: set[str] = set()

    def observations(self) -> Iterator[tuple[int, Observation]]:
        """True device and observation, in the order of time."""
        self._populate()
        found: list[tuple[float, int, int, Observation]] = []
        for device in self.devices:
            for seen in self._static(device) if not device.dhcp else ():
                found.append((seen.at, len(found), device.number, seen))
        for device, seen in self._leased():
            found.append((seen.at, len(found), device.number, seen))
        for _, _, number, seen in sorted(found):
            yield number, seen

    # Who there is

    def _populate(self) -> None:
        chance = self.chance
        kinds = ["desktop"] * 40 + ["laptop"] * 20 + ["server"] * 14 + ["vm"] * 18 + ["thing"] * 7 + ["quiet"]
        while len(self.devices) < self.hosts:
            kind = chance.choice(kinds)
            if kind == "vm" and chance.random() < 0.15:
                self._clones(chance.randint(2, 4))
            else:
                self._add(kind)
        for device in chance.sample(self.devices, self.hosts // 33):
            self._replace(device)

    def _add(self, kind: str) -> Device:
        chance, number = self.chance, len(self.devices)
        born = START if chance.random() < 0.8 else START + chance.random() * DAYS * DAY * 0.6
        hard = kind in ("desktop", "laptop", "server") and chance.random() < 0.8
        cards = 2 if kind in ("laptop", "server") else 1
        device = Device(
            number, kind, chance.randrange(12), self._has_agent(kind), kind in ("desktop", "laptop") or
            (kind == "thing" and chance.random() < 0.7), born, START + DAYS * DAY,
            f"SN{chance.randrange(10**9):09d}" if hard else chance.choice(("", "To be filled by O.E.M.", "0")),
            f"i-{chance.randrange(16**12):012x}" if kind == "vm" and chance.random() < 0.7 else "",
            f"{chance.randrange(16**40):040x}" if kind in ("server", "vm") and chance.random() < 0.5 else "",
            [(0.0, self._name(kind, number))], [(0.0, f"{chance.randrange(16**32):032x}")],
            [(0.0, tuple(self._mac(kind) for _ in range(cards)))],
            logs=chance.random() < 0.5, silent=kind == "quiet",
        )  # fmt: skip
        self._change(device)
        self.devices.append(device)
        return device

    def _has_agent(self, kind: str) -> bool:
        share = {"desktop": 0.5, "laptop": 0.6, "server": 0.8, "vm": 0.75}.get(kind, 0.0)
        return self.chance.random() < share

    def _name(self, kind: str, number: int) -> str:
        if kind == "thing":
            return self.chance.choice(("", f"cam-{number}", f"prn-{number}", "localhost"))
        return "" if kind == "quiet" else f"{kind[:3]}-{number:05d}"

    def _mac(self, kind: str) -> str:
        while True:
            head = "52:54:00" if kind == "vm" else self.chance.choice(("3c:ec:ef", "a4:bf:01", "00:1b:21", "d8:bb:c1"))
            tail = ":".join(f"{self.chance.randrange(256):02x}" for _ in range(3))
            if (mac := f"{head}:{tail}") not in self._macs:
                self._macs.add(mac)
                return mac

    def _change(self, device: Device) -> None:
        chance = self.chance
        when = lambda: device.born + DAY + chance.random() * (device.died - device.born - 2 * DAY)  # noqa: E731
        if device.kind in ("desktop", "laptop", "server", "vm") and chance.random() < 0.10:
            device.names.append((when(), f"new-{device.number:05d}"))
        if device.kind in ("desktop", "laptop", "server") and chance.random() < 0.03:
            device.machine_ids.append((when(), f"{chance.randrange(16**32):032x}"))
        if device.kind in ("desktop", "server") and chance.random() < 0.02:
            kept = device.cards[0][1][1:]
            device.cards.append((when(), (self._mac(device.kind), *kept)))

    def _clones(self, copies: int) -> None:
        """A machine copied with its machine id; half of the copies keep its name for some days."""
        first = self._add("vm")
        first.agent = True
        for _ in range(copies):
            copy = self._add("vm")
            copy.agent, copy.machine_ids, copy.serial = True, [(0.0, first.machine_ids[0][1])], first.serial
            copy.born = max(copy.born, first.born + self.chance.random() * 5 * DAY)
            own = copy.names[0][1]
            if self.chance.random() < 0.5:
                copy.names = [(0.0, first.names[0][1]), (copy.born + self.chance.random() * 3 * DAY, own)]

    def _replace(self, device: Device) -> None:
        """It is scrapped, and a new machine of the kind gets its name."""
        if device.kind in ("thing", "quiet"):
            return
        device.died = START + (6 + self.chance.random() * 8) * DAY
        heir = self._add(device.kind)
        heir.born, heir.site = device.died + self.chance.random() * DAY, device.site
        heir.names = [(0.0, _at(device.names, device.died))]

    # What is seen

    def _static(self, device: Device) -> Iterator[Observation]:
        address = f"10.{100 + device.number // 60_000}.{device.number // 250 % 250}.{device.number % 250 + 1}"
        end = device.died
        yield from self._life(device, address, device.born, end)

    def _leased(self) -> Iterator[tuple[Device, Observation]]:
        """Sessions of all devices with leases, in the order of time, against pools that are a third too small."""
        chance = self.chance
        coming: list[tuple[float, int, float]] = []
        for device in self.devices:
            if device.dhcp:
                coming += [(start, device.number, end) for start, end in self._sessions(device)]
        coming.sort()
        sizes = {site: sum(1 for each in self.devices if each.dhcp and each.site == site) for site in range(12)}
        free = {site: [f"10.{site}.{n // 250}.{n % 250 + 1}" for n in range(max(8, int(size * 0.9)))]
                for site, size in sizes.items()}  # fmt: skip
        for pool in free.values():
            chance.shuffle(pool)
        held: list[tuple[float, str, int]] = []
        last: dict[int, tuple[str, float]] = {}
        for start, number, end in coming:
            device = self.devices[number]
            while held and held[0][0] <= start:
                _, address, site = heapq.heappop(held)
                free[site].append(address)
            pool = free[device.site]
            before = last.get(number, ("", 0.0))[0]
            if before in pool:
                pool.remove(before)
                address = before
            elif pool:
                address = pool.pop(chance.randrange(len(pool)))
            else:
                continue
            last[number] = (address, end)
            over = end + LEASE / 2
            heapq.heappush(held, (over, address, device.site))
            card = chance.choice(_at(device.cards, start))
            yield device, Observation(by=SightedBy.DHCP, at=start, macs=(card,), ips=(address,), until=over,
                                      name=_at(device.names, start), vlan=str(device.site))  # fmt: skip
            for seen in self._life(device, address, start + 1, end, card):
                yield device, seen

    def _sessions(self, device: Device) -> Iterator[tuple[float, float]]:
        chance, at = self.chance, device.born
        while at < device.died - 3_600:
            start = at + chance.random() * 8 * 3_600
            end = min(device.died, start + (2 + chance.random() * 12) * 3_600)
            if start < end and chance.random() < 0.8:
                yield start, end
            at += DAY

    def _life(self, device: Device, address: str, start: float, end: float, card: str = "") -> Iterator[Observation]:
        chance = self.chance
        moments = lambda a_day: sorted(  # noqa: E731
            start + chance.random() * (end - start) for _ in range(_times(chance, a_day * (end - start) / DAY))
        )
        if device.silent:
            yield from (Observation(by=SightedBy.FLOW, at=at, ips=(address,)) for at in moments(1))
            return
        if device.agent:
            for at in moments(3 if device.dhcp else 1.5):
                yield self._by_agent(device, address, at)
        if device.instance:
            for at in moments(0.5):
                yield Observation(by=SightedBy.CLOUD, at=at, instance_id=device.instance, ips=(address,),
                                  macs=_at(device.cards, at), name=_at(device.names, at))  # fmt: skip
        for at in moments(1.0):
            yield Observation(by=SightedBy.ARP, at=at, macs=(card or _at(device.cards, at)[0],), ips=(address,),
                              vlan=str(device.site))  # fmt: skip
        yield from (Observation(by=SightedBy.FLOW, at=at, ips=(address,)) for at in moments(2))
        if device.logs and _at(device.names, start):
            for at in moments(1):
                known = (address,) if chance.random() < 0.5 else ()
                yield Observation(by=SightedBy.LOG, at=at, name=_at(device.names, at), ips=known)
        if device.spki:
            for at in moments(0.3):
                yield Observation(by=SightedBy.CERTIFICATE, at=at, spki=device.spki, ips=(address,))
        if device.kind == "server" and device.serial.startswith("SN"):
            for at in moments(0.2):
                yield Observation(by=SightedBy.LLDP, at=at, serial=device.serial, macs=_at(device.cards, at)[:1],
                                  name=_at(device.names, at))  # fmt: skip

    def _by_agent(self, device: Device, address: str, at: float) -> Observation:
        name = _at(device.names, at)
        return Observation(
            by=SightedBy.AGENT, at=at, machine_id=_at(device.machine_ids, at), serial=device.serial,
            macs=_at(device.cards, at), ips=(address,),
            name=name if self.chance.random() < 0.7 else f"{name}.corp.example",
            instance_id=device.instance if self.chance.random() < 0.5 else "",
        )  # fmt: skip


def _at(timeline: list[tuple[float, T]], moment: float) -> T:
    return next(value for since, value in reversed(timeline) if since <= moment)


def _times(chance: random.Random, mean: float) -> int:
    whole = int(mean)
    return whole + (chance.random() < mean - whole)
