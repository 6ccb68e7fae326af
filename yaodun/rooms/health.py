"""The platform's own condition as the health page reads it."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboards.rooms import health as shown
from infra.errors import AppError
from infra.status import read_status
from infra.store.query.tree import AnyAggregation, DateHistogram, Query, Term, TermsCount, Window
from infra.store.seams import EventStore
from infra.text import say
from yaodun.overview import listeners, services
from yaodun.site import Site
from yaodun.sources import refusals_of, source_rows

CEILINGS = {
    "agent": 45,
    "ingest": 200,
    "keeper": 110,
    "analysis": 130,
    "runner": 70,
    "signer": 55,
    "web": 230,
    "sensor": 60,
}
HOURS = 24
EVERY_HOUR_S = 60.0
SERVICES_EVERY_S = 2.0


class HealthRoom:
    """Implements ``dashboards.rooms.health.Health``."""

    def __init__(self, site: Site, store: EventStore) -> None:
        self._site, self._store = site, store
        self._hours: tuple[float, dict[str, tuple[int | None, ...]]] = (0.0, {})
        self._known: tuple[float, list[dict[str, Any]]] | None = None

    def now(self) -> shown.Condition:
        """Everything at this moment."""
        home = self._site.home
        ingest = read_status(home.run, "ingest") or {}
        supervisor = read_status(home.run, "supervisor") or {}
        started = [item["started"] for item in supervisor.get("services", [])]
        rules, rates = ingest.get("rules"), ingest.get("rates")
        return shown.Condition(
            at=self._site.clock.now(),
            services=tuple(_service(row, since(supervisor)) for row in self._services()),
            sources=tuple(self._source(row, ingest) for row in source_rows(self._site, self._store)),
            store=self._size(),
            rules=shown.RuleState(rules["loaded"], rules["failed"], rules["blind"]) if rules else None,
            listeners=tuple((row["kind"], row["address"]) for row in listeners(home)),
            lag_s=ingest.get("lag_s"),
            rate_s=round(sum(rates.values()), 2) if rates else None,
            started=datetime.fromtimestamp(min(started), UTC) if started else None,
        )

    def _services(self) -> list[dict[str, Any]]:
        """The services; their memory is costly to read and asked for by every open page."""
        now = time.monotonic()
        if self._known is None or now - self._known[0] > SERVICES_EVERY_S:
            self._known = (now, services(self._site.home))
        return self._known[1]

    def refusals(self, source: str) -> Sequence[shown.Refusal]:
        """Why records of a source were refused (by receivers) or quarantined (by the pipeline)."""
        refused = refusals_of(self._site.home).get(source, {})
        return [shown.Refusal(say(reason), number) for reason, number in refused.items()] + self._quarantined(source)

    def _quarantined(self, source: str) -> list[shown.Refusal]:
        now = self._site.clock.now()
        query = Query(
            streams=("quarantine",), window=Window(now - timedelta(days=30), now + timedelta(minutes=5)), limit=0,
            filter=Term("yaodun.source", source),
        )  # fmt: skip
        answer = self._store.aggregate(query, {"reason": TermsCount("yaodun.quarantine.reason", 20)})["reason"]
        return [shown.Refusal(str(bucket.key), bucket.count) for bucket in answer.buckets]

    def _source(self, row: dict[str, Any], ingest: Mapping[str, Any]) -> shown.SourceState:
        last = datetime.fromisoformat(row["last_seen"]) if row["last_seen"] else None
        return shown.SourceState(
            id=row["id"], name=row["id"], family=family(row["id"]), received=row["received"], stored=row["stored"],
            quarantined=row["quarantined"], refused=row["refused"], last_seen=last, silent=row["silent"],
            available=row["available"], reason=row["reason"], remedy=row["remedy"],
            rate_s=ingest.get("rates", {}).get(row["id"]), lag_s=ingest.get("lag_s") if row["last_seen"] else None,
            hours=self._hourly().get(row["id"], ()), href=f'/ui/hunt?q=yaodun.source:"{row["id"]}"',
        )  # fmt: skip

    def _hourly(self) -> dict[str, tuple[int | None, ...]]:
        taken, found = self._hours
        if time.monotonic() - taken > EVERY_HOUR_S or not found:
            try:
                found = self._count_hours()
            except AppError:
                return found
            self._hours = (time.monotonic(), found)
        return found

    def _count_hours(self) -> dict[str, tuple[int | None, ...]]:
        end = self._site.clock.now()
        start = end - timedelta(hours=HOURS)
        query = Query(streams=("logs", "inventory", "metrics", "flows", "business"), window=Window(start, end), limit=0)
        per_hour: dict[str, AnyAggregation] = {"hour": DateHistogram(3600)}
        answer = self._store.aggregate(query, {"source": TermsCount("yaodun.source", 1000, inner=per_hour)})["source"]
        counts: dict[str, tuple[int | None, ...]] = {}
        for bucket in answer.buckets:
            row: list[int | None] = [None] * HOURS
            for hour in bucket.inner["hour"].buckets:
                place = int((datetime.fromisoformat(str(hour.key)) - start).total_seconds() // 3600)
                if hour.count:
                    row[min(HOURS - 1, max(0, place))] = (row[min(HOURS - 1, max(0, place))] or 0) + hour.count
            counts[str(bucket.key)] = tuple(row)
        return counts

    def _size(self) -> shown.StoreState:
        streams = self._store.stats()
        oldest = min((item.oldest for item in streams.values() if item.oldest), default=None)
        newest = max((item.newest for item in streams.values() if item.newest), default=None)
        size = sum(item.bytes for item in streams.values())
        free = shutil.disk_usage(self._site.home.root).free
        kind = "opensearch" if self._site.settings.store.opensearch else "embedded"
        return shown.StoreState(
            kind=kind, events=sum(item.events for item in streams.values()), bytes=size, oldest=oldest,
            newest=newest, free_bytes=free, runway_days=_runway(size, free, self._age()),
            streams=tuple((str(name), row.events, row.bytes, row.oldest, row.newest) for name, row in streams.items()),
        )  # fmt: skip

    def _age(self) -> timedelta:
        """How old this site is: as old as its first secret."""
        made = [file.stat().st_mtime for file in self._site.home.secrets.iterdir()]
        return timedelta(seconds=max(0.0, time.time() - min(made))) if made else timedelta(0)


FAMILIES = (
    ("host", re.compile(r"^[^:]*/(metrics|inventory|integrity)$")),
    ("database", re.compile(r"/(postgresql|pgsql|mysql|mariadb|redis)/")),
    ("security", re.compile(r"/(suricata|zeek|audit|fail2ban|clamav)")),
    ("network", re.compile(r"^syslog:")),
    ("log", re.compile(r"/")),
)
"""Which family a source belongs to, by its id; what no pattern knows came in by a receiver."""


def family(source: str) -> str:
    """The family of a source on the overview."""
    return next((name for name, pattern in FAMILIES if pattern.search(source)), "receiver")


def since(supervised: Mapping[str, Any]) -> dict[str, datetime]:
    """When each service was started last."""
    services = supervised.get("services", [])
    return {item["name"]: datetime.fromtimestamp(item["started"], UTC) for item in services if item["pid"]}


def _service(row: dict[str, Any], started: Mapping[str, datetime]) -> shown.ServiceState:
    return shown.ServiceState(
        name=row["name"], state=row["state"], pid=row["pid"], pss_mib=row["pss_mib"],
        ceiling_mib=CEILINGS.get(row["name"]), restarts=row["restarts"], since=started.get(row["name"]),
    )  # fmt: skip


def _runway(size: int, free: int, age: timedelta) -> float | None:
    """Days until the disk is full at the rate so far; None in the first hour."""
    if age < timedelta(hours=1) or not size:
        return None
    return round(free / (size / (age.total_seconds() / 86_400)), 1)
