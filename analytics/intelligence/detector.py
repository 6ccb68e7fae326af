"""Does an event hold a known bad value? Implements ``infra.events.Detector``.

A million values are kept as two bits each of 16 MiB; the few that meet both are looked up on the shelf. What a value
was found to be is remembered, for values come again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

from analytics.intelligence.indicator import IndicatorKind, ThreatIndicator
from analytics.intelligence.shelf import Shelf
from infra.events import Event, Signal, Why
from infra.exchange import Level
from infra.ids import stable_id

log = logging.getLogger(__name__)
DETECTOR = "intelligence"
BITS = 27
MASK = (1 << BITS) - 1
REMEMBERED = 200_000
LOOK_S = 5.0
NETWORKS = 100_000
ADDRESSES = ("source.ip", "destination.ip", "client.ip", "server.ip")
DOMAINS = ("dns.question.name", "url.domain", "tls.client.server_name")
FIELDS = (
    *ADDRESSES, *DOMAINS, "dns.resolved_ip", "url.full", "url.original", "process.hash.sha256", "process.hash.sha1",
    "process.hash.md5", "file.hash.sha256", "file.hash.sha1", "file.hash.md5", "dll.hash.sha256",
    "email.from.address", "tls.client.ja4",
)  # fmt: skip
ON_THE_WIRE = frozenset((*ADDRESSES, *DOMAINS, "dns.resolved_ip", "url.full", "url.original", "tls.client.ja4"))
OTHER_END = {"source.ip": "destination.ip", "client.ip": "server.ip", "server.ip": "client.ip"}
RELOAD_S = 3600.0
LONGEST, LONGEST_NAME = 4_096, 255
_NONE: tuple[ThreatIndicator, ...] = ()
_NETWORK_WIDTHS = dict[tuple[int, int], set[int]]


class IndicatorDetector:
    """Reads the shelf at ``path`` (may be absent) and looks every few seconds whether it changed. For one thread."""

    def __init__(
        self, path: Path, now: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._path, self._now, self._monotonic = path, now, monotonic
        self._shelf: Shelf | None = None
        self._generation = -1
        self._loaded = float("-inf")
        self._looked = float("-inf")
        self._bits = bytearray()
        self._networks: _NETWORK_WIDTHS = {}
        self._known: dict[str, tuple[ThreatIndicator, ...]] = {}
        self.size = 0

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        """A signal per event and indicator it holds; the event itself is marked with the surest one."""
        self._look()
        if not self.size:
            return []
        signals: list[Signal] = []
        known = self._known
        for event in events:
            for field in FIELDS:
                value = event.get(field)
                if not value:
                    continue
                if value.__class__ is str:
                    if value[0] == "/":  # a path without its host is no URL of a feed
                        continue
                    found = known.get(value)
                    if found is None:
                        found = self._learn(value)
                    if found:
                        signals.append(_signal(event, field, value, found))
                else:
                    signals += self._several(event, field, value)
        return signals

    def _several(self, event: Event, field: str, values: object) -> list[Signal]:
        if not isinstance(values, list):
            return []
        found = [(str(value), self._known.get(str(value)) or self._learn(str(value))) for value in values[:100]]
        return [_signal(event, field, value, one) for value, one in found if one]

    def _learn(self, value: str) -> tuple[ThreatIndicator, ...]:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        if value[-1:].isdigit() and value[:1].isdigit():  # an address or a hash: it is below no name
            small = value.lower()
            may_be = self._networks or self._meets(value) or (small != value and self._meets(small))
        else:
            may_be = self._may_be(value)
        found = self._known[value] = self._find(value) if may_be else _NONE
        return found

    def _may_be(self, value: str) -> bool:
        """Whether a form of the value meets its bits; nearly always this is all that is done for a new value."""
        if len(value) > LONGEST:
            return False
        if self._meets(value):
            return True
        small = value.lower().rstrip(".")
        if small != value and self._meets(small):
            return True
        if len(small) <= LONGEST_NAME and "/" not in small and "@" not in small and ":" not in small:
            at = small.find(".") + 1
            while at and (after := small.find(".", at)) >= 0:
                if self._meets(small[at:]):
                    return True
                at = after + 1
        return bool(self._networks) and ":" in value[:5]

    def _meets(self, form: str) -> int:
        mark, bits = hash(form), self._bits
        one = mark & MASK
        if not bits[one >> 3] >> (one & 7) & 1:  # nearly every form
            return 0
        two = mark >> BITS & MASK
        return bits[two >> 3] >> (two & 7) & 1

    def _find(self, value: str) -> tuple[ThreatIndicator, ...]:
        """What the shelf says of the value, of the domains above it and of the networks around it."""
        assert self._shelf
        found: list[ThreatIndicator] = []
        for form in (*filter(self._meets, _forms(value)), *self._around(value)):
            found += self._shelf.of(form, self._now())
        return tuple(found)

    def _around(self, value: str) -> Iterator[str]:
        """The networks on the shelf that an address lies in."""
        if not self._networks or not (value[:1].isdigit() or ":" in value[:5]):
            return
        try:
            address = ip_address(value)
        except ValueError:
            return
        number, width = int(address), address.max_prefixlen
        for (version, prefix), bases in self._networks.items():
            if version != address.version:
                continue
            base = number >> (width - prefix) << (width - prefix)
            if base in bases:
                yield f"{type(address)(base)}/{prefix}"

    def _look(self) -> None:
        now = self._monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        if self._shelf is None:
            if not self._path.exists():
                return
            self._shelf = Shelf(self._path)
        generation = self._shelf.generation()
        if generation != self._generation or now - self._loaded > RELOAD_S:  # the hour takes out what expired
            self._generation, self._loaded = generation, now
            self._load(self._shelf)

    def _load(self, shelf: Shelf) -> None:
        bits, networks, size = bytearray(1 << BITS - 3), _NETWORK_WIDTHS(), 0
        for kind, value in shelf.values(self._now()):
            size += 1
            if kind == IndicatorKind.NETWORK and len(networks) < NETWORKS:
                network = ip_network(value)
                networks.setdefault((network.version, network.prefixlen), set()).add(int(network.network_address))
            else:
                whole = hash(value)
                for mark in (whole & MASK, whole >> BITS & MASK):
                    bits[mark >> 3] |= 1 << (mark & 7)
        self._bits, self._networks, self.size = bits, networks, size
        self._known.clear()
        log.info("intelligence.loaded", extra={"indicators": size})


def _forms(value: str) -> Iterator[str]:
    """The value as it stands and in small letters, and for a name every domain above it."""
    yield value
    small = value.lower().rstrip(".")
    if small != value:
        yield small
    if len(small) <= LONGEST_NAME and "/" not in small and "@" not in small and ":" not in small:
        while small.count(".") > 1:
            small = small.split(".", 1)[1]
            yield small


def _signal(event: Event, field: str, value: str, found: Sequence[ThreatIndicator]) -> Signal:
    surest = max(found, key=lambda one: one.confidence)
    event["threat.indicator.type"] = surest.kind.value
    event["threat.indicator.name"], event["threat.indicator.provider"] = surest.value, surest.source
    kind, entity = _entity(event, field)
    event_id = str(event.get("event.id", ""))
    age = (event["@timestamp"] - surest.since).days
    return Signal(
        id=stable_id(DETECTOR, surest.value, event_id), time=event["@timestamp"],
        rule_id=f"intelligence-{surest.kind.value}", rule_name=f"Known bad {surest.kind.value} met",
        detector=DETECTOR, level=_level(surest.confidence), event_ids=(event_id,), entity_type=kind,
        entity_value=entity,
        why=(
            Why(field, value[:300], surest.value),
            Why("threat.indicator.provider", ", ".join(dict.fromkeys(one.source for one in found)), ""),
            Why("threat.indicator.confidence", str(surest.confidence), ""),
            Why("threat.indicator.age", f"{max(0, age)} d", f"valid until {surest.until.date().isoformat()}"),
            *([Why("threat.indicator.description", surest.name, "")] if surest.name else []),
        ),
        author=surest.source, system=str(event.get("yaodun.system") or ""), asset=str(event.get("yaodun.asset") or ""),
    )  # fmt: skip


def _level(confidence: int) -> Level:
    return Level.HIGH if confidence >= 80 else Level.MEDIUM if confidence >= 50 else Level.LOW


def _entity(event: Event, field: str) -> tuple[str, str]:
    """Who met it: the other end of the wire, else the host."""
    other = {"source.ip": "destination.ip", "client.ip": "server.ip", "server.ip": "client.ip"}.get(field, "source.ip")
    if (address := event.get(other)) and field in (
        *ADDRESSES,
        *DOMAINS,
        "dns.resolved_ip",
        "url.full",
        "tls.client.ja4",
    ):
        return "ip", str(address)
    for kind, name in (("host", "host.name"), ("ip", "source.ip"), ("user", "user.name")):
        if value := event.get(name):
            return kind, str(value)
    return "source", str(event.get("yaodun.source") or "unknown")
