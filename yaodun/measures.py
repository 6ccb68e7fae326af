"""What posture can measure today: this site's hosts, sources, store and ledger, read from where they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from analytics.posture.catalogue import Reading
from analytics.posture.seams import IndicatorSource
from analytics.systems.health import lean
from analytics.systems.numbers import Summary
from infra.exchange import Dimension
from infra.ledger import Ledger
from infra.status import read_status
from infra.store.query.tree import And, Cidr, Filter, Not, Query, Stats, Term, TermsCount, Window
from infra.store.seams import EventStore
from yaodun.business_state import BusinessState, read_state
from yaodun.overview import services
from yaodun.site import Site
from yaodun.sources import source_rows
from yaodun.trust.lookout import Lookout

BUSINESS_FRESH = timedelta(hours=2)
LISTING_S = 960.0
"""An agent lists everything it knows at least this often."""
LEDGER_EVERY_S = 600.0


def search_href(query: str, hours: float) -> str:
    """The search page on the rows behind a number."""
    return "/ui/hunt?" + urlencode({"q": query, "tr": f"{hours:g}h"})


def found_href(system: str) -> str:
    """The alerts on what the detectors of the business found of a system."""
    return "/ui/alerts?" + urlencode({"stack": "flat", "origin": "business", "system": system, "tr": "7d"})


def window(now: datetime, seconds: float) -> Window:
    """The last ``seconds``."""
    return Window(now - timedelta(seconds=seconds), now + timedelta(seconds=1))


class HostMeasures:
    """Processor, memory and disks of the hosts: the worst host counts."""

    NAMES = {
        "infrastructure.host_cpu": "cpu.usage",
        "infrastructure.host_memory": "memory.used",
        "infrastructure.host_disk": "disk.used",
    }

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Mean over five minutes of each host (and disk); the largest of them."""
        return {name: self._worst(metric, now) for name, metric in self.NAMES.items()}

    def _worst(self, metric: str, now: datetime) -> Reading:
        query = Query(streams=("metrics",), window=window(now, 300), filter=Term("yaodun.metric.name", metric), limit=0)
        per_instance = TermsCount("yaodun.metric.instance", 200, inner={"value": Stats("yaodun.metric.value")})
        per_host = TermsCount(
            "host.name", 1000, missing="?", inner={"instance": per_instance, "value": Stats("yaodun.metric.value")}
        )
        answer = self._store.aggregate(query, {"host": per_host})["host"]
        means = []
        for host in answer.buckets:
            inner = host.inner["instance"].buckets or (host,)
            means += [mean for bucket in inner if (mean := bucket.inner["value"].values.get("avg")) is not None]
        href = search_href(f'yaodun.metric.name:"{metric}"', 1)
        return Reading(max(means, default=None), href, sum(host.count for host in answer.buckets), "metrics")


class LoginMeasures:
    """Failed logins of the last hour."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Missing where no authentication event was ever seen in a day: silence is not health."""
        seen = self._count(Term("event.category", "authentication"), now, 86_400)
        if not seen:
            return {"infrastructure.failed_logins": Reading(None, search_href("event.category:authentication", 24))}
        failed = And((Term("event.category", "authentication"), Term("event.outcome", "failure")))
        href = search_href("event.category:authentication AND event.outcome:failure", 1)
        number = self._count(failed, now, 3600)
        return {"infrastructure.failed_logins": Reading(float(number), href, number, "logs")}

    def _count(self, chosen: Filter, now: datetime, seconds: float) -> int:
        return self._store.search(Query(streams=("logs",), window=window(now, seconds), filter=chosen, limit=1)).total


class ExposureMeasures:
    """Listening ports that other machines can reach."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Distinct ports listening beyond loopback in the last inventory; missing where there is none."""
        listening = Term("yaodun.inventory.kind", "listener")
        kept = And(
            (
                listening,
                Not(Cidr("server.ip", "127.0.0.0/8")),
                Not(Term("server.ip", "::1")),
                Not(Term("yaodun.inventory.change", "removed")),
            )
        )
        every = Query(streams=("inventory",), window=window(now, LISTING_S), filter=listening, limit=1)
        href = search_href("yaodun.inventory.kind:listener AND NOT server.ip:127.0.0.1", 1)
        if not self._store.search(every).total:
            return {"infrastructure.exposed_ports": Reading(None, href)}
        query = Query(streams=("inventory",), window=window(now, LISTING_S), filter=kept, limit=0)
        ports = self._store.aggregate(query, {"ports": TermsCount("destination.port", 1000)})["ports"].buckets
        return {"infrastructure.exposed_ports": Reading(float(len(ports)), href, len(ports), "inventory")}


class PlatformMeasures:
    """The platform's own state: services, sources, loss, lag, ledger."""

    def __init__(self, site: Site, store: EventStore) -> None:
        self._site, self._store = site, store
        self._ledger_reading: tuple[float, Reading] | None = None

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Each from the same rows the health page shows."""
        running = [item for item in services(self._site.home) if item["name"] != "supervisor"]
        alive = sum(item["state"] in ("running", "starting") for item in running)
        rows = [row for row in source_rows(self._site, self._store) if row["received"]]
        silent = sum(row["silent"] for row in rows)
        received = sum(row["received"] for row in rows)
        lost = sum(row["quarantined"] + row["refused"] for row in rows)
        health = "/ui/health"
        return {
            "infrastructure.platform_services": Reading(
                alive / len(running) if running else None, health, len(running)
            ),
            "infrastructure.silent_sources": Reading(silent / len(rows) if rows else None, health, len(rows)),
            "data.records_lost": Reading(lost / received if received else None, health, received),
            "infrastructure.ingest_lag": Reading(self._lag(), health),
            "data.audit_ledger": self._ledger(),
        }

    def _lag(self) -> float | None:
        status = read_status(self._site.home.run, "ingest")
        return status.get("lag_s") if status and status.get("state") == "running" else None

    def _ledger(self) -> Reading:
        """Reads every leaf, so only every ten minutes."""
        now, kept = self._site.clock.monotonic(), self._ledger_reading
        if kept is None or now - kept[0] > LEDGER_EVERY_S:
            report = Ledger(self._site.records).verify()
            kept = (now, Reading(1.0 if report.clean else 0.0, "/ui/audit", report.leaves, "ledger"))
            self._ledger_reading = kept
        return kept[1]


class IntegrityMeasures:
    """Changes of watched files in the last day."""

    def __init__(self, site: Site, store: EventStore) -> None:
        self._site, self._store = site, store

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Missing unless an agent watches files here."""
        href = search_href("event.dataset:host.integrity", 24)
        agent = read_status(self._site.home.run, "agent") or {}
        watches = any("integrity" in item["id"] and item["state"] == "running" for item in agent.get("sources", []))
        if not watches:
            return {"data.file_integrity": Reading(None, href)}
        changed = Term("event.dataset", "host.integrity")
        query = Query(streams=("logs",), window=window(now, 86_400), filter=changed, limit=1)
        number = self._store.search(query).total
        return {"data.file_integrity": Reading(float(number), href, number, "logs")}


class TrustMeasures:
    """Certificates near their end, weak keys, stale revocation lists: how many."""

    def __init__(self, site: Site) -> None:
        self._lookout = Lookout(site)

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Missing where there is neither an authority nor a trust list: nothing to look at is not health."""
        found = self._lookout.problems(now)
        number = None if found is None else float(found)
        return {"infrastructure.pki_problems": Reading(number, "/ui/pki", found, "trust")}


class BusinessMeasures:
    """What the last judgement of the business events found, while it is fresh."""

    NAMES = {
        "business.feeds_on_time": ("feeds_on_time", search_href("yaodun.biz.type:heartbeat", 24)),
        "business.trace_anomalies": ("trace_anomalies", found_href("trace")),
        "business.licence_misuse": ("licence_misuse", found_href("licence")),
        "business.approval_overdue": ("approval_overdue", found_href("services")),
        "business.account_misuse": ("account_misuse", search_href("yaodun.biz.type:access", 24)),
        "data.sensitive_exports": ("sensitive_exports", search_href("yaodun.biz.type:export", 24)),
        "data.exchange_mismatch": ("exchange_mismatch", found_href("sharing")),
        "data.sensitive_unmasked": ("sensitive_unmasked", "/ui/data-assets"),
    }

    def __init__(self, site: Site) -> None:
        self._state = site.home.state

    def readings(self, now: datetime) -> Mapping[str, Reading]:
        """Missing where nothing was judged within two hours, or the newest event is older than a day."""
        state = read_state(self._state)
        stale = state.judged is None or now - state.judged > BUSINESS_FRESH
        if stale or state.summary is None or now - state.summary.at > timedelta(days=1):
            return {}
        found = {name: self._one(state.summary, *where) for name, where in self.NAMES.items()}
        return {**found, **self._systems(state)}

    @staticmethod
    def _one(summary: Summary, field: str, href: str) -> Reading:
        return Reading(getattr(summary, field), href, summary.events, "business")

    @staticmethod
    def _systems(state: BusinessState) -> dict[str, Reading]:
        """Half the mean, half the worst over the systems that could be measured."""
        found = {}
        for dimension in Dimension:
            values = [item.dimensions[dimension] for item in state.systems if dimension in item.dimensions]
            found[f"{dimension.value}.systems_health"] = Reading(lean(values), "/ui/systems", len(values), "systems")
        return found


def indicator_sources(site: Site, store: EventStore) -> Sequence[IndicatorSource]:
    """Every source of indicators of this site."""
    over_store = (HostMeasures, LoginMeasures, ExposureMeasures)
    own = (PlatformMeasures(site, store), IntegrityMeasures(site, store), TrustMeasures(site), BusinessMeasures(site))
    return [*own, *(kind(store) for kind in over_store)]
