"""Threat intelligence of a site: feeds come in, the store is searched for what is new."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from analytics.intelligence import Shelf, ThreatIndicator
from analytics.intelligence.detector import DOMAINS, FIELDS, IndicatorDetector
from analytics.intelligence.folder import Taken, mark_of, take_folder
from analytics.intelligence.indicator import IndicatorKind
from analytics.intelligence.taxii import ask, bundle_of, merged, objects_in
from analytics.rules.backtest import pages, stored_events, stored_streams
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.events import Event, Signal
from infra.store.query.tree import Cidr, Filter, Or, Query, Terms, Window
from infra.store.seams import EventStore
from yaodun.site import Site
from yaodun.taxii_polls import Poll, keep_polls, polls_of, read_authorization

log = logging.getLogger(__name__)
FEW, TOGETHER, MOST_EVENTS = 5_000, 250, 3_000_000
"""So many new indicators are asked for, so many in one question; more are found by reading the events."""
EMPTY = "[]"
FULL_EVERY = timedelta(days=1)
"""So often a collection is fetched as a whole: what it took back without a word goes."""
FIELDS_OF = {
    IndicatorKind.ADDRESS: [one for one in FIELDS if one.endswith("ip")],
    IndicatorKind.DOMAIN: [*DOMAINS, "dns.question.registered_domain"],
    IndicatorKind.URL: ["url.full", "url.original"],
    IndicatorKind.HASH: [one for one in FIELDS if ".hash." in one],
    IndicatorKind.EMAIL: ["email.from.address"],
    IndicatorKind.JA4: ["tls.client.ja4"],
}


def feeds_of(site: Site) -> Path:
    """The folder of feeds."""
    return Path(site.settings.intelligence.folder) if site.settings.intelligence.folder else site.home.feeds


def state_of(folder: Path) -> str:
    """Changes when a feed comes, goes or changes; ``EMPTY`` where there is none."""
    if not folder.is_dir():
        return EMPTY
    return repr(sorted((path.name, mark_of(path)) for path in folder.iterdir() if path.is_file()))


def take_in(site: Site) -> list[Taken]:
    """Read what changed in the folder; what became of each file."""
    shelf = Shelf(site.home.indicators, write=True)
    try:
        return take_folder(shelf, feeds_of(site), site.clock.now(), site.settings.intelligence.days)
    finally:
        shelf.close()


def ask_taxii(site: Site) -> list[AppError]:
    """Fetch what every collection added since the last time; what went wrong, which is kept for the pages, too.

    Where the authorization cannot be read, collections are asked without: one that answers all the same goes on."""
    chosen, problems = site.settings.intelligence, list[AppError]()
    told, now = polls_of(site.home), site.clock.now()
    due = [one for one in chosen.taxii if _due(told.get(one, Poll()), chosen.taxii_every_min, now)]
    authorization, unread = _authorized(chosen.taxii_authorization) if due else ("", None)
    if unread is not None:
        problems.append(unread)
    for collection in due:
        last = told.get(collection, Poll())
        try:
            told[collection] = _renew(site, collection, last, authorization, now)
        except (AppError, OSError) as error:
            problem = unread or _told(error, collection)
            log.warning("intelligence.taxii_failed", extra={"place": collection, "problem": str(problem)})
            problems.append(problem)
            told[collection] = msgspec.structs.replace(last, problem=str(problem))
    if chosen.taxii:
        keep_polls(site.home, {name: told[name] for name in chosen.taxii if name in told})
    return problems


def _due(last: Poll, every_min: int, now: datetime) -> bool:
    return last.asked is None or (now - last.asked).total_seconds() >= every_min * 60


def _authorized(path: str) -> tuple[str, AppError | None]:
    """The header in the file ('' for none), or what keeps it from being read; never a word of what is in it."""
    try:
        return (read_authorization(path) if path else ""), None
    except AppError as error:
        log.warning("intelligence.authorization_unreadable", extra={"place": path, "problem": str(error)})
        return "", error


def _told(error: AppError | OSError, collection: str) -> AppError:
    """A disk that does not take the bundle is told like a server that does not answer."""
    if isinstance(error, AppError):
        return error
    problem = f"{error.strerror or error} {error.filename or ''}".strip()
    return AppError(ErrorKind.UNAVAILABLE, "yaodun.intelligence.not_kept", place=collection, problem=problem)


def _renew(site: Site, collection: str, last: Poll, authorization: str, now: datetime) -> Poll:
    """Everything the first time, once a day and where what was kept is damaged, else what was added since; the bundle
    is written before the moment is kept."""
    path = feeds_of(site) / f"taxii-{hashlib.sha256(collection.encode()).hexdigest()[:12]}.json"
    kept = objects_in(path.read_bytes()) if path.is_file() else None
    if kept is None or not last.after or last.full is None or now - last.full >= FULL_EVERY:
        answer = ask(collection, authorization)
        replace_file(path, bundle_of(answer.objects, now))
        return Poll(now, answer.last, full=now)
    answer = ask(collection, authorization, last.after)
    if answer.objects:
        replace_file(path, bundle_of(merged(kept, answer.objects), now))
    return Poll(now, answer.last, full=last.full)


def hunt(site: Site, store: EventStore) -> list[Signal]:
    """The signals of stored events for indicators that are new; each is looked for once."""
    shelf = Shelf(site.home.indicators, write=True)
    try:
        new = shelf.unhunted(2_000_000)
        if not new:
            return []
        signals: list[Signal] = []
        if site.settings.intelligence.hunt_days:
            detector = IndicatorDetector(site.home.indicators, site.clock.now)
            for events in _candidates(site, store, new):
                signals += detector.match(events)
        shelf.note_hunted([one.value for one in new])
        return signals
    finally:
        shelf.close()


def _candidates(site: Site, store: EventStore, new: list[ThreatIndicator]) -> Iterator[list[Event]]:
    """Stored events that may hold one of the new ones."""
    now = site.clock.now()
    start = now - timedelta(days=site.settings.intelligence.hunt_days)
    if len(new) > FEW:
        yield from stored_events(store, start.isoformat(), None, now, most=MOST_EVENTS)
        return
    window = Window(start, now + timedelta(minutes=5))
    for wanted in _questions(new):
        yield from pages(store, Query(streams=stored_streams(), window=window, filter=wanted, limit=1_000))


def _questions(new: list[ThreatIndicator]) -> Iterator[Filter]:
    for kind in IndicatorKind:
        values = sorted({one.value for one in new if one.kind is kind})
        for at in range(0, len(values), TOGETHER):
            part = tuple(values[at : at + TOGETHER])
            if kind is IndicatorKind.NETWORK:
                yield Or(tuple(Cidr(name, one) for name in FIELDS_OF[IndicatorKind.ADDRESS] for one in part))
            else:
                yield Or(tuple(Terms(name, part) for name in FIELDS_OF[kind]))
