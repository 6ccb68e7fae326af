"""Facts from the event store: real retention, silent sources, clear text and weak TLS on the wire, filled fields.

A kind of fact is given only where there is something to judge: no flow seen means no fact about flows, not a good one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.clock import parse_rfc3339
from infra.events.stream import Stream
from infra.store.query.tree import (
    And,
    Answer,
    Composite,
    DateHistogram,
    Exists,
    Filter,
    Filters,
    Query,
    Range,
    Term,
    Terms,
    TermsCount,
    Window,
)  # fmt: skip
from infra.store.seams import EventStore
from ops.controls.facts import OBJECT, Fact, fact
from ops.controls.retention import least_reach

COLLECTOR = "store"
RETENTION_WINDOW = timedelta(days=400)
RECENT = timedelta(days=7)
SILENT_AFTER = timedelta(days=1)
WANTED_DAYS = 183
MOST_SOURCES = 1_000
MOST_ENDPOINTS = 1_000
ADMIN_CLEAR = ("telnet", "rlogin", "rsh", "rexec", "ftp", "tftp", "vnc", "snmpv1", "snmpv2")
CLEAR = (*ADMIN_CLEAR, "http", "smtp", "pop3", "imap", "ldap", "mysql", "redis", "mqtt", "syslog")
ADMIN_PORTS = (21, 23, 512, 513, 514)
WEAK_TLS = ("1.0", "1.1", "TLS 1.0", "TLS 1.1", "TLSv1", "TLSv1.0", "TLSv1.1", "SSLv2", "SSLv3")
WEAK_CIPHER_PARTS = ("RC4", "_DES_", "3DES", "MD5", "NULL", "EXPORT", "_anon_")
AUDIT_FIELDS = ("user.name", "event.action", "event.outcome")
BOUNDARY_FIELDS = ("source.ip", "destination.ip", "event.action")


class StoreFacts:
    """A ``FactSource`` over the event store; events belong to an object by ``yaodun.system``."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Everything the store can say about the object."""
        looks: tuple[Callable[[str, datetime], Iterable[tuple[str, Any]]], ...] = (
            self._retention, self._wire, self._tls, self._fields,
        )  # fmt: skip
        for look in looks:
            for kind, value in look(object_id, now):
                evidence = f"/events?q=yaodun.system:{object_id}"
                yield fact(OBJECT, kind, value, now, COLLECTOR, evidence=evidence)

    def _ask(
        self, object_id: str, now: datetime, span: timedelta, streams: tuple[str, ...], node: Filter | None = None
    ) -> Query:
        mine: Filter = Term("yaodun.system", object_id)
        chosen = And((mine, node)) if node is not None else mine
        return Query(streams=streams, window=Window(now - span, now + timedelta(seconds=1)), filter=chosen, limit=0)

    def _retention(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any]]:
        query = self._ask(object_id, now, RETENTION_WINDOW, (Stream.LOGS,))
        daily = TermsCount("yaodun.source", MOST_SOURCES, inner={"days": DateHistogram(86_400)})
        sources = self._store.aggregate(query, {"sources": daily})["sources"]
        days = {str(bucket.key): _days(bucket.inner["days"]) for bucket in sources.buckets}
        if not days:
            return
        reached = {source: [day.date() for day in listed] for source, listed in days.items()}
        yield "logs.continuous_days_least", least_reach(reached, now.date(), {}, WANTED_DAYS)
        silent = [source for source, listed in days.items() if max(listed) + SILENT_AFTER < now - SILENT_AFTER]
        yield "logs.sources_silent", sorted(silent)

    def _wire(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any]]:
        flows = (Stream.FLOWS, Stream.LOGS)
        seen = self._endpoints(self._ask(object_id, now, RECENT, flows, Exists("network.protocol")))
        if not seen:
            return
        clear = self._endpoints(self._ask(object_id, now, RECENT, flows, Terms("network.protocol", CLEAR)))
        admin = self._endpoints(self._ask(object_id, now, RECENT, flows, Terms("network.protocol", ADMIN_CLEAR)))
        ports = self._endpoints(self._ask(object_id, now, RECENT, flows, Terms("destination.port", ADMIN_PORTS)))
        yield "flows.clear_text", clear
        yield "admin.clear_text_sessions", sorted({*admin, *ports})
        yield "flows.clear_text_logins", self._clear_logins(object_id, now, sorted({*admin, *ports}))

    def _clear_logins(self, object_id: str, now: datetime, admin: list[str]) -> list[str]:
        """Clear-text administration, and logins over clear-text protocols that name a user."""
        named = And((Terms("network.protocol", CLEAR), Exists("user.name")))
        seen = self._endpoints(self._ask(object_id, now, RECENT, (Stream.FLOWS, Stream.LOGS), named), local=True)
        return sorted({*admin, *seen})

    def _tls(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any]]:
        query = self._ask(object_id, now, RECENT, (Stream.FLOWS, Stream.LOGS), Exists("tls.cipher"))
        ciphers = self._store.aggregate(query, {"c": TermsCount("tls.cipher", MOST_ENDPOINTS)})["c"]
        if not ciphers.buckets:
            return
        names = [str(bucket.key) for bucket in ciphers.buckets]
        weak = sorted(name for name in names if any(part.lower() in name.lower() for part in WEAK_CIPHER_PARTS))
        old_query = self._ask(object_id, now, RECENT, (Stream.FLOWS, Stream.LOGS), Terms("tls.version", WEAK_TLS))
        old = self._endpoints(old_query)
        yield "crypto.weak_algorithms", weak
        clear = self._endpoints(
            self._ask(object_id, now, RECENT, (Stream.FLOWS, Stream.LOGS), Terms("network.protocol", CLEAR))
        )
        yield "flows.integrity_unprotected", sorted({*old, *clear})

    def _fields(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any]]:
        for kind, category, fields in (
            ("audit.host_fields_pct", ("authentication", "iam", "process", "session"), AUDIT_FIELDS),
            ("audit.boundary_fields_pct", ("network", "intrusion_detection", "web"), BOUNDARY_FIELDS),
        ):
            query = self._ask(object_id, now, RECENT, (Stream.LOGS,), Terms("event.category", category))
            whole: Filter = And(tuple(Exists(name) for name in fields))
            counted = self._store.aggregate(query, {"f": Filters({"all": Exists("@timestamp"), "whole": whole})})["f"]
            counts = {bucket.key: bucket.count for bucket in counted.buckets}
            if counts.get("all"):
                yield kind, round(100 * counts.get("whole", 0) / counts["all"], 2)

    def _endpoints(self, query: Query, *, local: bool = False) -> list[str]:
        """Servers as ``address:port`` of the events found, loopback left out unless ``local``: within a host only
        logins matter, for they show that the service takes clear-text passwords."""
        away = And((query.filter, Range("destination.port", gte=1)))
        asked = Query(streams=query.streams, window=query.window, filter=away, limit=0)
        pairs = Composite(("destination.ip", "destination.port"), MOST_ENDPOINTS)
        found = self._store.aggregate(asked, {"pairs": pairs})["pairs"]
        keys = [bucket.key for bucket in found.buckets if bucket.key[0]]
        return sorted(f"{address}:{port}" for address, port in keys if local or not _loopback(str(address)))


def _loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _days(answer: Answer) -> list[datetime]:
    return [parse_rfc3339(str(bucket.key)) for bucket in answer.buckets if bucket.count]


def coverage_facts(assets: Mapping[str, datetime | None], now: datetime, fresh: timedelta = RECENT) -> Iterator[Fact]:
    """Monitoring coverage from each asset's last event (None: never seen)."""
    if not assets:
        return
    covered = sum(seen is not None and now - seen <= fresh for seen in assets.values())
    share = round(100 * covered / len(assets), 2)
    yield fact(OBJECT, "monitoring.asset_coverage_pct", share, now, COLLECTOR, evidence="/sources")
