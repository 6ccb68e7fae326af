"""Scans by a sequential test: does a source meet failure as scanners do, or success as users do?

Threshold random walk (Jung, Paxson, Berger, Balakrishnan, "Fast Portscan Detection Using Sequential Hypothesis
Testing", IEEE S&P 2004): each first contact of a source multiplies a likelihood ratio; only first contacts count.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from analytics.network.finding import Bounded, Finding, Kind, seconds
from infra.events import Event
from infra.exchange import Level

SUCCESS_USER, SUCCESS_SCANNER = 0.8, 0.2
"""How likely a first contact of each succeeds; the paper's values."""
FALSE_ALARM, DETECTED = 1e-6, 0.99
UPPER = math.log(DETECTED / FALSE_ALARM)
LOWER = math.log((1 - DETECTED) / (1 - FALSE_ALARM))
FAILED = math.log((1 - SUCCESS_SCANNER) / (1 - SUCCESS_USER))
SUCCEEDED = math.log(SUCCESS_SCANNER / SUCCESS_USER)
LEAST_TARGETS = 10
FORGET_S = 3600.0
AGAIN_S = 3600.0
MOST_SOURCES, MOST_CONTACTS = 20_000, 2_000
RESET = 0x04


@dataclass(slots=True)
class _Walk:
    """Where the walk of one source stands."""

    ratio: float = 0.0
    last: float = 0.0
    told: float = -math.inf
    contacts: set[tuple[str, int]] = field(default_factory=set)
    failed: list[tuple[str, int]] = field(default_factory=list)


class ScanTest:
    """The walks of all sources."""

    def __init__(self) -> None:
        self._walks: Bounded[_Walk] = Bounded(MOST_SOURCES, _Walk)

    def see(self, event: Event) -> Finding | None:
        """Take in a flow; a finding where a source is decided to be a scanner, once an hour."""
        source, target = event.get("source.ip"), event.get("destination.ip")
        transport = event.get("network.transport")
        if not source or not target or transport not in ("tcp", "udp", "icmp") or _many(str(target)):
            return None
        walk, now = self._walks[source], seconds(event)
        if now - walk.last > FORGET_S:
            walk.ratio, walk.contacts, walk.failed = 0.0, set(), []
        walk.last = max(walk.last, now)
        contact = (str(target), int(event.get("destination.port") or 0))
        if contact in walk.contacts or len(walk.contacts) >= MOST_CONTACTS:
            return None
        walk.contacts.add(contact)
        self._step(walk, contact, failed(event))
        if walk.ratio < UPPER or len(walk.failed) < LEAST_TARGETS or now - walk.told < AGAIN_S:
            return None
        walk.told = now
        return _finding(str(source), walk)

    @staticmethod
    def _step(walk: _Walk, contact: tuple[str, int], fail: bool) -> None:
        walk.ratio = max(LOWER, walk.ratio + (FAILED if fail else SUCCEEDED))
        if fail:
            walk.failed.append(contact)


def failed(event: Event) -> bool:
    """Whether a contact came to nothing: no answer, or the first answer was a refusal."""
    answered = int(event.get("destination.packets") or 0)
    if answered == 0:
        return True
    if event.get("network.transport") != "tcp":
        return False
    flags, asked = int(event.get("yaodun.flow.tcp_flags") or 0), int(event.get("source.packets") or 0)
    return bool(flags & RESET) and answered <= 2 and asked <= 3 and not event.get("network.protocol")


def _many(address: str) -> bool:
    """Multicast and broadcast are nobody's port."""
    first = address.split(".", 1)[0]
    return address.startswith("ff") or address.endswith(".255") or (first.isdigit() and int(first) >= 224)


def _finding(source: str, walk: _Walk) -> Finding:
    hosts = Counter(host for host, _ in walk.failed)
    widest, ports = hosts.most_common(1)[0]
    sweep = len(hosts) > ports
    numbers = (
        ("destination.ip", widest if not sweep else f"{len(hosts)} hosts", ""),
        ("failed contacts", len(walk.failed), f"of {len(walk.contacts)} first contacts"),
        ("likelihood ratio (log)", walk.ratio, f">= {UPPER:.1f}"),
    )
    return Finding(Kind.HOST_SWEEP if sweep else Kind.PORT_SCAN, source, Level.MEDIUM, numbers)
