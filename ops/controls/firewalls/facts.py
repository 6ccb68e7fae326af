"""Facts about access control from the rule sets agents send (inventory kind ``firewall``, the text in the original)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.clock import parse_rfc3339
from infra.events.stream import Event, Stream
from infra.store.query.tree import And, Or, Query, Term, Terms, Window
from infra.store.seams import EventStore
from ops.controls.facts import Fact, fact
from ops.controls.firewalls.iptables_ruleset import read_iptables
from ops.controls.firewalls.nft_ruleset import read_nft
from ops.controls.firewalls.ruleset import Account, Chain, account

log = logging.getLogger(__name__)
COLLECTOR = "rulesets"
WINDOW = timedelta(days=2)
MOST_EVENTS, MOST_ASSETS = 2_000, 1_000
READERS: dict[str, Callable[[str], list[Chain]]] = {
    "nftables": read_nft, "iptables": read_iptables, "ip6tables": read_iptables,
}  # fmt: skip
FOREIGN = '"xt"'
"""Rules that iptables put into nftables: nft cannot show what they ask for, ``iptables-save`` can."""


class RulesetFacts:
    """A ``FactSource``; ``members`` are the assets an object is evaluated with, shared ones too."""

    def __init__(self, store: EventStore, members: Callable[[str], Collection[str]]) -> None:
        self._store, self._members = store, members

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """What the newest rule sets of each asset say; one that cannot be read says nothing, and a line in the log."""
        for asset, told in self._newest(object_id, now).items():
            chains = list(_chains(asset, {kind: str(event.get("event.original", "")) for kind, event in told.items()}))
            if not chains:
                continue
            seen = min(_moment(event) for event in told.values())
            href = f"/hunt?q=yaodun.inventory.kind:firewall AND host.name:{asset}&tr=7d"
            for name, value, places in _told(account(chains)):
                evidence = "; ".join(places)[:500] or href
                yield fact(asset, f"firewall.{name}", value, seen, COLLECTOR, received=now, evidence=evidence)

    def _newest(self, object_id: str, now: datetime) -> dict[str, dict[str, Event]]:
        members = tuple(sorted(self._members(object_id)))[:MOST_ASSETS]
        if not members:
            return {}
        whose = Or((Terms("yaodun.asset", members), Terms("host.name", members)))
        window = Window(now - WINDOW, now + timedelta(seconds=1))
        query = Query(
            streams=(Stream.INVENTORY,), window=window, filter=And((Term("yaodun.inventory.kind", "firewall"), whose)),
            limit=MOST_EVENTS,
        )  # fmt: skip
        found: dict[str, dict[str, Event]] = {}
        for event in self._store.search(query).events:
            asset = next((str(event[name]) for name in ("yaodun.asset", "host.name") if event.get(name) in members), "")
            kind = str(event.get("yaodun.inventory.key", ""))
            if asset and kind in READERS:
                found.setdefault(asset, {}).setdefault(kind, dict(event))
        return found


def _chains(asset: str, texts: dict[str, str]) -> Iterator[Chain]:
    for kind, text in texts.items():
        if kind == "nftables" and FOREIGN in text and len(texts) > 1:
            continue
        try:
            yield from READERS[kind](text)
        except ValueError:
            log.warning("ruleset.unreadable", extra={"asset": asset, "kind": kind}, exc_info=True)


def _told(found: Account) -> Iterator[tuple[str, Any, Sequence[str]]]:
    yield "default_deny", found.default_deny, ()
    yield "stateful", found.stateful, ()
    yield "five_tuple_rules", found.five_tuple, ()
    yield "any_any_rules", len(found.any_any), found.any_any
    yield "shadowed_rules", len(found.shadowed), found.shadowed
    if found.unused is not None:
        yield "unused_rules", len(found.unused), found.unused


def _moment(event: Event) -> datetime:
    value = event["@timestamp"]
    return value if isinstance(value, datetime) else parse_rfc3339(str(value))
