"""Facts from what scanners, devices' own traffic and logins from outside show, without anybody reporting a fact.

Scanners send what they find with ``vulnerability.id`` and the host it was found on (ECS). What a scan of the last month
still finds and another found before the time to mend it is overdue. A login from a public address needs an approved
change of its system that spans the moment.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from infra.events.stream import Stream
from infra.register import AddressKind, Asset
from infra.store.query.tree import And, Composite, Exists, Filter, Or, Query, Sort, Term, Terms, Window
from infra.store.seams import EventStore
from ops.controls.facts import OBJECT, Fact, fact
from ops.controls.telemetry import ADMIN_CLEAR, ADMIN_PORTS
from ops.work.changes import ChangeRequest

COLLECTOR = "scans"
MONTH, WEEK = timedelta(days=31), timedelta(days=7)
LOOK_BACK = timedelta(days=400)
MEND_WITHIN = {"critical": timedelta(days=15), "high": timedelta(days=30)}
MEND_OTHERS = timedelta(days=90)
"""Time to mend by severity: common practice, not law."""
MOST, SHOWN = 10_000, 100
DEVICES = ("firewall", "switch", "router", "network_device", "gateway", "wireless")
STREAMS = (Stream.LOGS, Stream.FLOWS, Stream.INVENTORY)


class Assets(Protocol):
    """The register's assets."""

    def assets(self, system: str = "") -> Sequence[Asset]: ...


class ScanFacts:
    """A ``FactSource``; ``changes`` are the change requests, in every state."""

    def __init__(self, store: EventStore, assets: Assets, changes: Callable[[], Sequence[ChangeRequest]]) -> None:
        self._store, self._assets, self._changes = store, assets, changes

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Open weaknesses and the age of the scan, clear-text administration of devices, logins from outside."""
        for look in (self._weaknesses, self._devices, self._remote):
            for asset, kind, value, query in look(object_id, now):
                yield fact(asset, kind, value, now, COLLECTOR, evidence=f"/hunt?q={query}&tr=30d")

    def _weaknesses(self, object_id: str, now: datetime) -> Iterator[tuple[str, str, Any, str]]:
        mine = And((Term("yaodun.system", object_id), Exists("vulnerability.id")))
        newest = self._newest(mine, Window(now - LOOK_BACK, now + timedelta(seconds=1)))
        if newest is None:
            return
        query = f"yaodun.system:{object_id} AND _exists_:vulnerability.id"
        yield OBJECT, "vulnerability.scan_age_days", round((now - newest).total_seconds() / 86_400, 2), query
        late = self._late(mine, now)
        yield OBJECT, "vulnerability.overdue", sorted({f"{host} {name}" for host, name in late})[:SHOWN], query
        for asset in self._assets.assets(object_id):
            names = {asset.id, asset.name}
            yield asset.id, "vulnerability.overdue", sorted({v for h, v in late if h in names})[:SHOWN], query

    def _late(self, mine: Filter, now: datetime) -> list[tuple[str, str]]:
        open_now = self._found(mine, Window(now - MONTH, now + timedelta(seconds=1)))
        late = []
        for within in {*MEND_WITHIN.values(), MEND_OTHERS}:
            long_ago = self._found(mine, Window(now - LOOK_BACK, now - within))
            late += [
                (host, name)
                for (host, name), severity in open_now.items()
                if MEND_WITHIN.get(severity, MEND_OTHERS) == within and (host, name) in long_ago
            ]
        return late

    def _found(self, mine: Filter, window: Window) -> dict[tuple[str, str], str]:
        fields = ("yaodun.asset", "host.name", "vulnerability.id", "vulnerability.severity")
        query = Query(streams=STREAMS, window=window, filter=mine, limit=0)
        buckets = self._store.aggregate(query, {"v": Composite(fields, MOST)})["v"].buckets
        return {
            (str(asset or host), str(name)): str(severity or "").lower()
            for asset, host, name, severity in (bucket.key for bucket in buckets)
            if (asset or host) and name
        }

    def _newest(self, mine: Filter, window: Window) -> datetime | None:
        query = Query(streams=STREAMS, window=window, filter=mine, sort=(Sort("@timestamp", descending=True),), limit=1)
        return next((_moment(event["@timestamp"]) for event in self._store.search(query).events), None)

    def _devices(self, object_id: str, now: datetime) -> Iterator[tuple[str, str, Any, str]]:
        """Clear-text administration seen at each device's own address; only of devices some flow was seen to."""
        for asset in self._assets.assets():
            own = tuple(each.value for each in asset.addresses if each.kind is AddressKind.IP)
            if asset.kind not in DEVICES or not own:
                continue
            window, to = Window(now - WEEK, now + timedelta(seconds=1)), Terms("destination.ip", own)
            if not self._pairs(window, And((to, Exists("destination.port")))):
                continue
            clear = Or((Terms("network.protocol", ADMIN_CLEAR), Terms("destination.port", ADMIN_PORTS)))
            seen = sorted(f"{address}:{port}" for address, port in self._pairs(window, And((to, clear))))
            yield asset.id, "device.admin_protocols_clear", seen, f"destination.ip:{own[0]}"

    def _pairs(self, window: Window, chosen: Filter) -> list[tuple[Any, Any]]:
        query = Query(streams=(Stream.FLOWS, Stream.LOGS), window=window, filter=chosen, limit=0)
        found = self._store.aggregate(query, {"p": Composite(("destination.ip", "destination.port"), MOST)})["p"]
        return [(bucket.key[0], bucket.key[1]) for bucket in found.buckets]

    def _remote(self, object_id: str, now: datetime) -> Iterator[tuple[str, str, Any, str]]:
        """Successful logins from public addresses outside every approved window; those after one had ended."""
        entered = And(
            (
                Term("yaodun.system", object_id), Term("event.category", "authentication"),
                Term("event.outcome", "success"), Exists("source.ip"),
            )
        )  # fmt: skip
        window = Window(now - MONTH, now + timedelta(seconds=1))
        events = self._store.search(Query(streams=(Stream.LOGS,), window=window, filter=entered, limit=MOST)).events
        if not events:
            return
        spans = [
            (each.starts, each.ends)
            for each in self._changes()
            if object_id in each.scope.systems and len(each.approvals) >= each.needed
        ]
        outside = [(_moment(event["@timestamp"]), event) for event in events if _public(str(event["source.ip"]))]
        bare = [(at, event) for at, event in outside if not any(start <= at < end for start, end in spans)]
        after = [(at, event) for at, event in bare if any(end <= at < end + WEEK for _, end in spans)]
        query = f"yaodun.system:{object_id} AND event.category:authentication"
        yield OBJECT, "remote.sessions_without_approval", _named(bare), query
        yield OBJECT, "remote.left_open", _named(after), query


def _named(found: Sequence[tuple[datetime, Any]]) -> list[str]:
    return sorted({f"{event.get('user.name', '?')} {event['source.ip']}" for _, event in found})[:SHOWN]


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
