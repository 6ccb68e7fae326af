"""ingest killed while events stream in: everything acknowledged is stored exactly once, and the ledger adds up."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from infra.clock import SystemClock
from infra.store.embedded import EmbeddedStore
from infra.store.query.tree import Cardinality, Query, Term, Window
from tests.running import RunningSite, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]
EVENTS, KILLS, BATCH = 100_000, 5, 500


def batches() -> Iterator[tuple[int, bytes]]:
    """Bulk bodies whose documents carry ids of their own, as a shipper that retries sends them."""
    for first in range(0, EVENTS, BATCH):
        lines = []
        for number in range(first, first + BATCH):
            lines.append(json.dumps({"create": {"_index": "app", "_id": f"n{number}"}}))
            lines.append(
                json.dumps({"message": f"event {number}", "event.dataset": "killtest", "user.name": f"u{number}"})
            )
        yield first, ("\n".join(lines) + "\n").encode()


def deliver(client: httpx.Client, body: bytes) -> None:
    """Send until it is acknowledged, as a shipper does."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            answer = client.post("/_bulk", content=body, headers={"content-type": "application/x-ndjson"})
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if answer.status_code == 200:
            assert answer.json()["errors"] is False
            return
        assert answer.status_code in (429, 503), answer.text
        time.sleep(0.1)
    raise AssertionError("a batch was never acknowledged")


def kill_now_and_then(site: RunningSite, done: threading.Event, killed: list[int]) -> None:
    """Kill the running ingest ``KILLS`` times, each time after it has taken something in."""
    chance = random.Random(7)
    while len(killed) < KILLS and not done.is_set():
        time.sleep(chance.uniform(0.3, 1.5))
        try:
            pid = site.pid_of("ingest")
        except AssertionError:
            continue
        if pid in killed or not answers(site):
            continue
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)


def answers(site: RunningSite) -> bool:
    """Whether the HTTP receiver listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{site.http_port}/", timeout=1).status_code in (200, 401)
    except httpx.HTTPError:
        return False


def test_killed_ingest_loses_and_doubles_nothing(tmp_path: Path) -> None:
    site = RunningSite(tmp_path / "home")
    site.start()
    try:
        wait_for("the HTTP receiver", lambda: answers(site))
        secret = json.loads(site.command("token", "create", "--source", "killtest", check=0).stdout)["token"]
        done, killed = threading.Event(), list[int]()
        killer = threading.Thread(target=kill_now_and_then, args=(site, done, killed), daemon=True)
        killer.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{site.http_port}", auth=("x", secret), timeout=10) as client:
            for _, body in batches():
                deliver(client, body)
        done.set()
        killer.join(10)
        assert len(killed) == KILLS, "too few kills: the test shows nothing"
        check(site)
    finally:
        site.stop()


def check(site: RunningSite) -> None:
    """Count what is in the store, by a reader of its own."""
    store = EmbeddedStore(site.home / "events", SystemClock(), read_only=True)
    now = SystemClock().now()
    query = Query(
        streams=("logs",), window=Window(now - timedelta(hours=2), now + timedelta(hours=1)), limit=1,
        filter=Term("event.dataset", "killtest"), count_up_to=2 * EVENTS,
    )  # fmt: skip
    wait_for("every event in the store", lambda: store.search(query).total >= EVENTS, 120, 0.5)
    wait_for("nothing waits in the spool", lambda: ingest_lag(site) == 0)
    distinct = store.aggregate(query, {"users": Cardinality("user.name")})["users"]
    assert store.search(query).total == EVENTS
    assert distinct.values["value"] == EVENTS
    (row,) = [row for row in site.status()["sources"] if "killtest" in row["id"]]
    assert row["stored"] == EVENTS
    assert row["received"] == row["stored"] + row["quarantined"] + row["refused"]
    store.close()


def ingest_lag(site: RunningSite) -> int:
    """Bytes of the spool that are not in the store yet."""
    return int(json.loads((site.home / "run" / "ingest.status.json").read_text())["lag_bytes"])
