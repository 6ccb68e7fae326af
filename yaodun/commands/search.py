"""``yaodun search``: events by a Lucene query."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec

from infra.clock import parse_rfc3339
from infra.events import Stream
from infra.store.query.lucene import parse_lucene
from infra.store.query.tree import Query, Window
from infra.store.seams import EventStore
from yaodun.site import Site, existing_site
from yaodun.terminal import command, emit, home_of

PAGE = 1000
SEARCHED = (
    Stream.LOGS,
    Stream.INVENTORY,
    Stream.FLOWS,
    Stream.BUSINESS,
    Stream.METRICS,
    Stream.SIGNALS,
    Stream.QUARANTINE,
)


def add(commands: Any) -> None:
    """Declare the command."""
    example = "yaodun search 'event.action:listener-added AND destination.port:>1024' --from 2026-11-18T00:00:00Z"
    parser = command(commands, "search", "find events, newest first (Lucene subset)", example)
    parser.add_argument("query")
    parser.add_argument("--from", dest="start", metavar="T", help="not before T (default: 24 hours ago)")
    parser.add_argument("--to", dest="end", metavar="T", help="before T (default: now)")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N events")
    parser.add_argument(
        "--stream", action="append", choices=[str(stream) for stream in Stream], help="only this stream"
    )


def run(args: argparse.Namespace) -> int:
    """Print the events; 1 where there are none."""
    site = existing_site(home_of(args))
    store = site.open_store(read_only=True)
    query = Query(
        streams=tuple(args.stream or map(str, SEARCHED)), window=window_of(site, args), limit=min(PAGE, args.limit),
        filter=parse_lucene(args.query),
    )  # fmt: skip
    return 0 if emit(every(store, query, args.limit), args) else 1


def window_of(site: Site, args: argparse.Namespace) -> Window:
    """The time window of the call."""
    end = parse_rfc3339(args.end, "--to") if args.end else site.clock.now() + timedelta(minutes=5)
    start = parse_rfc3339(args.start, "--from") if args.start else end - timedelta(hours=24, minutes=5)
    return Window(start, end)


def every(store: EventStore, query: Query, limit: int) -> Iterator[dict[str, Any]]:
    """Events of ``query`` over all pages, at most ``limit``."""
    left = limit
    while left > 0:
        page = store.search(query)
        yield from page.events[:left]
        left -= len(page.events)
        if page.after is None:
            return
        query = msgspec.structs.replace(query, after=page.after, limit=min(PAGE, left) or 1)
