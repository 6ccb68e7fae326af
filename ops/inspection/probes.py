"""The checks by name, and looking at one item: what goes wrong in a look is "not seen", never the end of the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from infra.errors import AppError
from ops.inspection import network, site
from ops.inspection.facts import SiteFacts
from ops.inspection.lists import Item
from ops.inspection.result import Found, unseen

log = logging.getLogger(__name__)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a check gets: its arguments, its targets, the site, the time, what the run before saw, open changes."""

    args: Mapping[str, Any]
    targets: Sequence[str]
    facts: SiteFacts
    now: datetime
    before: Mapping[str, Mapping[str, Any]] = {}
    approved: Callable[[str], str] = lambda thing: ""


Probe = Callable[[Look], Iterator[Found]]

PROBES: dict[str, Probe] = {
    "reachability": network.reachability,
    "ports": network.ports,
    "certificates": network.certificates,
    "time": network.time_sync,
    "services": site.services,
    "sources": site.sources,
    "capacity": site.capacity,
    "backups": site.backups,
    "accounts": site.accounts,
    "baseline": site.baseline,
}


def look_at(item: Item, look: Look) -> list[Found]:
    """Everything one item finds; an item without a target says so."""
    try:
        return list(PROBES[item.check](look)) or [unseen("—", "nothing", check=item.check)]
    except (AppError, OSError, ValueError, KeyError, TypeError) as error:
        log.warning("inspection.not_seen", extra={"item": item.id, "problem": str(error)})
        return [unseen("—", "failed", problem=f"{type(error).__name__}: {error}"[:300])]
