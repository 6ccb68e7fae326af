"""What rules would have found: on files of events, or on stored ones by the rules' queries.

The query of a rule finds what it could match; the engine decides, so the hits are those of the live stream.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from analytics.rules import Engine, RuleSet
from analytics.rules.querytree import query_of
from infra.clock import parse_rfc3339, rfc3339
from infra.events import Event, Signal, Stream
from infra.store.query.tree import All, Query, Range, Sort, Window
from infra.store.seams import EventStore
from yaodun.eventfiles import EventReader, event_files

PAGE = 1_000
LONGEST_BACKLOG = timedelta(days=30)
MAX_EXAMPLES = 5
MANY_RULES = 50
"""From so many rules on, one pass over all events is cheaper than a query for each."""
SEARCHED = (Stream.LOGS, Stream.INVENTORY, Stream.FLOWS, Stream.BUSINESS)


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


def backtest_files(ruleset: RuleSet, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Hits per rule and day on files of events."""
    reader = EventReader()
    events = (block.events for path in files for file in event_files(path) for block in reader.blocks(file))
    return _count(ruleset, events)


def backtest_store(
    ruleset: RuleSet, store: EventStore, start: str | None, end: str | None, now: datetime
) -> list[dict[str, Any]]:
    """Hits per rule and day on stored events between ``start`` and ``end`` (RFC 3339; default the last day)."""
    if ruleset.correlations or len(ruleset.rules) > MANY_RULES:
        return _count(ruleset, stored_events(store, start, end, now))
    tallies: list[dict[str, Any]] = []
    for number, rule in enumerate(ruleset.rules):
        query = query_of(ruleset, number)
        if query.filter == All():
            return _count(ruleset, stored_events(store, start, end, now))
        found = pages(
            store, Query(streams=stored_streams(), window=_window(start, end, now), filter=query.filter, limit=PAGE)
        )
        tallies += [row for row in _count(ruleset, found) if row["rule"] == rule.id]
    return sorted(tallies, key=lambda row: -row["hits"])


def stored_events(
    store: EventStore, start: str | None, end: str | None, now: datetime, most: int = 10_000_000
) -> Iterator[list[Event]]:
    """Stored events, oldest first, page by page."""
    window, order = _window(start, end, now), (Sort("@timestamp", descending=False),)
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


def _window(start: str | None, end: str | None, now: datetime) -> Window:
    last = parse_rfc3339(end, "--to") if end else now + timedelta(minutes=5)
    first = parse_rfc3339(start, "--from") if start else last - timedelta(hours=24, minutes=5)
    return Window(first, last)


def pages(store: EventStore, query: Query) -> Iterator[list[Event]]:
    """What a query finds, page by page, as conformed events have it."""
    while True:
        page = store.search(query)
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


def _count(ruleset: RuleSet, pages: Iterable[Sequence[Event]]) -> list[dict[str, Any]]:
    engine = Engine(ruleset)
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    latest = datetime.fromtimestamp(0, UTC)
    for page in pages:
        for signal in engine.match(page):
            tallies[signal.rule_id].take(signal)
            latest = max(latest, signal.time)
    for signal in engine.tick(latest + timedelta(days=400)):
        tallies[signal.rule_id].take(signal)
    titles = {rule.id: rule.title for rule in ruleset.rules}
    rows = [
        {
            "rule": rule_id,
            "title": titles[rule_id],
            "hits": tally.count,
            "days": dict(sorted(tally.days.items())),
            "examples": tally.examples,
        }
        for rule_id, tally in tallies.items()
    ]
    return sorted(rows, key=lambda row: -int(str(row["hits"])))
