"""Facts from what scanners, devices' own traffic and logins from outside show, without anybody reporting a fact.

Scanners send what they find with ``vulnerability.id`` and the host it was found on (ECS). What a scan of the last month
still finds and another found before the time to mend it is overdue; without a scan in the last month nothing is known
to be mended. A login from a public address needs an approved change of its system that spans the moment.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from infra.events.stream import Stream
from infra.register import AddressKind, Asset
from infra.store.query.tree import And, Cidr, Composite, Exists, Filter, Not, Or, Query, Sort, Term, Terms, Window
from infra.store.seams import EventStore
from ops.controls.facts import OBJECT, Fact, fact
from ops.controls.telemetry import ADMIN_CLEAR, ADMIN_PORTS
from ops.controls.traffic import INNER
from ops.work.changes import ChangeRequest, ChangeState

COLLECTOR = "scans"
MONTH, WEEK = timedelta(days=31), timedelta(days=7)
LOOK_BACK = timedelta(days=400)
SOONEST, MEND_OTHERS = timedelta(days=15), timedelta(days=90)
MEND_WITHIN = {"critical": SOONEST, "": SOONEST, "unknown": SOONEST, "high": timedelta(days=30)}
"""Time to mend by severity: common practice, not law. What nobody rated may be the gravest."""
PLACES: tuple[tuple[tuple[str, ...], Filter], ...] = (
    (("yaodun.asset",), Exists("yaodun.asset")),
    (("host.name",), And((Exists("host.name"), Not(Exists("yaodun.asset"))))),
    ((), Not(Or((Exists("yaodun.asset"), Exists("host.name"))))),
)
"""Where a weakness was found, one group for each field that may say so: a store lists no key with a part missing."""
RATED = (("vulnerability.severity",), Exists("vulnerability.severity")), ((), Not(Exists("vulnerability.severity")))
Weakness = tuple[str, str]
"""The host ('?' where nothing says so) and the weakness."""
MOST, SHOWN = 10_000, 100
DEVICES = ("firewall", "switch", "router", "network_device", "gateway", "wireless")
AGREED = (ChangeState.APPROVED, ChangeState.DONE)
LOGIN = ("@timestamp", "user.name", "source.ip")
STREAMS = (Stream.LOGS, Stream.FLOWS, Stream.INVENTORY)


class Assets(Protocol):
    """The register's assets."""

    def assets(self, system: str = "") -> Sequence[Asset]: ...


class ScanFacts:
    """A ``FactSource``; ``members`` are the assets an object is evaluated with, ``changes`` the change requests, in
    every state."""

    def __init__(
        self, store: EventStore, assets: Assets, members: Callable[[str], Collection[str]],
        changes: Callable[[], Sequence[ChangeRequest]],
    ) -> None:  # fmt: skip
        self._store, self._assets, self._members, self._changes = store, assets, members, changes

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
        if now - newest > MONTH:
            return
        still, assets = (
            self._open(mine, Window(now - MONTH, now + timedelta(seconds=1))),
            self._assets.assets(object_id),
        )
        late, scanned = self._late(mine, still, _called(assets), now), {host for host, _ in still}
        yield OBJECT, "vulnerability.overdue", sorted({f"{host} {name}" for host, name in late})[:SHOWN], query
        for asset in assets:
            names = {asset.id, asset.name}
            if names & scanned:
                yield asset.id, "vulnerability.overdue", sorted({v for h, v in late if h in names})[:SHOWN], query

    def _late(
        self, mine: Filter, still: dict[Weakness, timedelta], called: dict[str, set[str]], now: datetime
    ) -> list[Weakness]:
        """What is still there and was there before its time to mend it began, under whichever of the host's names."""
        late = []
        for within in set(still.values()):
            window = Window(now - LOOK_BACK, now - within)
            long_ago = {key for fields, where in PLACES for key, _ in self._found(And((mine, where)), fields, window)}
            late += [
                (host, name)
                for (host, name), time in still.items()
                if time == within and any((each, name) in long_ago for each in called.get(host, {host}))
            ]
        return late

    def _open(self, mine: Filter, window: Window) -> dict[Weakness, timedelta]:
        """The weaknesses of a window with the time to mend each, the shortest where scans rate it differently."""
        times: dict[Weakness, timedelta] = {}
        for fields, where in PLACES:
            for rating, rated in RATED:
                for key, severity in self._found(And((mine, where, rated)), (*fields, *rating), window):
                    within = MEND_WITHIN.get(severity, MEND_OTHERS)
                    times[key] = min(within, times.get(key, within))
        return times

    def _found(self, chosen: Filter, fields: tuple[str, ...], window: Window) -> Iterator[tuple[Weakness, str]]:
        """Weaknesses with their severity as far as ``fields`` ask for it."""
        asked = ("vulnerability.id", *fields)
        for key in self._keys(STREAMS, window, chosen, asked):
            said = dict(zip(asked, map(str, key), strict=True))
            host = said.get("yaodun.asset") or said.get("host.name") or "?"
            yield (host, said["vulnerability.id"]), said.get("vulnerability.severity", "").lower()

    def _keys(
        self, streams: tuple[str, ...], window: Window, chosen: Filter, fields: tuple[str, ...]
    ) -> Iterator[tuple[Any, ...]]:
        """Every combination of values there is, page by page."""
        query = Query(streams=streams, window=window, filter=chosen, limit=0)
        after: tuple[Any, ...] | None = None
        while True:
            answer = self._store.aggregate(query, {"k": Composite(fields, MOST, after)})["k"]
            yield from (bucket.key for bucket in answer.buckets)
            after = answer.after
            if not answer.buckets or after is None:
                return

    def _newest(self, mine: Filter, window: Window) -> datetime | None:
        query = Query(streams=STREAMS, window=window, filter=mine, sort=(Sort("@timestamp", descending=True),), limit=1)
        return next((_moment(event["@timestamp"]) for event in self._store.search(query).events), None)

    def _devices(self, object_id: str, now: datetime) -> Iterator[tuple[str, str, Any, str]]:
        """Clear-text administration seen at the own address of each of the object's devices some flow was seen to."""
        members = self._members(object_id)
        for asset in self._assets.assets():
            own = tuple(each.value for each in asset.addresses if each.kind is AddressKind.IP)
            if asset.id not in members or asset.kind not in DEVICES or not own:
                continue
            window, to = Window(now - WEEK, now + timedelta(seconds=1)), Terms("destination.ip", own)
            if not self._pairs(window, And((to, Exists("destination.port")))):
                continue
            clear = Or((Terms("network.protocol", ADMIN_CLEAR), Terms("destination.port", ADMIN_PORTS)))
            seen = sorted(f"{address}:{port}" for address, port in self._pairs(window, And((to, clear))))
            yield asset.id, "device.admin_protocols_clear", seen, f"destination.ip:{own[0]}"

    def _pairs(self, window: Window, chosen: Filter) -> list[tuple[Any, ...]]:
        return list(self._keys((Stream.FLOWS, Stream.LOGS), window, chosen, ("destination.ip", "destination.port")))

    def _remote(self, object_id: str, now: datetime) -> Iterator[tuple[str, str, Any, str]]:
        """Successful logins from public addresses outside every approved window; those after one had ended."""
        entered = And(
            (
                Term("yaodun.system", object_id), Term("event.category", "authentication"),
                Term("event.outcome", "success"), Exists("source.ip"),
            )
        )  # fmt: skip
        window = Window(now - MONTH, now + timedelta(seconds=1))
        if self._newest(entered, window) is None:
            return
        spans = [
            (each.starts, each.closes)
            for each in self._changes()
            if object_id in each.scope.systems and each.state in AGREED and len(each.approvals) >= each.needed
        ]
        outside = [(_moment(event["@timestamp"]), event) for event in self._outside(entered, window)]
        bare = [(at, event) for at, event in outside if not any(start <= at < end for start, end in spans)]
        after = [(at, event) for at, event in bare if any(end <= at < end + WEEK for _, end in spans)]
        query = f"yaodun.system:{object_id} AND event.category:authentication"
        yield OBJECT, "remote.sessions_without_approval", _named(bare), query
        yield OBJECT, "remote.left_open", _named(after), query

    def _outside(self, entered: Filter, window: Window) -> Iterator[dict[str, Any]]:
        """Every login from a public address, page by page."""
        chosen = And((entered, Not(Or(tuple(Cidr("source.ip", str(net)) for net in INNER)))))
        after: str | None = None
        while True:
            query = Query(streams=(Stream.LOGS,), window=window, filter=chosen, limit=MOST, after=after, fields=LOGIN)
            page = self._store.search(query)
            yield from (event for event in page.events if _public(str(event["source.ip"])))
            after = page.after
            if not page.events or after is None:
                return


def _called(assets: Sequence[Asset]) -> dict[str, set[str]]:
    """The names of a host by each of them: events bear its id only once it is registered."""
    names: dict[str, set[str]] = {}
    for asset in assets:
        for each in (asset.id, asset.name):
            names.setdefault(each, set()).update((asset.id, asset.name))
    return names


def _named(found: Sequence[tuple[datetime, Any]]) -> list[str]:
    return sorted({f"{event.get('user.name', '?')} {event['source.ip']}" for _, event in found})[:SHOWN]


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
