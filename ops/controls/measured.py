"""Facts other hosts and devices report: baseline findings as events, and measurements named after a fact.

A host that runs the baseline itself sends one event per check (``event.dataset`` ``host.baseline``, ``rule.id`` the
check, ``event.outcome`` success, failure or unknown, ``message`` what was seen). A device or a tool sends a metric
whose ``yaodun.metric.name`` is a kind of fact and whose ``yaodun.metric.instance`` is the asset (or the object).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from infra.clock import parse_rfc3339
from infra.events.stream import Stream
from infra.store.query.tree import And, Filter, Query, Term, Terms, Window
from infra.store.seams import EventStore
from ops.baseline.registry import all_checks
from ops.controls.facts import OBJECT, Fact, fact
from ops.controls.rules import shipped_rules

COLLECTOR = "baseline-events"
DATASET = "host.baseline"
WINDOW = timedelta(days=2)
MOST = 5_000
VERDICT_OF = {"success": "compliant", "failure": "non_compliant", "unknown": "not_obtained"}


@cache
def measured_kinds() -> dict[str, bool]:
    """Kinds of facts rules ask for that a metric may carry; True where a rule wants yes or no."""
    rules = shipped_rules()
    needs = [need for rule in rules.rules for need in rule.needs]
    needs += [need for case in rules.cases for need in case.needs]
    return {need.fact: need.equals is True for need in needs if not need.fact.startswith(("baseline.", "record."))}


class MeasuredFacts:
    """A ``FactSource`` over the event store; only the newest value of a kind on an asset is told."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """What was reported for the object in the last two days."""
        yield from self._findings(object_id, now)
        yield from self._metrics(object_id, now)

    def _findings(self, object_id: str, now: datetime) -> Iterator[Fact]:
        known, told = {check.id for check in all_checks()}, set[tuple[str, str]]()
        chosen = And((Term("yaodun.system", object_id), Term("event.dataset", DATASET)))
        for event in self._newest(chosen, now, (Stream.LOGS,)):
            asset, check = str(event.get("yaodun.asset") or event.get("host.name") or ""), str(event.get("rule.id", ""))
            verdict = VERDICT_OF.get(str(event.get("event.outcome", "")))
            if check not in known or verdict is None or not asset or (asset, check) in told:
                continue
            told.add((asset, check))
            seen, evidence = _moment(event), str(event.get("message", ""))[:600]
            yield fact(asset, f"baseline.{check}", verdict, seen, COLLECTOR, received=now, evidence=evidence)

    def _metrics(self, object_id: str, now: datetime) -> Iterator[Fact]:
        told = set[tuple[str, str]]()
        chosen = And((Term("yaodun.system", object_id), Terms("yaodun.metric.name", tuple(measured_kinds()))))
        for event in self._newest(chosen, now, (Stream.METRICS,)):
            kind, value = str(event["yaodun.metric.name"]), event.get("yaodun.metric.value")
            asset = str(event.get("yaodun.metric.instance") or OBJECT)
            asset = OBJECT if asset == object_id else asset
            if value is None or (asset, kind) in told:
                continue
            told.add((asset, kind))
            seen = _moment(event)
            made: Any = bool(value >= 1) if measured_kinds()[kind] else float(value)
            source = str(event.get("yaodun.source", "metrics"))
            yield fact(asset, kind, made, seen, source, received=now, evidence=_href(object_id, kind))

    def _newest(self, chosen: Filter, now: datetime, streams: tuple[str, ...]) -> list[dict[str, Any]]:
        window = Window(now - WINDOW, now + timedelta(seconds=1))
        query = Query(streams=streams, window=window, filter=chosen, limit=MOST)
        return [dict(event) for event in self._store.search(query).events]


def _moment(event: dict[str, Any]) -> datetime:
    value = event["@timestamp"]
    return value if isinstance(value, datetime) else parse_rfc3339(str(value))


def _href(object_id: str, kind: str) -> str:
    return f"/hunt?q=yaodun.system:{object_id} AND yaodun.metric.name:{kind}"
