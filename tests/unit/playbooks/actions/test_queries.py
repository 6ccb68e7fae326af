"""Commands that only look, on a real store and real files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.events.stream import Stream
from infra.spool.position import SpoolPosition
from infra.store.embedded import EmbeddedStore
from infra.store.seams import Batch
from playbooks.actions.queries import SigmaQuery, StoreQuery, YaraScan
from playbooks.engine.orders import Order
from playbooks.model.playbook import Party

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULE = """
title: Listener
logsource: {product: linux, category: process_creation}
detection:
  sel: {Image|endswith: /nc}
  condition: sel
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = EmbeddedStore(tmp_path / "events", ManualClock(NOW), read_only=False)
    events = [
        {"event.id": f"2026112011-{number:022d}", "@timestamp": NOW - timedelta(minutes=number), "host.name": "h1",
         "host.os.type": "linux", "event.category": ["process"], "event.type": ["start"],
         "process.executable": path, "process.name": path.rsplit("/", 1)[1], "message": "x"}
        for number, path in enumerate(("/bin/nc", "/bin/ls", "/usr/bin/nc"))
    ]  # fmt: skip
    store.append(Batch(spool="s", position=SpoolPosition(1, 10), events={Stream.INVENTORY: events}, counts={}))
    store.close()
    return tmp_path


def order(text: str, **more: object) -> Order:
    return Order("run:t1", "r", "s", "elastic", text=text, **more)  # type: ignore[arg-type]


def open_store(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder / "events", ManualClock(NOW), read_only=True)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("process.name:nc", 2),
        ('{"query": "process.name:ls"}', 1),
        ('{"query": {"query_string": {"query": "host.name:h1"}}, "size": 1}', 3),
        ('{"query": "host.name:h1", "from": "2026-11-20T11:59:30Z", "to": "2026-11-20T12:01:00Z"}', 1),
        ("host.name:h2", 0),
    ],
)
def test_searches_count_and_show(folder: Path, text: str, count: int) -> None:
    done = StoreQuery(lambda: open_store(folder), ManualClock(NOW)).act(order(text))
    assert done.output["count"] == str(count)
    assert json.loads(done.output["body"])["count"] == count


def test_a_sigma_rule_is_matched_on_what_is_stored(folder: Path) -> None:
    query = SigmaQuery(lambda: open_store(folder), ManualClock(NOW), folder / "rules")
    done = query.act(order(RULE))
    assert (done.ok, done.output["count"]) == (True, "2"), done.reason
    assert not query.act(order("title: broken\ndetection: {condition: x}\nlogsource: {}")).ok


def test_a_yara_rule_finds_files_within_the_roots_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bad.bin").write_bytes(b"xx EVIL xx")
    (tmp_path / "in/good.bin").write_bytes(b"xx")
    (tmp_path / "in/link").symlink_to(tmp_path / "in/bad.bin")
    rule = 'rule evil { strings: $a = "EVIL" condition: $a }'
    scan = YaraScan((tmp_path / "in",))
    done = scan.act(order(rule))
    assert done.output["count"] == "1"
    assert json.loads(done.output["body"])["matches"][0]["file"] == str(tmp_path / "in/bad.bin")
    assert not scan.act(order("rule {")).ok
    with pytest.raises(Exception, match=r"outside|目录"):
        scan.act(order(rule, target=Party("linux", "x", {"url": ["/etc"]})))
