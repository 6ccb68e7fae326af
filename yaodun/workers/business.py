"""``python -m yaodun.workers.business``: judge the business events of the last weeks; what is new becomes alerts."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import orjson

from analytics.business import build_book, judge_book
from analytics.business.signals import identity, signal_of
from analytics.business.summary import summarise
from analytics.systems.health import system_health
from analytics.systems.packs import packs
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.events.business import BusinessEvent
from infra.events.business.document import event_of
from infra.ledger import record
from infra.store.query.tree import All, Page, Query, Window
from infra.store.seams import EventStore
from ops.alerts import Alerts
from yaodun.business_state import read_state, write_state
from yaodun.service import TRY_LATER, die_with_parent, log_to
from yaodun.site import Site, open_site
from yaodun.terminal import common_options, home_of

log = logging.getLogger(__name__)
HISTORY = timedelta(days=120)
MOST_EVENTS = 600_000
"""Events judged at once; of a busier site the newest, and the log says so."""
_PAGE = 5_000
MOST_TOLD = 200_000
TRIES = 4
_BUSY = (ErrorKind.UNAVAILABLE, ErrorKind.RATE_LIMITED)
_MOST_WAIT_S = 20.0


def main() -> int:
    """Judge once; 1 where a detector broke, which the service counts as a failed judging; ``TRY_LATER``."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.business")
    common_options(parser)
    home = home_of(parser.parse_args())
    die_with_parent()
    os.nice(10)
    log_to(home, "business")
    site = open_site(home)
    try:
        told = judge(site)
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
    except AppError as problem:
        if problem.kind not in _BUSY:
            raise
        log.warning("business.store_away", extra={"problem": problem.message_key})
        return TRY_LATER
    finally:
        site.records.close()
    return 1 if told["broken"] else 0


def judge(site: Site) -> dict[str, int]:
    """Counts: events judged, findings, signals that are new, detectors that broke (the log names them)."""
    store = site.open_store(read_only=True)
    now = site.clock.now()
    try:
        events = list(stored_events(store, now))
    finally:
        store.close()
    if not events:
        return {"events": 0, "findings": 0, "new": 0, "broken": 0}
    book = build_book(events)
    broken: list[str] = []
    findings = judge_book(book, broken=lambda name, _: broken.append(name))
    told = read_told(site.home.state)
    new = [one for one in findings if identity(one) not in told]
    Alerts(site.records, site.clock, record).absorb([signal_of(one, now) for one in new])
    write_told(site.home.state, [*told, *map(identity, new)])
    health = system_health(packs(), events, now)
    write_state(site.home.state, read_state(site.home.state).renewed(now, summarise(book, findings), health))
    return {"events": book.events, "findings": len(findings), "new": len(new), "broken": len(broken)}


def stored_events(
    store: EventStore, now: datetime, wait: Callable[[float], None] = time.sleep
) -> Iterator[BusinessEvent]:
    """Every business event of the store that can be read back, newest first, bounded."""
    window = Window(now - HISTORY, now + timedelta(hours=1))
    after: str | None = None
    taken = 0
    while taken < MOST_EVENTS:
        page = _patiently(store, Query(streams=("business",), window=window, filter=All(), after=after), wait)
        for document in page.events:
            event = event_of(document)
            if event is not None:
                yield event
        taken += len(page.events)
        after = page.after
        if not page.events or after is None:
            return
    log.warning("business.too_many", extra={"judged": taken})


def _patiently(store: EventStore, query: Query, wait: Callable[[float], None]) -> Page:
    """The page after the cursor of ``query``. A store that is busy or out of time is asked again for the same place,
    for half as much: what came before stays, and what comes is read once."""
    limit = _PAGE
    for left in range(TRIES - 1, -1, -1):
        try:
            return store.search(msgspec.structs.replace(query, limit=limit))
        except AppError as problem:
            if problem.kind not in _BUSY or not left:
                raise
            told = problem.detail.get("retry_after_s")
            pause = min(_MOST_WAIT_S, float(told) if isinstance(told, int | float) else 2.0)
            log.warning("business.asked_again", extra={"problem": problem.message_key, "wait_s": pause})
            wait(pause)
            limit //= 2
    raise AssertionError("the last try returns or raises")


def read_told(state: Path) -> list[str]:
    """Ids of the findings that became signals before, the oldest first."""
    path = state / "business-told.json"
    if not path.exists():
        return []
    return list(msgspec.json.decode(path.read_bytes(), type=list[str]))


def write_told(state: Path, told: list[str]) -> None:
    """Remember them; the oldest are forgotten beyond a bound."""
    state.mkdir(parents=True, exist_ok=True)
    replace_file(state / "business-told.json", msgspec.json.encode(told[-MOST_TOLD:]))


if __name__ == "__main__":
    sys.exit(main())
