"""Feeds of a site: the command, the folder, and the search of what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from infra.events import Stream
from infra.home import Home
from infra.store.seams import Batch, SourceCount, SpoolPosition
from ops.alerts.query import AlertQuery
from yaodun.cli import main
from yaodun.site import open_site
from yaodun.workers.intelligence import renew


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    assert main(["prepare", "--home", str(made.root)]) == 0
    return made


def test_import_says_what_it_refused_and_takes_the_rest(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = tmp_path / "feed.txt"
    feed.write_text("203.0.113.9\nnot an indicator\n")
    capsys.readouterr()
    assert main(["intel", "import", str(feed), "--home", str(home.root), "--format", "ndjson"]) == 1
    told = capsys.readouterr()
    assert orjson.loads(told.out) == {"source": "feed.txt", "entries": 1, "refused": 1}
    assert "feed.txt:2" in told.err
    assert main(["intel", "check", "203[.]0.113.9", "--home", str(home.root), "--format", "ndjson"]) == 1
    found = orjson.loads(capsys.readouterr().out)
    assert (found["kind"], found["source"], found["confidence"]) == ("address", "feed.txt", 60)
    assert main(["intel", "check", "203.0.113.10", "--home", str(home.root)]) == 0


def test_a_new_indicator_is_found_in_what_was_stored_before_it(home: Home) -> None:
    site = open_site(home)
    moment = datetime.now(UTC) - timedelta(days=2)
    events = [
        {"@timestamp": moment, "event.id": f"{moment:%Y%m%d%H}-{number}", "event.ingested": moment,
         "yaodun.stream": "logs",
         "yaodun.source": "proxy", "source.ip": f"10.0.0.{number}", "destination.ip": f"203.0.113.{number}"}
        for number in range(20)
    ]  # fmt: skip
    store = site.open_store(read_only=False)
    store.append(
        Batch(spool="t", position=SpoolPosition(1, 1), events={Stream.LOGS: events}, counts={"proxy": SourceCount(20)})
    )
    store.close()
    (home.feeds / "partner.csv").write_text("ip,confidence\n203.0.113.7,95\n")
    try:
        assert renew(site) == {"files": 1, "new": 1, "hits": 1}
        assert renew(site) == {"files": 0, "new": 0, "hits": 0}
        [alert] = site_alerts(site)
    finally:
        site.records.close()
    assert alert == ("intelligence-address", "10.0.0.7", "high")


def site_alerts(site: object) -> list[tuple[str, str, str]]:
    from infra.ledger import record
    from ops.alerts import Alerts

    found = Alerts(site.records, site.clock, record).search(AlertQuery())  # type: ignore[attr-defined]
    return [(one.rule["id"], one.entity["value"], one.level.value) for one in found.alerts]
