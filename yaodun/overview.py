"""How the running site is doing, put together from what each service says of itself and from the store."""

from __future__ import annotations

import fcntl
import time
from typing import Any

from infra.home import Home
from infra.status import pss_mib, read_status
from infra.store.seams import EventStore
from yaodun.site import Site
from yaodun.sources import source_rows

FRESH_S = 10.0


def running(home: Home) -> bool:
    """Whether a supervisor holds the data folder."""
    try:
        with (home.run / "supervisor.lock").open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def services(home: Home) -> list[dict[str, Any]]:
    """Every supervised service: name, state, pid, memory, restarts; [] where nothing runs."""
    status = read_status(home.run, "supervisor") if running(home) else None
    if status is None:
        return []
    rows = [service_row(home, item) for item in status["services"]]
    own = {
        "name": "supervisor",
        "state": "running",
        "pid": status["pid"],
        "pss_mib": pss_mib(status["pid"]),
        "restarts": 0,
    }
    return [own, *rows]


def service_row(home: Home, item: dict[str, Any]) -> dict[str, Any]:
    """One service; ``stale`` where it runs but has said nothing for some seconds."""
    own = read_status(home.run, item["name"])
    state = item["state"]
    if state == "running" and (own is None or time.time() - own["written"] > FRESH_S or own["pid"] != item["pid"]):
        state = "starting" if time.time() - item["started"] < FRESH_S else "stale"
    return {
        "name": item["name"], "state": state, "pid": item["pid"],
        "pss_mib": pss_mib(item["pid"]) if item["pid"] else None, "restarts": item["restarts"],
    }  # fmt: skip


def listeners(home: Home) -> list[dict[str, Any]]:
    """Every open door of the running services: kind and address."""
    found = []
    for name in ("web", "ingest"):
        status = read_status(home.run, name)
        if status and status.get("state") == "running":
            found.extend(status.get("listeners", []))
    return found


def store_status(store: EventStore) -> dict[str, Any]:
    """Size and extent of the event store over all streams."""
    streams = store.stats().values()
    return {
        "events": sum(item.events for item in streams),
        "bytes": sum(item.bytes for item in streams),
        "oldest": min((item.oldest.isoformat() for item in streams if item.oldest), default=None),
        "newest": max((item.newest.isoformat() for item in streams if item.newest), default=None),
    }


def site_status(site: Site) -> dict[str, Any]:
    """The whole answer of ``yaodun status``."""
    home, store = site.home, site.open_store(read_only=True)
    ingest = read_status(home.run, "ingest") or {}
    return {
        "services": services(home),
        "listeners": listeners(home),
        "sources": source_rows(site, store),
        "store": store_status(store),
        "rules": ingest.get("rules", {"loaded": 0, "failed": 0, "blind": 0}),
        "lag_s": ingest.get("lag_s"),
    }
