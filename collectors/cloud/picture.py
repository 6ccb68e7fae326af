"""What a cloud looks like at one moment, whatever makes it; and what of that somebody should know.

Events: ``machine-unregistered``, ``machine-moved``, ``snapshot-shared``, ``snapshot-copied-out``,
``cross-tenant-path``, ``capacity-low``, ``replica-missing``, and ``-over`` of those that end. Each is told when
it begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

import msgspec

from collectors.pollers.items import ItemBook
from infra.events.stream import Event, Stream

SHARED = ("public", "shared", "community")
FULL = 0.9


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """One item. ``tenant`` is its project or namespace, ``host`` where it runs, ``links`` the ids it is tied to
    (networks of a machine, source of a snapshot), ``facts`` what else is known of it as words."""

    id: str
    name: str = ""
    tenant: str = ""
    host: str = ""
    state: str = ""
    visibility: str = ""
    links: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    facts: dict[str, str] = {}


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of something is taken: of ``limit``, which is above 0."""

    used: float
    limit: float
    unit: str = ""


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """How many replicas there should be, and how many are ready."""

    wanted: int
    ready: int


class Picture(msgspec.Struct, kw_only=True):
    """Everything at one moment. The keys of ``things`` are kinds: machine, host, image, snapshot, volume, network,
    tenant, router and those of the platform."""

    things: dict[str, list[Thing]] = {}
    usage: dict[str, Usage] = {}
    workloads: dict[str, Workload] = {}


class CloudWatch:
    """Compares pictures of one cloud. ``registered`` are patterns of machines that may be there (none: all may);
    ``shared_networks`` those that tenants may have in common."""

    def __init__(
        self, cloud: str, module: str, registered: tuple[str, ...] = (), shared_networks: tuple[str, ...] = ()
    ) -> None:
        self._cloud, self._module = cloud, module
        self._registered, self._shared = registered, shared_networks
        self._book = ItemBook(module)
        self._hosts: dict[str, str] = {}
        self._open: dict[tuple[str, str], str] = {}

    def update(self, picture: Picture, now_ms: int) -> list[Event]:
        """Documents of a picture: inventory, capacity, and events that began or ended."""
        documents: list[Event] = []
        for kind, things in picture.things.items():
            items = {f"{self._cloud}/{each.id}": _fields(kind, each) for each in things}
            documents += self._book.update(self._cloud, kind, items, now_ms)
        for name, usage in picture.usage.items():
            if usage.limit > 0:
                documents.append(self._metric(name, usage.used / usage.limit, now_ms))
        return documents + self._events(picture, now_ms)

    def _events(self, picture: Picture, now_ms: int) -> list[Event]:
        found = {(action, subject): words for action, subject, words in self._findings(picture)}
        began = [self._event(*key, words, now_ms) for key, words in found.items() if key not in self._open]
        ended = [
            self._event(f"{action}-over", subject, words, now_ms)
            for (action, subject), words in self._open.items()
            if (action, subject) not in found
        ]
        self._open = found
        return [*began, *ended, *self._moves(picture, now_ms)]

    def _findings(self, picture: Picture) -> Iterator[tuple[str, str, str]]:
        yield from self._strangers(picture)
        yield from _shared_copies(picture)
        yield from self._paths(picture)
        for name, usage in picture.usage.items():
            if usage.limit > 0 and usage.used / usage.limit >= FULL:
                yield "capacity-low", name, f"{usage.used:g} of {usage.limit:g} {usage.unit} are taken"
        for name, load in picture.workloads.items():
            if load.ready < load.wanted:
                yield "replica-missing", name, f"{load.ready} of {load.wanted} replicas are ready"

    def _strangers(self, picture: Picture) -> Iterator[tuple[str, str, str]]:
        for each in picture.things.get("machine", ()) if self._registered else ():
            if not any(fnmatchcase(each.name, pattern) or each.id == pattern for pattern in self._registered):
                yield "machine-unregistered", each.name or each.id, f"machine {each.id} of {each.tenant or 'no tenant'}"

    def _paths(self, picture: Picture) -> Iterator[tuple[str, str, str]]:
        """A network or router that ties machines or networks of several tenants together."""
        names = {each.id: each for kind in ("network", "router") for each in picture.things.get(kind, ())}
        tenants: dict[str, set[str]] = defaultdict(set)
        for kind in ("machine", "router"):
            for each in picture.things.get(kind, ()):
                for link in each.links:
                    owner = names[link].tenant if link in names and kind == "router" else ""
                    tenants[each.id if kind == "router" else link] |= {each.tenant, owner} - {""}
        for link, owners in tenants.items():
            name = names[link].name if link in names else link
            allowed = name in self._shared or link in self._shared
            if len(owners) > 1 and not allowed:
                yield "cross-tenant-path", name or link, f"ties {', '.join(sorted(owners))} together"

    def _moves(self, picture: Picture, now_ms: int) -> list[Event]:
        events = []
        hosts = {each.id: (each.host, each.name or each.id) for each in picture.things.get("machine", ()) if each.host}
        for machine, (host, name) in hosts.items():
            before = self._hosts.get(machine)
            if before and before != host:
                events.append(self._event("machine-moved", name, f"from {before} to {host}", now_ms))
        self._hosts = {machine: host for machine, (host, _) in hosts.items()}
        return events

    def _event(self, action: str, subject: str, words: str, now_ms: int) -> Event:
        return {
            "@timestamp": now_ms, "event.kind": "event", "event.category": ["configuration"], "event.type": ["info"],
            "event.action": action, "event.module": self._module, "event.dataset": "cloud.finding",
            "event.reason": words[:500], "cloud.instance.name": subject,
            "host.name": subject if action.startswith("machine") else None,
            "cloud.provider": self._module, "cloud.account.name": self._cloud, "yaodun.stream": Stream.LOGS.value,
            "message": f"{self._cloud}: {action} {subject}: {words}"[:1_000],
        }  # fmt: skip

    def _metric(self, instance: str, value: float, now_ms: int) -> Event:
        return {
            "@timestamp": now_ms, "event.kind": "metric", "event.module": self._module, "host.name": None,
            "yaodun.metric.name": "capacity.used", "yaodun.metric.value": round(value, 4),
            "yaodun.metric.unit": "ratio", "yaodun.metric.instance": instance, "cloud.account.name": self._cloud,
            "yaodun.stream": Stream.METRICS.value,
        }  # fmt: skip


def _shared_copies(picture: Picture) -> Iterator[tuple[str, str, str]]:
    owners = {each.id: each.tenant for kind in ("volume", "machine") for each in picture.things.get(kind, ())}
    for kind in ("snapshot", "image"):
        for each in picture.things.get(kind, ()):
            copied = kind == "snapshot" or bool(each.links)
            if copied and each.visibility in SHARED:
                yield "snapshot-shared", each.name or each.id, f"{kind} {each.id} of {each.tenant} is {each.visibility}"
            for link in each.links:
                owner = owners.get(link, "")
                if owner and each.tenant and owner != each.tenant:
                    yield "snapshot-copied-out", each.name or each.id, f"{link} of {owner} copied to {each.tenant}"


def _fields(kind: str, each: Thing) -> Event:
    item = {name: value for name, value in each.facts.items() if value}
    for name in ("tenant", "host", "state", "visibility"):
        if value := getattr(each, name):
            item[name] = value
    fields: Event = {"cloud.instance.id": each.id, "cloud.instance.name": each.name, "yaodun.inventory.item": item}
    fields["host.name"] = (each.name or each.id) if kind in ("machine", "host") else None
    if each.addresses:
        fields["related.ip"] = list(each.addresses)
    return fields
