"""What users, hosts and addresses did in a window, read from the store as activities."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from analytics.behaviour.activity import Activity
from analytics.scheduled.reading import counts, rows, sums, variety
from infra.store.query.tree import And, Exists, Filter, Term, Window
from infra.store.seams import EventStore

_LOGIN: Filter = Term("event.category", "authentication")
_FAILED: Filter = And((_LOGIN, Term("event.outcome", "failure")))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entity: the field that names it, the fields it is paired with, the measures it is weighed by."""

    name: str
    field: str
    pairs: dict[str, tuple[str, ...]]
    failures: bool = False
    sums: tuple[str, ...] = ()
    variety: tuple[str, ...] = ()


KINDS = (
    Kind("user", "user.name", {"host": ("host.name",), "source": ("source.ip",)}, failures=True),
    Kind(
        "host",
        "host.name",
        {"process": ("process.parent.name", "process.name"), "user": ("user.name",)},
        failures=True,
        variety=("process.name",),
    ),
    Kind(
        "address",
        "source.ip",
        {"destination": ("destination.ip",)},
        failures=True,
        sums=("source.bytes",),
        variety=("destination.port", "destination.ip"),
    ),
)


def activities(store: EventStore, window: Window, kind: Kind) -> list[Activity]:
    """One activity for each entity of ``kind`` seen in the window."""
    present = counts(store, window, kind.field)
    volumes: dict[str, dict[str, float]] = {name: {"events": float(times)} for name, times in present.items()}
    for measure, amounts in _measures(store, window, kind).items():
        for name in volumes:
            volumes[name][measure] = amounts.get(name, 0.0)
    pairs = _pairs(store, window, kind)
    hours = [0] * 24
    hours[window.start.hour] = 1
    return [Activity(name, kind.name, pairs.get(name, {}), volumes[name], hours) for name in sorted(present)]


def _measures(store: EventStore, window: Window, kind: Kind) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    if kind.failures:
        failed = counts(store, window, kind.field, _FAILED)
        found["failed_logins"] = {name: float(times) for name, times in failed.items()}
    for measure in kind.sums:
        found[measure] = sums(store, window, kind.field, measure, Exists(measure))
    for field in kind.variety:
        found[f"different {field}"] = variety(store, window, kind.field, field, Exists(field))
    return found


def _pairs(store: EventStore, window: Window, kind: Kind) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for relation, fields in kind.pairs.items():
        for (entity, *values), times in rows(store, window, (kind.field, *fields)):
            if entity is not None and all(value is not None for value in values):
                found[str(entity)][relation][" > ".join(map(str, values))] = times
    return found
