"""Every source of the site with its loss equation: received = stored + quarantined + refused, plus what still waits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.receivers.refusal_book import read_refusals
from infra.status import read_status
from infra.store.seams import EventStore, SourceCount
from infra.text import say
from yaodun.site import Site

PASSING = "replay:"
"""Sources that come once and are not expected again."""
SILENT_AFTER_S = 900.0
"""A source that was heard before and has been quiet for so long counts as silent."""


def source_rows(site: Site, store: EventStore) -> list[dict[str, Any]]:
    """One row per source, by id; sources of this host that cannot run here are among them with reason and remedy."""
    refusals = read_refusals(site.home.state / "refusals.json")
    counts = store.counts()
    rows = {source: _row(source, counts.get(source), refusals.get(source, {})) for source in {*counts, *refusals}}
    for item in (read_status(site.home.run, "agent") or {}).get("sources", []):
        rows[item["id"]] = {**rows.get(item["id"], _row(item["id"], None, {})), **_agent_part(item)}
    return [rows[name] for name in sorted(rows)]


def _row(source: str, count: SourceCount | None, refused: Mapping[str, int]) -> dict[str, Any]:
    found = count or SourceCount()
    last = found.newest_ns / 1e9
    return {
        "id": source,
        "received": found.received + sum(refused.values()),
        "stored": found.stored,
        "quarantined": found.quarantined,
        "refused": sum(refused.values()) + found.duplicates,
        "last_seen": datetime.fromtimestamp(last, UTC).isoformat(timespec="milliseconds") if last else None,
        "silent": bool(last) and not source.startswith(PASSING) and time.time() - last > SILENT_AFTER_S,
        "available": True,
        "reason": "",
        "remedy": "",
    }


def _agent_part(item: Mapping[str, Any]) -> dict[str, Any]:
    if item["state"] == "running":
        return {}
    detail = item.get("detail", {})
    return {
        "available": False,
        "silent": False,
        "reason": say(item["reason_key"], **detail) if item.get("reason_key") else "",
        "remedy": say(item["remedy_key"], **detail) if item.get("remedy_key") else "",
    }
