"""Commands that only look: searches in the event store, Sigma rules over it, YARA rules over files of this host."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import yara

from analytics.rules import Engine, load_rules
from analytics.rules.querytree import query_of
from infra.clock import Clock, parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event, Stream
from infra.store.query.lucene import parse_lucene
from infra.store.query.tree import Filter, Query, Window
from infra.store.seams import EventStore
from playbooks.engine.orders import Order, Outcome, Seen
from playbooks.model.guard import Certainty, Effect
from playbooks.model.reading import read_tree, to_yaml

SEARCHED = tuple(stream.value for stream in (Stream.LOGS, Stream.INVENTORY, Stream.FLOWS, Stream.BUSINESS))
MAX_EVENTS = 10_000
MAX_FILES = 20_000
MAX_FILE_BYTES = 64 << 20
_SHOWN = 50


class Looking:
    """What changes nothing may be repeated as often as one likes."""

    def certainty(self, order: Order) -> Certainty:
        """Repeat."""
        return Certainty.KEY

    def probe(self, order: Order) -> Seen:
        """There is nothing to be seen."""
        return Seen.ABSENT

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """None but what is declared."""
        return order.effects


class StoreQuery(Looking):
    """Searches: Lucene text, or JSON ``{query, from, to, limit}``, or the query_string form of OpenSearch."""

    def __init__(self, open_store: Callable[[], EventStore], clock: Clock) -> None:
        self._open_store = open_store
        self._clock = clock

    def act(self, order: Order) -> Outcome:
        """Search; ``count`` and the newest events."""
        text, options = _asked(order.text)
        window = self._window(options)
        limit = min(int(options.get("limit", options.get("size", _SHOWN))), 1000)
        query = Query(streams=SEARCHED, window=window, filter=parse_lucene(text), limit=limit)
        store = self._open_store()
        try:
            page = store.search(query)
        finally:
            store.close()
        events = [_plain(event) for event in page.events]
        body = json.dumps({"count": page.total, "events": events}, ensure_ascii=False, default=str)
        return Outcome(ok=True, output={"count": str(page.total), "body": body, "stdout": str(page.total)})

    def _window(self, options: dict[str, Any]) -> Window:
        end = parse_rfc3339(str(options["to"]), "to") if "to" in options else self._clock.now() + timedelta(minutes=5)
        start = (
            parse_rfc3339(str(options["from"]), "from") if _is_time(options.get("from")) else end - timedelta(hours=24)
        )
        return Window(start, end)


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and value[:4].isdigit()


def _asked(text: str) -> tuple[str, dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        return text.strip(), {}
    if not isinstance(found, dict):
        return text.strip(), {}
    query = found.get("query", "")
    while isinstance(query, dict):
        query = query.get("query_string", query.get("simple_query_string", query.get("query", "")))
    return str(query), found


def _plain(event: Event) -> dict[str, Any]:
    return {key: value for key, value in event.items() if not isinstance(value, bytes)}


class SigmaQuery(Looking):
    """A Sigma rule over the stored events of the last day, matched by the same engine as the stream."""

    def __init__(self, open_store: Callable[[], EventStore], clock: Clock, folder: Path) -> None:
        self._open_store = open_store
        self._clock = clock
        self._folder = folder

    def act(self, order: Order) -> Outcome:
        """Match; ``count`` and the ids of the events that matched."""
        ruleset = load_rules([self._written(order)])
        if not ruleset.rules:
            problem = str(ruleset.failures[0]) if ruleset.failures else "no rule"
            return Outcome(ok=False, reason=f"sigma: {problem}"[:500])
        ids = sorted({event for rule in range(len(ruleset.rules)) for event in self._hits(ruleset, rule)})
        body = json.dumps({"count": len(ids), "event_ids": ids[:_SHOWN]})
        return Outcome(ok=True, output={"count": str(len(ids)), "body": body, "stdout": str(len(ids))})

    def _written(self, order: Order) -> Path:
        document = read_tree(order.text.encode(), f"{order.step}: sigma")
        document.setdefault("id", "00000000-0000-4000-8000-000000000001")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{order.key.replace(':', '-')}.yml"
        path.write_text(to_yaml(document), encoding="utf-8")
        return path

    def _hits(self, ruleset: Any, rule: int) -> list[str]:
        engine, found = Engine(ruleset), list[str]()
        for page in self._pages(query_of(ruleset, rule).filter):
            found += [event_id for signal in engine.match(page) for event_id in signal.event_ids]
        return found

    def _pages(self, wanted: Filter) -> Any:
        end = self._clock.now() + timedelta(minutes=5)
        window = Window(end - timedelta(hours=24, minutes=5), end)
        query = Query(streams=SEARCHED, window=window, filter=wanted, limit=1000)
        store, seen = self._open_store(), 0
        try:
            while seen < MAX_EVENTS:
                page = store.search(query)
                yield [_timed(event) for event in page.events]
                seen += len(page.events)
                if page.after is None:
                    return
                query = msgspec.structs.replace(query, after=page.after)
        finally:
            store.close()


def _timed(event: Mapping[str, Any]) -> Event:
    """Stores answer times as text; the engine takes them as moments."""
    moment = event.get("@timestamp")
    return {**event, "@timestamp": parse_rfc3339(moment)} if isinstance(moment, str) else dict(event)


class YaraScan(Looking):
    """YARA rules over the files of a target: ``path`` addresses below the roots the site allows."""

    def __init__(self, roots: tuple[Path, ...] = (Path("/"),)) -> None:
        self._roots = tuple(root.resolve() for root in roots)

    def act(self, order: Order) -> Outcome:
        """Scan; ``count`` and each match with file, rule and tags."""
        try:
            rules = yara.compile(source=order.text, includes=False)
        except yara.Error as error:
            return Outcome(ok=False, reason=f"yara: {error}"[:500])
        found, looked, skipped = self._scan(rules, self._places(order), order.timeout_s)
        body = json.dumps({"count": len(found), "files": looked, "skipped": skipped, "matches": found[:_SHOWN]})
        return Outcome(ok=True, output={"count": str(len(found)), "body": body, "stdout": str(len(found))})

    def _places(self, order: Order) -> list[Path]:
        names = [str(each) for each in (order.target.address.get("url", []) if order.target else [])]
        paths = [Path(name.removeprefix("file://")).resolve() for name in names] or list(self._roots[:1])
        for path in paths:
            if not any(path.is_relative_to(root) for root in self._roots):
                raise AppError(ErrorKind.FORBIDDEN, "playbooks.act.outside", place=str(path))
        return paths

    def _scan(self, rules: Any, places: list[Path], timeout_s: float) -> tuple[list[dict[str, Any]], int, int]:
        found: list[dict[str, Any]] = []
        looked = skipped = 0
        for path in _files(places):
            if looked + skipped >= MAX_FILES:
                break
            try:
                if path.is_symlink() or path.stat().st_size > MAX_FILE_BYTES:
                    skipped += 1
                    continue
                matches = rules.match(str(path), timeout=max(1, int(timeout_s)))
            except (OSError, yara.Error):
                skipped += 1
                continue
            looked += 1
            found += [{"file": str(path), "rule": each.rule, "tags": list(each.tags)} for each in matches]
        return found, looked, skipped


def _files(places: list[Path]) -> Any:
    for place in places:
        if place.is_file():
            yield place
        else:
            yield from (path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink())
