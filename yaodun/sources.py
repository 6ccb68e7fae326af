"""Every source of the site with its loss equation: received = stored + quarantined + refused, plus what still waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.receivers.refusal_book import read_refusals
from collectors.silence import read_silent
from infra.home import Home
from infra.status import read_status
from infra.store.seams import EventStore, SourceCount
from infra.text import say
from yaodun.site import Site
from yaodun.taxii_polls import polls_of

BOOKS = ("refusals.json", "sensor-refusals.json")


def source_rows(site: Site, store: EventStore) -> list[dict[str, Any]]:
    """One row per source, by id; sources of this host that cannot run here are among them with reason and remedy."""
    refusals = refusals_of(site.home)
    counts, silent = store.counts(), read_silent(site.home.state / "silence.json")
    rows = {
        source: _row(source, counts.get(source), refusals.get(source, {}), silent=source in silent)
        for source in {*counts, *refusals}
    }
    for item in [
        one for name in ("agent", "sensor") for one in (read_status(site.home.run, name) or {}).get("sources", [])
    ]:
        rows[item["id"]] = {**rows.get(item["id"], _row(item["id"], None, {}, silent=False)), **_agent_part(item)}
    rows |= _collections(site)
    return [rows[name] for name in sorted(rows)]


def _collections(site: Site) -> dict[str, dict[str, Any]]:
    """The TAXII collections that did not answer the last time, with the reason."""
    kept = polls_of(site.home)
    bad = [name for name in site.settings.intelligence.taxii if name in kept and kept[name].problem]
    return {
        f"taxii:{name}": _row(f"taxii:{name}", None, {}, silent=False)
        | {"available": False, "reason": kept[name].problem, "remedy": say("yaodun.intelligence.see")}
        for name in bad
    }


def refusals_of(home: Home) -> dict[str, dict[str, int]]:
    """Refused records by source and reason: those of the receivers, and packets the sensor lost."""
    return {name: reasons for book in BOOKS for name, reasons in read_refusals(home.state / book).items()}


def _row(source: str, count: SourceCount | None, refused: Mapping[str, int], *, silent: bool) -> dict[str, Any]:
    found = count or SourceCount()
    last = found.newest_ns / 1e9
    return {
        "id": source,
        "received": found.received + sum(refused.values()),
        "stored": found.stored,
        "quarantined": found.quarantined,
        "refused": sum(refused.values()) + found.duplicates,
        "last_seen": datetime.fromtimestamp(last, UTC).isoformat(timespec="milliseconds") if last else None,
        "silent": silent,
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
