"""What registers and telemetry say about a unit's objects, and the offers that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ops.filing.document import FilingDocument, Origin
from ops.filing.prefill import Offer

GIB, TIB = 1 << 30, 1 << 40
DAYS_PER_MONTH = 365.25 / 12
LEAST_DAYS = 7
MOST_UNITS = 3


class Stated(msgspec.Struct, frozen=True):
    """Values a register states, by field id, as of a day."""

    values: dict[str, Any]
    observed: datetime
    evidence: str = ""


class SizePoint(msgspec.Struct, frozen=True):
    """Size of one data category's store at one moment, in bytes, with its records that hold personal information."""

    at: datetime
    bytes: int
    personal_records: int | None = None


class FlowPeer(msgspec.Struct, frozen=True):
    """Traffic with another system; ``sector``: ``own_unit``, ``same_sector``, ``other_sector`` or ``other``."""

    unit: str
    sector: str
    bytes_in: int
    bytes_out: int
    category: str = ""
    abroad: bool = False


class Exposed(msgspec.Struct, frozen=True):
    """A service of an object that was reached from the internet."""

    address: str
    port: int
    protocol: str
    domain: str = ""


class Known(Protocol):
    """What the platform knows; every method may answer nothing. Keys are those of the filing's sheets."""

    def unit(self, unit: str) -> Stated | None: ...

    def object(self, key: str) -> Stated | None: ...

    def category(self, key: str) -> Stated | None: ...

    def sizes(self, key: str) -> Sequence[SizePoint]: ...

    def peers(self, key: str) -> tuple[Sequence[FlowPeer], datetime] | None: ...

    def exposed(self, key: str) -> tuple[Sequence[Exposed], datetime] | None: ...

    def levels(self, unit: str) -> tuple[Mapping[int, int], datetime] | None: ...

    def categories(self, key: str) -> Sequence[str]: ...

    def seen_object(self, key: str) -> Sequence[tuple[str, Stated]]: ...

    def seen_category(self, key: str) -> Sequence[tuple[str, Stated]]: ...


class PlatformPrefill:
    """Offers made from what the platform knows (the shipped ``Prefill``)."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def offers(self, unit: str, document: FilingDocument) -> list[Offer]:
        """Offers for every sheet of ``document``."""
        found = [*self._unit(unit)]
        for key in document.objects:
            found += self._object(key, document)
        for sheet in document.of_table("T6"):
            found += self._category(sheet.key)
        return found

    def categories(self, key: str) -> Sequence[str]:
        """Data categories of an object."""
        return self._known.categories(key)

    def _unit(self, unit: str) -> Iterator[Offer]:
        stated = self._known.unit(unit)
        if stated:
            yield from _stated("T1", "", stated, "register")
        levels = self._known.levels(unit)
        if levels:
            counts, observed = levels
            origin = Origin("register", observed, f"/register/units/{unit}")
            for level in range(1, 6):
                yield Offer("T1", "", f"objects_all_l{level}", counts.get(level, 0), origin)
            yield Offer("T1", "", "objects_all_total", sum(counts.values()), origin)

    def _object(self, key: str, document: FilingDocument) -> Iterator[Offer]:
        for source, seen in self._known.seen_object(key):
            yield from _stated("T2", key, seen, source)
        stated = self._known.object(key)
        if stated:
            for table in ("T2", "T3", "T4", "T5"):
                yield from _stated(table, key, stated, "register")
        exposed = self._known.exposed(key)
        if exposed and exposed[0]:
            yield from _exposed(key, exposed[0], Origin("exposed_services", exposed[1], f"/exposure?object={key}"))
        peers = self._known.peers(key)
        if peers and peers[0]:
            origin = Origin("flows", peers[1], f"/flows?object={key}")
            yield Offer("T2", key, "interconnections", sorted({peer.sector for peer in peers[0]}), origin)

    def _category(self, key: str) -> Iterator[Offer]:
        for source, seen in self._known.seen_category(key):
            yield from _stated("T6", key, seen, source)
        stated = self._known.category(key)
        if stated:
            yield from _stated("T6", key, stated, "data_register")
        yield from _sizes(key, self._known.sizes(key))
        peers = self._known.peers(key.partition("/")[0])
        if peers:
            yield from _units(key, peers[0], Origin("flows", peers[1], f"/flows?category={key}"))


def _stated(table: str, key: str, stated: Stated, source: str) -> Iterator[Offer]:
    prefix = f"{table}."
    origin = Origin(source, stated.observed, stated.evidence)
    for name, value in stated.values.items():
        if name.startswith(prefix):
            yield Offer(table, key, name.removeprefix(prefix), value, origin)


def _exposed(key: str, services: Iterable[Exposed], origin: Origin) -> Iterator[Offer]:
    listed = list(services)
    addresses = sorted({service.address for service in listed})
    domains = sorted({service.domain for service in listed if service.domain})
    ports = sorted({f"{service.protocol.upper()}/{service.port}" for service in listed})
    yield Offer("T2", key, "internet_source_ip", ", ".join(addresses), origin)
    yield Offer("T2", key, "internet_protocols_ports", ", ".join(ports), origin)
    if domains:
        yield Offer("T2", key, "internet_domain", ", ".join(domains), origin)


def _sizes(key: str, points: Sequence[SizePoint]) -> Iterator[Offer]:
    if not points:
        return
    ordered = sorted(points, key=lambda point: point.at)
    origin = Origin("store_sizes", ordered[-1].at, f"/store/sizes?category={key}")
    yield from _volume(key, "total_size", ordered[-1].bytes, origin)
    growth = monthly_growth(ordered)
    if growth is not None:
        yield from _volume(key, "monthly_growth", growth, origin)
    if ordered[-1].personal_records is not None:
        yield Offer("T6", key, "pi_records", round(ordered[-1].personal_records / 10_000, 4), origin)


def _volume(key: str, field: str, size: float, origin: Origin) -> Iterator[Offer]:
    unit, scale = ("TB", TIB) if size >= TIB else ("GB", GIB)
    yield Offer("T6", key, field, round(size / scale, 3), origin)
    yield Offer("T6", key, f"{field}_unit", unit, origin)


def monthly_growth(points: Sequence[SizePoint]) -> float | None:
    """Growth in bytes per month by the Theil-Sen slope (robust against clean-ups); None under a week.

    Never below 0: the form asks for growth, a shrinking store grows by nothing.
    """
    if len(points) < 2 or (points[-1].at - points[0].at).days < LEAST_DAYS:
        return None
    step = max(1, len(points) // 100)
    sampled = points[::step]
    slopes = sorted(
        (two.bytes - one.bytes) / ((two.at - one.at).total_seconds() / 86_400)
        for index, one in enumerate(sampled)
        for two in sampled[index + 1 :]
        if two.at > one.at
    )
    if not slopes:
        return None
    middle = len(slopes) // 2
    median = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    return max(0.0, median * DAYS_PER_MONTH)


def _units(key: str, peers: Sequence[FlowPeer], origin: Origin) -> Iterator[Offer]:
    category = key.partition("/")[2]
    mine = [peer for peer in peers if peer.category in ("", category) and peer.sector != "own_unit" and peer.unit]
    for field, volume in (("source_unit", _bytes_in), ("outflow_unit", _bytes_out)):
        ranked = sorted((peer for peer in mine if volume(peer)), key=lambda peer: (-volume(peer), peer.unit))
        for place, peer in enumerate(ranked[:MOST_UNITS], 1):
            yield Offer("T6", key, f"{field}_{place}", peer.unit, origin)


def _bytes_in(peer: FlowPeer) -> int:
    return peer.bytes_in


def _bytes_out(peer: FlowPeer) -> int:
    return peer.bytes_out
