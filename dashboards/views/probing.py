"""What the page of probes shows: targets with their answers over time, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboards.views.hosts import line_of, step_s
from infra.store.query.tree import (
    And,
    Answer,
    AnyAggregation,
    DateHistogram,
    Filter,
    Query,
    Stats,
    Term,
    TermsCount,
    TopHits,
    Window,
)

UP, TOOK, DAYS_LEFT = "probe.up", "probe.duration", "certificate.days_left"
MOST_TARGETS = 500
CHANGES = ("probe-failed", "probe-recovered", "tls-trouble", "tls-good", "page-changed", "page-restored")
LEVELS = {"probe-failed": "high", "tls-trouble": "medium", "page-changed": "high"}
_LAST = ("@timestamp", "event.id", "yaodun.metric.value", "url.original", "observer.name")


@dataclass(frozen=True, slots=True)
class Target:
    """One target as it answered last. ``days_left`` is of its certificate; ``seen_from`` its vantage points."""

    label: str
    address: str
    at: datetime
    up: bool
    availability: float | None
    line: tuple[float | None, ...]
    took: float | None
    took_line: tuple[float | None, ...]
    days_left: float | None
    seen_from: tuple[str, ...]


def metric_query(window: Window, name: str) -> Query:
    """All values of one measurement of probes."""
    wanted = And((Term("event.module", "probe"), Term("yaodun.metric.name", name)))
    return Query(streams=("metrics",), window=window, filter=wanted, limit=0)


def by_target(window: Window) -> dict[str, AnyAggregation]:
    """Per target its line, its mean, its newest value, and who looked."""
    line = DateHistogram(step_s(window), inner={"v": Stats("yaodun.metric.value")})
    inner: dict[str, AnyAggregation] = {
        "line": line,
        "all": Stats("yaodun.metric.value"),
        "last": TopHits(1, _LAST),
        "from": TermsCount("observer.name", 20),
    }
    return {"targets": TermsCount("yaodun.metric.instance", MOST_TARGETS, inner=inner)}


def targets_of(up: Answer, took: Answer, left: Answer, window: Window) -> list[Target]:
    """Targets, those that do not answer first."""
    times = {str(each.key): each for each in took.buckets}
    days = {str(each.key): each.inner["last"].hits for each in left.buckets}
    made = []
    for each in up.buckets:
        if not each.inner["last"].hits:
            continue
        last, label = each.inner["last"].hits[0], str(each.key)
        line, _ = line_of(each.inner["line"].buckets, window)
        slow = times.get(label)
        slow_line = line_of(slow.inner["line"].buckets, window)[0] if slow else ()
        value = days[label][0].get("yaodun.metric.value") if days.get(label) else None
        made.append(
            Target(
                label,
                str(last.get("url.original") or ""),
                last["@timestamp"],
                bool(last.get("yaodun.metric.value")),
                each.inner["all"].values.get("avg"),
                line,
                slow.inner["last"].hits[0].get("yaodun.metric.value") if slow and slow.inner["last"].hits else None,
                slow_line,
                float(value) if value is not None else None,
                tuple(str(bucket.key) for bucket in each.inner["from"].buckets),
            )
        )
    return sorted(made, key=lambda target: (target.up, target.label))


def history_query(window: Window, label: str = "") -> Query:
    """What changed, of one target or of all."""
    parts: list[Filter] = [Term("event.module", "probe")]
    if label:
        parts.append(Term("service.name", label))
    return Query(streams=("logs",), window=window, filter=And(tuple(parts)), limit=200)
