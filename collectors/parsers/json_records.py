"""One JSON document, whoever wrote it: told by its shape, unwrapped where it is a list of records, else kept as it
is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from collectors.parsers.by_names import by_names
from collectors.parsers.ecs_values import PATHS, file_names, put, relate
from collectors.parsers.flatten import flatten, is_flat
from collectors.parsers.journal import is_journal, read_journal
from collectors.parsers.json_shapes import shipped_shapes
from collectors.parsers.message import read_message
from collectors.parsers.times import Clockwork, read_any
from collectors.parsers.windows import is_windows, read_windows
from infra.events.stream import Event, Stream

_LISTS = ("Records", "records", "items", "value")
"""Members under which CloudTrail, Azure, Kubernetes and Graph wrap many records in one document."""
MAX_UNWRAPPED = 10_000
MAX_BESIDE_LIST = 6
"""Members of a document that wraps records; with more it is a record of its own."""
_OURS_ALONE = (
    "event.id",
    "event.ingested",
    "event.original",
    "yaodun.source",
    "yaodun.stream",
    "yaodun.asset",
    "yaodun.unit",
    "yaodun.parser",
    "yaodun.raw.",
    "yaodun.quarantine.",
    "yaodun.loss.",
    "yaodun.signal.",
    "yaodun.skew_ms",
    "yaodun.inventory.",
    "yaodun.trust.",
    "yaodun.filing.",
    "yaodun.dimension",
)
_ALIASES = {
    "message": ("message", "msg", "log", "MESSAGE", "short_message", "text"),
    "log.level": ("level", "severity", "loglevel", "log_level", "levelname"),
    "host.name": ("host", "hostname", "HOSTNAME", "HOST", "hostName", "fromhost"),
    "process.name": ("programname", "app", "appname", "app-name", "ident", "program", "PROGRAM"),
    "log.syslog.procid": ("procid",),
    "log.logger": ("logger", "logger_name"),
}
_TIMES = ("@timestamp", "timestamp", "time", "ts", "datetime", "date", "timereported", "eventTime", "created_at")
_ALIAS_OF = {name: field for field, names in _ALIASES.items() for name in names if name != field}
_ALIAS_NAMES = frozenset(_ALIAS_OF)
_ALIAS_RANK = {name: rank for rank, name in enumerate(_ALIAS_OF)}
Reading = tuple[str, Event, Stream]


def read_json(tree: dict[str, Any], clock: Clockwork) -> Iterator[Reading]:
    """Parser name ('' where none knew it), document and stream of each record in ``tree``; raises ``TooDeepError``.

    The documents are the caller's, to change as it likes."""
    wrapped = _wrapped(tree) if len(tree) <= MAX_BESIDE_LIST else None
    if wrapped is None:
        return iter((_one(tree, clock),))
    return (_one(item, clock) for item in wrapped)


def _wrapped(tree: dict[str, Any]) -> list[dict[str, Any]] | None:
    for name in _LISTS:
        items = tree.get(name)
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            return items[:MAX_UNWRAPPED] if _known(items[0]) is not None else None
    return None


Read = Callable[[dict[str, Any], Clockwork], Event]
Fits = Callable[[dict[str, Any]], bool]
_WINDOWS_KEYS = frozenset(("Event", "winlog", "EventID", "EventId", "event_data"))


def _known(tree: dict[str, Any]) -> tuple[str, Read] | None:
    for name, fits, read in _candidates(tuple(tree)):
        if fits(tree):
            return name, read
    return None


@by_names
def _candidates(keys: tuple[str, ...]) -> tuple[tuple[str, Fits, Read], ...]:
    """The formats that a document with these top-level members may have: most documents of a source have the same."""
    present = frozenset(keys)
    found: list[tuple[str, Fits, Read]] = []
    if present & _WINDOWS_KEYS:
        found.append(("windows", is_windows, read_windows))
    if "__REALTIME_TIMESTAMP" in present:
        found.append(("journal", is_journal, read_journal))
    found += [(shape.name, shape.fits, shape.read) for shape in shipped_shapes() if shape.may_fit(present)]
    return tuple(found)


def _one(tree: dict[str, Any], clock: Clockwork) -> Reading:
    if known := _known(tree):
        name, read = known
        return name, read(tree, clock), Stream.LOGS
    return _generic(tree, clock)


def _generic(tree: dict[str, Any], clock: Clockwork) -> Reading:
    event = tree if is_flat(tree) else flatten(tree)
    said = _said(tuple(event))
    for name, kept in said.renamed:
        event[kept] = event.pop(name)
    if not said.ecs:
        _aliases(event, clock)
    name = "ecs" if said.ecs else "json"
    message, program = event.get("message"), event.get("process.name")
    parser = ""
    understood = said.ecs and event.get("event.category") and event.get("event.action")
    if not understood and isinstance(message, str) and isinstance(program, str):
        parser, fields = read_message(message, program, clock)
        if parser:
            name = f"{name}/{parser}"
            event = {**event, **{field: value for field, value in fields.items() if field not in event}}
    if said.paths or parser:
        file_names(event)
    if not said.ecs:
        relate(event)
    return name, event, said.stream


@dataclass(frozen=True, slots=True)
class _Said:
    """What the names of a document alone say: those that are kept under another one, whether it claims to be ECS,
    whether it has paths, and its stream."""

    renamed: tuple[tuple[str, str], ...]
    ecs: bool
    paths: bool
    stream: Stream


@by_names
def _said(names: tuple[str, ...]) -> _Said:
    renamed = tuple((name, kept_name(name)) for name in names if kept_name(name) != name)
    paths = not PATHS.isdisjoint(names)
    return _Said(renamed, "ecs.version" in names, paths, _stream_of(tuple(map(kept_name, names))))


@lru_cache(maxsize=65_536)
def kept_name(name: str) -> str:
    """What only the platform may say about an event is kept under another name when a client says it."""
    ours = any(name == own or (own.endswith(".") and name.startswith(own)) for own in _OURS_ALONE)
    return f"client.said.{name}" if ours else name


def _aliases(event: Event, clock: Clockwork) -> None:
    for name in _TIMES:
        if name in event and (moment := read_any(event[name], clock)):
            event["@timestamp"] = moment
            break
    for name in sorted(_ALIAS_NAMES & event.keys(), key=_ALIAS_RANK.__getitem__):
        if isinstance(event[name], str):
            put(event, _ALIAS_OF[name], event[name])
    if isinstance(tag := event.get("syslogtag"), str) and "process.name" not in event:
        put(event, "process.name", tag.partition("[")[0].rstrip(":"))


def _stream_of(names: tuple[str, ...]) -> Stream:
    if "yaodun.metric.name" in names:
        return Stream.METRICS
    return Stream.BUSINESS if any(name.startswith("yaodun.biz.") for name in names) else Stream.LOGS
