"""Log sources and field names of Sigma, brought to our events by the data files in ``fields/``.

A log source has routes. A route says on which events it applies (``where``: field, values; null for an absent field,
``*`` for any value), which further fields must hold (``also``), and the field map. A name no map knows is refused,
unless the map has a ``rest`` or the name is one of the event table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from analytics.rules.atoms import Op
from analytics.rules.rule import KEYWORD, Atom, LogSource
from infra.events import table

ROUTING = (
    "winlog.channel",
    "winlog.event_id",
    "winlog.provider_name",
    "event.module",
    "event.dataset",
    "event.category",
    "event.type",
    "host.os.type",
    "observer.type",
    "log.syslog.appname",
    "log.syslog.priority",
    "log.syslog.facility.code",
    "auditd.message_type",
    "kubernetes.audit.verb",
    "zeek.log",
    "suricata.eve.event_type",
    "dns.question.name",
    "yaodun.stream",
)
"""Fields whose values decide the class of an event; everything a ``where`` may name."""

FOLDED = frozenset(ROUTING) - {"dns.question.name", "log.syslog.appname", "log.syslog.priority"}
"""Routing fields of few values: atoms of rules on them are decided with the class, too."""


@dataclass(frozen=True)
class FieldMap:
    """Where the fields of a log source lie; ``values`` replaces values of a field."""

    fields: dict[str, str]
    rest: str = ""
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def locate(self, name: str) -> str | None:
        """The location (alternatives joined by `` | ``) of a Sigma field, None where nothing holds it."""
        if name == KEYWORD:
            return KEYWORD
        if found := self.fields.get(name) or self.fields.get(name.replace(" ", "")):
            return found
        if table().get(name):
            return name
        return self.rest.replace("{name}", name) if self.rest else None


@dataclass(frozen=True)
class Route:
    """One kind of event a log source means."""

    where: tuple[tuple[str, tuple[Atom, ...]], ...]
    also: tuple[tuple[Atom, ...], ...]
    map: FieldMap


class Mapping:
    """All routes of all log sources."""

    def __init__(self, trees: list[dict[str, Any]]) -> None:
        self._raw_maps: dict[str, dict[str, Any]] = {}
        self._routes: dict[LogSource, list[dict[str, Any]]] = {}
        self._defaults: dict[str, dict[str, Any]] = {}
        for tree in trees:
            self._raw_maps.update(tree.get("maps", {}))
            self._defaults.update(tree.get("defaults", {}))
            for product, categories in tree.get("categories", {}).items():
                for name, routes in categories.items():
                    self._routes[LogSource(product=product, category=name)] = routes
            for product, services in tree.get("services", {}).items():
                for name, routes in services.items():
                    self._routes[LogSource(product=product, service=name)] = routes
        self._maps = {name: self._map(name) for name in self._raw_maps}
        self._made: dict[LogSource, tuple[Route, ...]] = {}

    def routes(self, source: LogSource) -> tuple[Route, ...]:
        """The routes of ``source``; an unknown one is looked for under the names our parsers give such events."""
        if source not in self._made:
            self._made[source] = self._find(source)
        return self._made[source]

    def known(self, source: LogSource) -> bool:
        """Whether the data files name this log source."""
        return bool(self._listed(source)) or source.product in self._defaults

    def _find(self, source: LogSource) -> tuple[Route, ...]:
        listed = self._listed(source)
        default = self._defaults.get(source.product, {})
        if not listed and default:
            listed = [default]
        if not listed:
            return self._guess(source)
        made = [
            self._route({**route, "map": route.get("map") or default.get("map") or "application"}, where)
            for route in listed
            for where in _listed(route["where"])
        ]
        return tuple(made)

    def _listed(self, source: LogSource) -> list[dict[str, Any]]:
        product, category, service = source.product, source.category, source.service
        for key in (
            LogSource(product=product, category=category) if category else None,
            LogSource(product=product, service=service) if service else None,
            LogSource(category=category) if category and not product else None,
            LogSource(service=service) if service and not product else None,
        ):
            if key is not None and key in self._routes:
                return self._routes[key]
        return []

    def _guess(self, source: LogSource) -> tuple[Route, ...]:
        names = [part for part in (source.service, source.product) if part]
        if not names:
            names = [source.category] if source.category else []
        if not names:
            return (Route((), (), self._maps["application"]),)
        joined = [f"{source.product}.{source.service}"] if source.product and source.service else []
        wheres: list[dict[str, Any]] = [
            {"event.dataset": [*names, *joined, *(f"{name}.log" for name in names)]},
            {"event.module": names[-1:]},
            {"log.syslog.appname": names, "event.module": None},
        ]
        return tuple(self._route({"map": "application"}, where) for where in wheres)

    def _route(self, route: dict[str, Any], where: dict[str, Any]) -> Route:
        also = tuple(_atoms(name, values) for name, values in route.get("also", {}).items())
        return Route(
            tuple((name, _atoms(name, values)) for name, values in where.items()), also, self._maps[route["map"]]
        )

    def _map(self, name: str) -> FieldMap:
        raw = self._raw_maps[name]
        base = self._map(raw["base"]) if "base" in raw else FieldMap({})
        return FieldMap(
            {**base.fields, **raw.get("fields", {})},
            raw.get("rest", base.rest),
            {**base.values, **raw.get("values", {})},
        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _atoms(name: str, values: Any) -> tuple[Atom, ...]:
    made = []
    for value in _listed(values):
        if value is None:
            made.append(Atom(name, Op.NULL, ""))
        elif value == "*":
            made.append(Atom(name, Op.CONTAINS, ""))
        else:
            made.append(Atom(name, Op.EQ, str(value)))
    return tuple(made)


@cache
def shipped_mapping() -> Mapping:
    """The mapping of the data files."""
    folder = files("analytics.rules.fields")
    trees = [
        yaml.safe_load(item.read_text(encoding="utf-8"))
        for item in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if item.name.endswith(".yml")
    ]
    return Mapping(trees)


def mapping_bytes() -> bytes:
    """The data files as they stand, for the digest of compiled rules."""
    folder = files("analytics.rules.fields")
    return b"".join(
        item.read_bytes()
        for item in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if item.name.endswith(".yml")
    )
