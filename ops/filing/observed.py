"""What traffic and business events of an object say about the fields of tables 2 and 6; each with its own source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.clock import parse_rfc3339
from infra.events.stream import Stream
from infra.store.query.tree import And, DateHistogram, Exists, Filter, Filters, Query, Term, TermsCount, Window
from infra.store.seams import EventStore
from ops.filing.facts import Stated

MONTH = timedelta(days=30)
LONG = timedelta(days=400)
NATIONWIDE = 20
"""Provinces seen from which a service counts as nationwide."""
MOST_PARTIES = 3
COUNT = Filters({"all": Exists("@timestamp")})


class Observed:
    """Reads the event store."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def object(self, key: str, now: datetime) -> list[tuple[str, Stated]]:
        """Values of table 2 with the source each comes from."""
        visits, events, places = self._visits(key, now), self._business(key, now), self._deployment(key, now)
        return [
            (source, Stated({f"T2.{name}": value for name, value in found.items()}, now, href))
            for source, found, href in (
                ("visits", visits, f"/hunt?q=yaodun.system:{key} AND network.direction:inbound&tr=30d"),
                ("business_events", events, f"/hunt?q=yaodun.biz.system:{key}&tr=30d"),
                ("deployment", places, f"/hunt?q=yaodun.system:{key} AND cloud.provider:*&tr=30d"),
            )
            if found
        ]

    def category(self, key: str, now: datetime) -> list[tuple[str, Stated]]:
        """Values of table 6: where the data comes from and goes to, and where it lies."""
        system, _, category = key.partition("/")
        named = {"data_name": category, "data_category": category}
        return [
            (source, Stated({f"T6.{name}": value for name, value in found.items()}, now, href))
            for source, found, href in (
                ("store_sizes", named, f"/hunt?q=yaodun.metric.instance:{key}&tr=30d"),
                ("business_events", self._exchange(system, now), f"/hunt?q=yaodun.biz.system:{system}&tr=30d"),
                ("deployment", self._storage(system, now), f"/hunt?q=yaodun.system:{system}&tr=30d"),
            )
            if found
        ]

    def _query(self, now: datetime, chosen: Filter, streams: tuple[str, ...], span: timedelta = MONTH) -> Query:
        return Query(streams=streams, window=Window(now - span, now + timedelta(seconds=1)), filter=chosen, limit=0)

    def _count(self, now: datetime, *parts: Filter, streams: tuple[str, ...] = (Stream.LOGS, Stream.FLOWS)) -> int:
        counted = self._store.aggregate(self._query(now, And(parts), streams), {"n": COUNT})["n"].buckets
        return sum(bucket.count for bucket in counted)

    def _terms(self, key: str, field: str, now: datetime, most: int = 50) -> list[str]:
        query = self._query(now, Term("yaodun.biz.system", key), (Stream.BUSINESS,))
        found = self._store.aggregate(query, {"t": TermsCount(field, most)})["t"].buckets
        return [str(bucket.key) for bucket in found if bucket.key not in (None, "")]

    def _visits(self, key: str, now: datetime) -> dict[str, Any]:
        """Who uses the object, and over which network: by the connections it answered."""
        on = Term("yaodun.system", key)
        outside = self._count(now, on, Term("network.direction", "inbound"))
        inside = self._count(now, on, Term("network.direction", "internal"))
        if not outside + inside:
            return {}
        audience = "both" if outside and inside else "public" if outside else "internal"
        return {
            "service_audience": audience, "network_nature": "2" if outside else "1",
            "deployment_scope": "3" if outside else "1", "business_types": ["public" if outside else "office"],
        }  # fmt: skip

    def _business(self, key: str, now: datetime) -> dict[str, Any]:
        kinds = self._terms(key, "yaodun.biz.type", now)
        if not kinds:
            return {}
        provinces = len(self._terms(key, "yaodun.biz.province", now))
        values: dict[str, Any] = {"business_description": f"近 30 日业务事件类型：{'、'.join(kinds[:8])}"}
        if provinces:
            values["service_scope"] = "10" if provinces >= NATIONWIDE else "11" if provinces > 1 else "20"
            if 1 < provinces < NATIONWIDE:
                values["service_scope_provinces"] = provinces
        first = self._first_day(key, now)
        return values | ({"go_live_date": first.date().isoformat()} if first else {})

    def _first_day(self, key: str, now: datetime) -> datetime | None:
        """The day of the first business event: not later than that the object was running."""
        query = self._query(now, Term("yaodun.biz.system", key), (Stream.BUSINESS,), LONG)
        days = self._store.aggregate(query, {"d": DateHistogram(86_400)})["d"].buckets
        return min((parse_rfc3339(str(bucket.key)) for bucket in days if bucket.count), default=None)

    def _deployment(self, key: str, now: datetime) -> dict[str, Any]:
        on = Term("yaodun.system", key)
        clouded = self._count(now, on, Exists("cloud.provider"), streams=(Stream.LOGS, Stream.METRICS))
        return {"technologies": ["cloud"]} if clouded else {}

    def _exchange(self, key: str, now: datetime) -> dict[str, Any]:
        kinds = set(self._terms(key, "yaodun.biz.type", now))
        if not kinds:
            return {}
        values: dict[str, Any] = {"sources": ["collected"] + (["shared"] if kinds & {"manifest", "exchange"} else [])}
        given = self._terms(key, "yaodun.biz.party", now, MOST_PARTIES)
        taken = self._terms(key, "yaodun.biz.counterparty", now, MOST_PARTIES)
        values |= {f"source_unit_{place}": name for place, name in enumerate(given, 1)}
        values |= {f"outflow_unit_{place}": name for place, name in enumerate(taken, 1)}
        values["interactions"] = ["1"] if taken or "export" in kinds else ["4"]
        return values | ({"provided_to": taken[0]} if taken else {})

    def _storage(self, key: str, now: datetime) -> dict[str, Any]:
        on = Term("yaodun.system", key)
        query = self._query(now, And((on, Exists("cloud.provider"))), (Stream.LOGS, Stream.METRICS))
        clouds = self._store.aggregate(query, {"c": TermsCount("cloud.provider", 5)})["c"].buckets
        regions = self._store.aggregate(query, {"r": TermsCount("cloud.region", 20)})["r"].buckets
        if not clouds:
            return {}
        names: Sequence[str] = [str(bucket.key) for bucket in clouds]
        places = [str(bucket.key) for bucket in regions if bucket.key]
        abroad = [place for place in places if not place.startswith("cn")]
        values: dict[str, Any] = {"storage_cloud": ["1"], "storage_cloud_name": "、".join(names)}
        if places:
            values |= {"storage_region": sorted({"2" if abroad else "1"}), "storage_region_name": "、".join(places)}
        zones = self._store.aggregate(query, {"z": TermsCount("cloud.availability_zone", 5)})["z"].buckets
        rooms = [str(bucket.key) for bucket in zones if bucket.key]
        return values | ({"storage_room": ["1"], "storage_room_name": "、".join(rooms)} if rooms else {})
