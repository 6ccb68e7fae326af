"""What the page of clouds shows: items by kind, capacity, and findings that are open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards.visit import RANGES
from infra.events.stream import Event
from infra.store.query.tree import (
    And,
    Answer,
    AnyAggregation,
    Cardinality,
    Query,
    Term,
    Terms,
    TermsCount,
    TopHits,
    Window,
)

MODULES = ("kubernetes", "openstack", "libvirt")
KINDS = ("tenant", "host", "machine", "image", "snapshot", "volume", "network", "router")
RELISTED = timedelta(hours=2)
"""Everything is told again once an hour: what was not told for two is gone."""
MOST_ITEMS = 2_000
GONE = "removed"
OVER = "-over"
STRAINED, FULL = 0.8, 0.9
_module = Terms("event.module", MODULES)


def counts_query(now: datetime) -> tuple[Query, dict[str, AnyAggregation]]:
    """How many items of each kind."""
    window = Window(now - RELISTED, now + RANGES["15m"])
    query = Query(streams=("inventory",), window=window, filter=_module, limit=0)
    return query, {"kinds": TermsCount("yaodun.inventory.kind", 50, inner={"n": Cardinality("yaodun.inventory.key")})}


def items_query(now: datetime, kind: str) -> Query:
    """The newest documents of a kind."""
    wanted = And((_module, Term("yaodun.inventory.kind", kind)))
    window = Window(now - RELISTED, now + RANGES["15m"])
    return Query(streams=("inventory",), window=window, filter=wanted, limit=MOST_ITEMS)


def capacity_query(now: datetime) -> tuple[Query, dict[str, AnyAggregation]]:
    """The newest share taken of each limit."""
    wanted = And((_module, Term("yaodun.metric.name", "capacity.used")))
    query = Query(streams=("metrics",), window=Window(now - RELISTED, now + RANGES["15m"]), filter=wanted, limit=0)
    last = TopHits(1, ("@timestamp", "yaodun.metric.value"))
    shares: dict[str, AnyAggregation] = {"what": TermsCount("yaodun.metric.instance", 300, inner={"last": last})}
    return query, {"clouds": TermsCount("cloud.account.name", 50, inner=shares)}


def findings_query(window: Window) -> Query:
    """What began and ended."""
    return Query(streams=("logs",), window=window, filter=Term("event.dataset", "cloud.finding"), limit=1_000)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a cloud as it was told last."""

    id: str
    name: str
    cloud: str
    at: datetime
    event: str
    facts: dict[str, Any]
    addresses: tuple[str, ...]

    def fact(self, name: str) -> str:
        """A fact in words, an em dash where it is not known."""
        return str(self.facts.get(name) or "—")

    @property
    def more(self) -> str:
        """What is known beside the columns."""
        shown = ("tenant", "host", "state", "visibility")
        return " · ".join(f"{key} {value}" for key, value in self.facts.items() if key not in shown and value)


def items_of(events: Iterable[Event], text: str = "") -> list[Item]:
    """Items that are there, by cloud and name; ``text`` narrows them."""
    newest: dict[str, Event] = {}
    for event in events:
        newest.setdefault(str(event.get("yaodun.inventory.key")), event)
    found = [_item(key, event) for key, event in newest.items() if event.get("yaodun.inventory.change") != GONE]
    wanted = text.casefold()
    kept = [each for each in found if wanted in f"{each.name} {each.id} {each.facts} {each.addresses}".casefold()]
    return sorted(kept, key=lambda each: (each.cloud, each.name, each.id))


def _item(key: str, event: Event) -> Item:
    inside = event.get("yaodun.inventory.item")
    told = str(event.get("cloud.instance.id") or key.partition("/")[2])
    return Item(
        told,
        str(event.get("cloud.instance.name") or told),
        key.partition("/")[0],
        event["@timestamp"],
        str(event.get("event.id") or ""),
        dict(inside) if isinstance(inside, dict) else {},
        tuple(map(str, event.get("related.ip") or ())),
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """Something somebody should know of, and since when; ``over`` once it has ended."""

    action: str
    cloud: str
    subject: str
    words: str
    at: datetime
    event: str
    over: bool


def _account(event: Event) -> str:
    """The cloud's own name, which the logs keep among the fields nobody typed."""
    rest = event.get("yaodun.flat")
    return str((rest if isinstance(rest, dict) else event).get("cloud.account.name") or "")


def findings_of(events: Iterable[Event]) -> list[Finding]:
    """The newest of each, those that last first."""
    found: dict[tuple[str, str, str], Finding] = {}
    for event in events:
        action = str(event.get("event.action") or "")
        name = action.removesuffix(OVER)
        cloud, subject = _account(event), str(event.get("cloud.instance.name") or "")
        words, told = str(event.get("event.reason") or ""), str(event.get("event.id") or "")
        made = Finding(name, cloud, subject, words, event["@timestamp"], told, action.endswith(OVER))
        found.setdefault((name, cloud, subject), made)
    return sorted(found.values(), key=lambda each: (each.over, -each.at.timestamp()))


def capacities_of(answer: Answer) -> list[tuple[str, str, float]]:
    """Cloud, what, share taken; the fullest first."""
    found = [
        (str(cloud.key), str(what.key), float(what.inner["last"].hits[0].get("yaodun.metric.value") or 0.0))
        for cloud in answer.buckets
        for what in cloud.inner["what"].buckets
        if what.inner["last"].hits
    ]
    return sorted(found, key=lambda each: -each[2])
