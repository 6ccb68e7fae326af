"""Backup of a platform in use: what it acknowledged before is in the restored platform, once, and that one starts."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import httpx
import pytest

from tests.running import RunningSite, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.slow]
BEFORE, BATCH = 2_000, 100


def deliver(site: RunningSite, client: httpx.Client, first: int) -> None:
    """A batch with ids of its own, until it is acknowledged."""
    lines = []
    for number in range(first, first + BATCH):
        lines.append(json.dumps({"create": {"_index": "app", "_id": f"n{number}"}}))
        lines.append(json.dumps({"message": f"backup {number}", "event.dataset": "drill", "user.name": f"u{number}"}))
    answer = client.post(
        f"http://127.0.0.1:{site.http_port}/_bulk", content="\n".join(lines) + "\n",
        headers={"content-type": "application/x-ndjson"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert answer.json()["errors"] is False


def users(site: RunningSite) -> list[str]:
    """Who is named by the drill's events, one entry for each event."""
    rows = site.rows("search", "event.dataset:drill", "--limit", "100000")
    return [str(row["user.name"]) for row in rows]


def test_a_platform_in_use_comes_back_with_all_it_acknowledged(tmp_path: Path) -> None:
    site = RunningSite(tmp_path / "home")
    site.start()
    stop = threading.Event()
    sent = list(range(0, BEFORE, BATCH))
    (made,) = site.rows("token", "create", "--source", "drill")
    letter = {"authorization": f"Bearer {made['token']}"}
    with httpx.Client(timeout=60, headers=letter) as client:
        for first in sent:
            deliver(site, client, first)

        def go_on() -> None:
            for first in range(BEFORE, BEFORE * 50, BATCH):
                if stop.is_set():
                    return
                deliver(site, client, first)
                sent.append(first)
                stop.wait(0.05)

        sender = threading.Thread(target=go_on)
        sender.start()
        try:
            rows = site.rows("backup", str(tmp_path / "copy"))
        finally:
            stop.set()
            sender.join()
    assert {row["part"] for row in rows} >= {"files", "records", "ledger", "events"}
    site.stop()
    shutil.rmtree(site.home)

    new = RunningSite(tmp_path / "again")
    done = new.command("restore", str(tmp_path / "copy"), "--format", "ndjson", check=0)
    assert all(json.loads(line)["equal"] for line in done.stdout.splitlines())
    new.start()
    try:
        wanted = {f"u{number}" for number in range(BEFORE)}
        found = wait_for("the events of before the backup", lambda: wanted <= set(users(new)) and users(new), 60)
        assert len(found) == len(set(found)), "an event came twice"
        for row in new.status()["sources"]:
            assert row["received"] == row["stored"] + row["quarantined"] + row["refused"] + row.get("duplicates", 0), (
                row
            )
        with httpx.Client(timeout=60, headers=letter) as client:
            for first in sent:
                deliver(new, client, first)
        everyone = {f"u{first + number}" for first in sent for number in range(BATCH)}
        found = wait_for("what was sent again", lambda: everyone <= set(users(new)) and users(new), 60)
        assert len(found) == len(set(found)), "an event came twice"
    finally:
        new.stop()


def test_restore_says_what_to_do_where_there_is_no_backup(tmp_path: Path) -> None:
    done = RunningSite(tmp_path / "home").command("restore", str(tmp_path), check=2)
    assert "yaodun backup" in done.stderr
    assert "Traceback" not in done.stderr
