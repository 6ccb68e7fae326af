"""What rules would have found on stored events.

The queries of the rules find what they could match; the engine decides, so the hits are those of the live stream.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from analytics.rules.engine import Engine
from analytics.rules.querytree import query_of
from analytics.rules.rule import RuleSet
from infra.clock import parse_rfc3339, rfc3339
from infra.errors import AppError
from infra.events import Event, Signal, Stream
from infra.store.query.limits import check_filter
from infra.store.query.tree import All, Filter, Or, Query, Range, Sort, Window
from infra.store.seams import EventStore

PAGE = 1_000
LONGEST_BACKLOG = timedelta(days=30)
MAX_EXAMPLES = 5
MANY_RULES = 50
"""From so many rules on, one pass over all events is cheaper than a query for each."""
SEARCHED = (Stream.LOGS, Stream.INVENTORY, Stream.FLOWS, Stream.BUSINESS)


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule found: how often, by day (UTC), and the newest event of a few of them."""

    rule: str
    title: str
    hits: int
    days: dict[str, int]
    examples: list[str]


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """Rules with hits, most first; ``events`` were looked at, up to ``until`` where time did not suffice for all."""

    start: datetime
    end: datetime
    rows: tuple[Hits, ...]
    events: int
    until: datetime | None = None


@dataclass
class _Tally:
    count: int = 0
    days: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def take(self, signal: Signal) -> None:
        self.count += 1
        self.days[signal.time.date().isoformat()] += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(signal.event_ids[-1])


class _Look:
    """Stored events that one of the rules could match, page by page and oldest first, for at most ``wait_s`` seconds:
    ``seen`` of them, ``until`` a time where that did not suffice."""

    def __init__(
        self, ruleset: RuleSet, store: EventStore, window: Window, wait_s: float | None, monotonic: Callable[[], float]
    ) -> None:
        order = (Sort("@timestamp", descending=False),)
        self._pages = pages(
            store,
            Query(streams=stored_streams(), window=window, filter=_wanted(ruleset), sort=order, limit=PAGE),
        )
        self._monotonic = monotonic
        self._stop_at = None if wait_s is None else monotonic() + wait_s
        self.seen = 0
        self.until: datetime | None = None

    def __iter__(self) -> Iterator[list[Event]]:
        for page in self._pages:
            yield page
            self.seen += len(page)
            if self._stop_at is not None and self._monotonic() > self._stop_at:
                self.until = page[-1]["@timestamp"]
                return


def backtest_store(
    ruleset: RuleSet,
    store: EventStore,
    window: Window,
    wait_s: float | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Backtest:
    """Hits per rule and day on the stored events of ``window``, for at most ``wait_s`` seconds."""
    look = _Look(ruleset, store, window, wait_s, monotonic)
    rows = count_hits(ruleset, look)
    return Backtest(start=window.start, end=window.end, rows=tuple(rows), events=look.seen, until=look.until)


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """What a filter would have hidden of one rule, and what it would have left."""

    rule: str
    title: str
    hidden: int
    left: int
    days: dict[str, int]
    examples: list[str]


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a filter would have hidden in a window; ``until`` as of a backtest."""

    start: datetime
    end: datetime
    rows: tuple[Hidden, ...]
    events: int
    until: datetime | None = None


def preview_store(
    without: RuleSet, filtered: RuleSet, store: EventStore, window: Window, wait_s: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> Preview:  # fmt: skip
    """Both sets on the same stored events: a signal of the one that the other does not raise is hidden."""
    engines = Engine(without), Engine(filtered)
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    left: Counter[str] = Counter()
    look = _Look(without, store, window, wait_s, monotonic)
    for page in look:
        every, kept = (engine.match(page) for engine in engines)
        remaining = {signal.id for signal in kept}
        for signal in every:
            if signal.id in remaining:
                left[signal.rule_id] += 1
            else:
                tallies[signal.rule_id].take(signal)
    rows = [
        Hidden(rule=rule.id, title=rule.title, hidden=tallies[rule.id].count, left=left[rule.id],
               days=dict(sorted(tallies[rule.id].days.items())), examples=tallies[rule.id].examples)
        for rule in without.rules if tallies[rule.id].count or left[rule.id]
    ]  # fmt: skip
    rows.sort(key=lambda row: -row.hidden)
    return Preview(start=window.start, end=window.end, rows=tuple(rows), events=look.seen, until=look.until)


def _wanted(ruleset: RuleSet) -> Filter:
    """Any of the rules' queries; everything where there are many, or one of them cannot be narrowed."""
    if len(ruleset.rules) > MANY_RULES:
        return All()
    parts = [query_of(ruleset, number).filter for number in sorted({one.rule for one in ruleset.variants})]
    wanted = Or(tuple(parts))
    if All() in parts or not parts:
        return All()
    try:
        check_filter(wanted)
    except AppError:  # larger than the stores take in one question
        return All()
    return wanted


def backtest_window(start: str | None, end: str | None, now: datetime) -> Window:
    """From ``start`` to ``end`` (RFC 3339); the last day where they are not given."""
    last = parse_rfc3339(end, "--to") if end else now + timedelta(minutes=5)
    first = parse_rfc3339(start, "--from") if start else last - timedelta(hours=24, minutes=5)
    return Window(first, last)


def stored_events(
    store: EventStore, start: str | None, end: str | None, now: datetime, most: int = 10_000_000
) -> Iterator[list[Event]]:
    """Stored events, oldest first, page by page."""
    window, order = backtest_window(start, end, now), (Sort("@timestamp", descending=False),)
    query = Query(streams=stored_streams(), window=window, sort=order, limit=PAGE)
    given = 0
    for page in pages(store, query):
        yield page
        given += len(page)
        if given >= most:
            return


def received_since(store: EventStore, taken_ns: int, now: datetime) -> Iterator[list[Event]]:
    """Stored events received after ``taken_ns`` (Unix time in nanoseconds), oldest first."""
    after = rfc3339(datetime.fromtimestamp(taken_ns / 1e9, UTC))
    window = Window(now - LONGEST_BACKLOG, now + timedelta(days=2))
    yield from pages(
        store,
        Query(
            streams=stored_streams(), window=window, filter=Range("event.ingested", gt=after),
            sort=(Sort("@timestamp", descending=False),), limit=PAGE,
        ),
    )  # fmt: skip


def stored_streams() -> tuple[str, ...]:
    """The streams rules are matched on."""
    return tuple(stream.value for stream in SEARCHED)


def pages(store: EventStore, query: Query) -> Iterator[list[Event]]:
    """What a query finds, page by page, as conformed events have it."""
    while True:
        page = store.search(query)
        if page.events:
            yield [_timed(event) for event in page.events]
        if page.after is None:
            return
        query = msgspec.structs.replace(query, after=page.after)


def _timed(event: Mapping[str, Any]) -> Event:
    """Stores answer times as text; the engine takes them as conformed events have them."""
    moment = event.get("@timestamp")
    if isinstance(moment, str):
        return {**event, "@timestamp": datetime.fromisoformat(moment).astimezone(UTC)}
    return dict(event)


def count_hits(ruleset: RuleSet, pages: Iterable[Sequence[Event]]) -> list[Hits]:
    """Hits per rule and day of a fresh engine on events in the order of their time, most first."""
    engine = Engine(ruleset)
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    latest = datetime.fromtimestamp(0, UTC)
    for page in pages:
        latest = max(latest, *(event["@timestamp"] for event in page))
        for signal in engine.match(page):
            tallies[signal.rule_id].take(signal)
    for signal in engine.tick(latest + timedelta(days=400)):
        tallies[signal.rule_id].take(signal)
    titles = {rule.id: rule.title for rule in ruleset.rules}
    rows = [
        Hits(
            rule=rule, title=titles[rule], hits=tally.count, days=dict(sorted(tally.days.items())),
            examples=tally.examples,
        )
        for rule, tally in tallies.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -row.hits)
