"""The network detectors: precision and recall per detector on seeded cases and their look-alikes.

Each case is one source alone with a detector of its own. Scans by nmap, log-ins by hydra and curl and forged ARP on a
real wire are in ``tests/unit/analytics/network`` and ``tests/unit/collectors/capture``; what takes hours or needs an
operator of malware is made here from the published behaviour.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from analytics.network import NetworkDetector
from analytics.network.finding import Kind
from bench.figure import Row, figure
from infra.events import Event

CASES = 60
SEED = 20_261_125
START = datetime(2026, 11, 2, 1, tzinfo=UTC)
Make = Callable[[random.Random], Iterator[Event]]
WORDS = re.findall(
    r"[a-z]+",
    "medicine drug health cloud yaopin jiance shenpi weather mail portal service update report beijing shanghai market "
    "office travel school kitchen garden paper silver bridge river mountain window printer camera signal planet",
)


def flow(at: float, source: str, target: str, port: int, *, sent: int = 900, lasted: float = 1.0, answered: int = 8,
         flags: int = 0x1B, transport: str = "tcp") -> Event:  # fmt: skip
    """A conversation as the meter tells it, ``at`` seconds after the start."""
    begin = START + timedelta(seconds=at)
    return {
        "@timestamp": begin, "event.start": begin, "event.end": begin + timedelta(seconds=lasted),
        "event.action": "network_flow", "yaodun.stream": "flows", "network.transport": transport, "source.ip": source,
        "destination.ip": target, "destination.port": port, "source.bytes": sent,
        "source.packets": 9 if answered else 1,
        "destination.packets": answered, "yaodun.flow.tcp_flags": flags, "event.id": f"{source}-{at}-{target}-{port}",
        "network.community_id": f"{source}{target}{port}",
    }  # fmt: skip


def refused(at: float, source: str, target: str, port: int, *, silent: bool = False) -> Event:
    """A knock that was refused, or that nobody answered."""
    made = flow(at, source, target, port, answered=0 if silent else 1, flags=2 if silent else 0x16)
    return {**made, "source.packets": 1}


def name(at: float, asked: str, domain: str, code: str = "NOERROR") -> Event:
    """A name that was asked and answered."""
    return {
        "@timestamp": START + timedelta(seconds=at), "yaodun.stream": "flows", "network.protocol": "dns",
        "source.ip": "10.1.1.7", "dns.question.name": asked, "dns.question.registered_domain": domain,
        "dns.response_code": code, "event.id": f"{at}-{asked}",
    }  # fmt: skip


def claim(at: float, address: str, card: str) -> Event:
    """An ARP answer."""
    return {
        "@timestamp": START + timedelta(seconds=at), "yaodun.stream": "flows", "network.protocol": "arp",
        "event.action": "arp-reply", "source.ip": address, "source.mac": card, "event.id": f"{at}-{address}-{card}",
    }  # fmt: skip


def scan(chance: random.Random) -> Iterator[Event]:
    ports, pace = chance.sample(range(1, 60_000), chance.randint(15, 300)), chance.choice((0.01, 0.5, 20.0))
    open_share, silent = chance.uniform(0, 0.15), chance.random() < 0.5
    for number, port in enumerate(ports):
        if chance.random() < open_share:
            yield flow(number * pace, "10.1.1.7", "10.1.2.9", port)
        else:
            yield refused(number * pace, "10.1.1.7", "10.1.2.9", port, silent=silent)


def busy_client(chance: random.Random) -> Iterator[Event]:
    """Many servers, some of them away, one that is down and asked again and again."""
    for number in range(300):
        host, port = f"10.1.3.{chance.randrange(1, 250)}", chance.choice((80, 443, 3306, 6379))
        away = chance.random() < chance.choice((0.02, 0.1, 0.25))
        make = refused if away else flow
        yield make(number * 2.0, "10.1.1.7", host, port)
        yield refused(number * 2.0 + 1, "10.1.1.7", "10.1.9.9", 8443, silent=True)


def forged(chance: random.Random) -> Iterator[Event]:
    owner, forger = "02-00-00-00-00-01", "02-00-00-00-00-66"
    every, others = chance.uniform(1, 10), chance.random() < 0.5
    yield claim(0, "10.1.1.1", owner)
    yield claim(1, "10.1.1.20", "02-00-00-00-00-20")
    for number in range(30):
        yield claim(5 + number * every, "10.1.1.1", forger)
        if others:
            yield claim(5.2 + number * every, "10.1.1.20", forger)
        if number % 5 == 4:
            yield claim(5.5 + number * every, "10.1.1.1", owner)


def moved(chance: random.Random) -> Iterator[Event]:
    """A fail-over, a lease that goes to another host, and a router that answers for many of its own addresses."""
    at = chance.randint(15, 25)
    for number in range(40):
        yield claim(number * 10.0, "10.1.1.1", "02-00-00-00-00-01" if number < at else "02-00-00-00-00-02")
        yield claim(number * 10.0 + 1, f"10.1.1.{100 + number}", "02-00-00-00-00-0A")
    yield claim(5_000, "10.1.1.130", "02-00-00-00-00-0B")


def beacon(chance: random.Random) -> Iterator[Event]:
    every, jitter = chance.choice((30, 60, 300, 600)), chance.uniform(0, 0.25)
    size, at = chance.randint(200, 1500), 0.0
    while at < 14 * 3600:
        if chance.random() > 0.02:
            yield flow(at, "10.1.1.7", "203.0.113.9", 443, sent=size + chance.randint(0, size // 10))
        at += every * (1 + chance.uniform(-jitter, jitter))


def browsing(chance: random.Random) -> Iterator[Event]:
    """A person at one site for a day: bursts, pauses, sizes of all kinds."""
    at = 0.0
    while at < 14 * 3600:
        for _ in range(chance.randint(1, 30)):
            at += chance.expovariate(1 / 6)
            yield flow(at, "10.1.1.7", "203.0.113.9", 443, sent=int(chance.lognormvariate(7.5, 1.3)))
        at += chance.lognormvariate(6.5, 1.2)


def tunnel(chance: random.Random) -> Iterator[Event]:
    letters = string.ascii_lowercase + string.digits if chance.random() < 0.7 else string.hexdigits.lower()[:16]
    length, every = chance.randint(30, 60), chance.uniform(0.05, 8)
    for number in range(120):
        label = "".join(chance.choices(letters, k=length))
        yield name(number * every, f"{label}.t.example.net", "example.net")


def many_names(chance: random.Random) -> Iterator[Event]:
    """Block lists, content networks with short node names, and internal hosts by number."""
    kind = chance.randrange(3)
    for number in range(250):
        label = (
            f"{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}.zen",
            f"r{number}---sn-{''.join(chance.choices(string.ascii_lowercase + string.digits, k=8))}",
            f"{chance.choice(WORDS)}-{number:03}.{chance.choice(WORDS)}",
        )[kind]
        yield name(number * 1.5, f"{label}.example.net", "example.net")


def generated(chance: random.Random) -> Iterator[Event]:
    kind = chance.randrange(3)
    for number in range(60):
        if kind == 0:
            label = "".join(chance.choices(string.ascii_lowercase, k=chance.randint(9, 18)))
        elif kind == 1:
            label = "".join(chance.choices(string.ascii_lowercase + string.digits, k=chance.randint(10, 24)))
        else:
            label = f"{chance.getrandbits(64):016x}"
        domain = f"{label}.{chance.choice(('com', 'net', 'info', 'biz'))}"
        yield name(number * 3.0, domain, domain, "NXDOMAIN")


def mistyped(chance: random.Random) -> Iterator[Event]:
    """Search lists and typing errors: words, one letter wrong."""
    for number in range(35):
        word = chance.choice(WORDS) + chance.choice(WORDS)
        at = chance.randrange(len(word))
        domain = f"{word[:at]}{chance.choice(string.ascii_lowercase)}{word[at + 1 :]}.com"
        yield name(number * 12.0, domain, domain, "NXDOMAIN")


def lasting(chance: random.Random) -> Iterator[Event]:
    """A tunnel through the firewall, told in pieces of half an hour."""
    for piece in range(chance.randint(9, 30)):
        yield flow(piece * 1800.0, "10.1.1.7", "203.0.113.9", 22, lasted=1800 - chance.uniform(0, 20))


def reconnecting(chance: random.Random) -> Iterator[Event]:
    """Sessions of up to three hours with pauses."""
    at = 0.0
    while at < 20 * 3600:
        for _ in range(chance.randint(1, 6)):
            yield flow(at, "10.1.1.7", "203.0.113.9", 22, lasted=1790)
            at += 1800
        at += chance.uniform(300, 3000)


PAIRS: dict[str, tuple[tuple[Kind, ...], Make, Make]] = {
    "port_scan": ((Kind.PORT_SCAN, Kind.HOST_SWEEP), scan, busy_client),
    "arp_spoofing": ((Kind.ARP_SPOOFING,), forged, moved),
    "beacon": ((Kind.BEACON,), beacon, browsing),
    "dns_tunnel": ((Kind.DNS_TUNNEL,), tunnel, many_names),
    "generated_domains": ((Kind.GENERATED_DOMAINS,), generated, mistyped),
    "long_connection": ((Kind.LONG_CONNECTION,), lasting, reconnecting),
}


def fires(kinds: tuple[Kind, ...], events: Iterable[Event]) -> bool:
    """Whether a fresh detector finds one of ``kinds``."""
    wanted = {kind.value for kind in kinds}
    return any(signal.rule_id in wanted for signal in NetworkDetector().match(list(events)))


def measured(seed: int = SEED, cases: int = CASES) -> dict[str, tuple[int, int, int]]:
    """Per detector: true findings, missed ones, false ones, of so many cases each."""
    made = {}
    for detector, (kinds, bad, good) in PAIRS.items():
        found = sum(fires(kinds, bad(random.Random(f"{seed}{detector}{one}"))) for one in range(cases))
        false = sum(fires(kinds, good(random.Random(f"{seed}{detector}-{one}"))) for one in range(cases))
        made[detector] = (found, cases - found, false)
    return made


@figure("network_precision", "network_recall")
def precision_and_recall() -> Iterable[Row]:
    """One row per detector and measure."""
    for detector, (found, missed, false) in measured().items():
        note = f"{CASES} made cases and {CASES} look-alikes"
        yield Row(f"network_{detector}_precision", round(found / max(1, found + false), 3), "ratio", value_note=note)
        yield Row(f"network_{detector}_recall", round(found / (found + missed), 3), "ratio", value_note=note)
