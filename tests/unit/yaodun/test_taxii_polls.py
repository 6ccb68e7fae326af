"""Collections of TAXII as a site asks them: what is kept of a poll, and no failure or damage stops the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from analytics.intelligence.taxii import Answer
from infra.clock import ManualClock, rfc3339
from infra.errors import AppError, ErrorKind
from infra.home import Home
from infra.store.seams import EventStore, SourceCount
from yaodun import intelligence
from yaodun.checkup import check_authorization
from yaodun.intelligence import ask_taxii
from yaodun.settings import Intelligence, Settings
from yaodun.site import Site
from yaodun.sources import source_rows
from yaodun.taxii_polls import Poll, polls_of

START = datetime(2026, 11, 20, tzinfo=UTC)
ONE, OTHER = "https://feeds.example/collections/1/", "https://feeds.example/collections/2/"


class Standing:
    """A site with two collections, and a server whose every answer takes ten seconds."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.prepare()
        self.clock = ManualClock(START)
        self.settings = msgspec.convert({}, _Settings)
        self.asked: list[tuple[str, str]] = []
        self.broken: set[str] = set()
        self.shown: set[str] = set()
        self.told: Callable[[str], list[Any]] = lambda after: []

    def answer(self, collection: str, authorization: str, after: str = "") -> Answer:
        self.asked.append((collection, after))
        self.shown.add(authorization)
        self.clock.advance(10)
        if collection in self.broken:
            raise AppError(ErrorKind.UNAVAILABLE, "analytics.intelligence.taxii_failed", place=collection, problem="x")
        return Answer(self.told(after), rfc3339(self.clock.now()))

    def poll(self) -> list[tuple[str, str]]:
        """What one turn asked."""
        self.asked.clear()
        ask_taxii(cast(Site, self))
        return list(self.asked)

    def polls(self) -> dict[str, Poll]:
        return polls_of(self.home)

    @property
    def bundle(self) -> Path:
        [path] = self.home.feeds.glob("taxii-*.json")
        return path

    def kept(self) -> list[str]:
        return [one["id"] for one in msgspec.json.decode(self.bundle.read_bytes())["objects"]]


class _Settings(msgspec.Struct):
    intelligence: Intelligence = Intelligence(taxii=(ONE, OTHER))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Standing:
    made = Standing(tmp_path / "home")
    monkeypatch.setattr(intelligence, "ask", made.answer)
    return made


def indicator(number: int, until: datetime | None = None) -> dict[str, str]:
    end = {"valid_until": rfc3339(until)} if until else {}
    return {
        "type": "indicator",
        "id": f"indicator--{number}",
        "pattern": f"[ipv4-addr:value = '192.0.2.{number}']",
        **end,
    }


def test_every_collection_is_asked_at_every_interval_however_long_answers_take(site: Standing) -> None:
    assert [one for one, _ in site.poll()] == [ONE, OTHER]
    for _ in range(3):
        site.clock.advance(30)
        assert site.poll() == []
        site.clock.advance(3_600 - 30 - 20)
        assert [one for one, _ in site.poll()] == [ONE, OTHER]


def test_what_failed_is_asked_again_at_once_and_from_where_it_stood(site: Standing) -> None:
    site.poll()
    before = site.polls()[ONE]
    site.broken = {ONE}
    site.clock.advance(3_600)
    assert [one for one, _ in site.poll()] == [ONE, OTHER]
    after = site.polls()[ONE]
    assert "feeds.example" in after.problem
    assert msgspec.structs.replace(after, problem="") == before
    assert [one for one, _ in site.poll()] == [ONE], "the other one answered"
    site.broken = set()
    assert site.poll() == [(ONE, before.after)]
    assert site.polls()[ONE].problem == ""
    assert site.poll() == []


def test_one_that_never_answered_has_no_time_and_stands_in_no_other_s_way(site: Standing) -> None:
    site.broken = {ONE}
    site.poll()
    polls = site.polls()
    assert (polls[ONE].asked, polls[ONE].after, bool(polls[ONE].problem)) == (None, "", True)
    assert (polls[OTHER].asked, polls[OTHER].problem) == (START, "")


@pytest.fixture
def alone(site: Standing) -> Standing:
    """One collection, which holds one object and was then given another."""
    site.settings.intelligence = Intelligence(taxii=(ONE,))
    site.told = lambda after: [indicator(2)] if after else [indicator(1)]
    return site


def test_later_only_what_was_added_is_asked_for_and_once_a_day_everything(alone: Standing) -> None:
    assert alone.poll() == [(ONE, "")]
    for _ in range(23):
        before = alone.polls()[ONE].after
        alone.clock.advance(3_600)
        assert alone.poll() == [(ONE, before)]
        assert alone.kept() == ["indicator--1", "indicator--2"]
    alone.clock.advance(3_600)
    assert alone.poll() == [(ONE, "")]
    assert alone.kept() == ["indicator--1"], "what the collection no longer has is gone"


def test_what_is_over_leaves_the_bundle(alone: Standing) -> None:
    end = START + timedelta(minutes=90)
    alone.told = lambda after: [indicator(2)] if after else [indicator(1, end), indicator(3, START)]
    alone.poll()
    assert alone.kept() == ["indicator--1"]
    for kept in (["indicator--1", "indicator--2"], ["indicator--2"]):
        alone.clock.advance(3_600)
        alone.poll()
        assert alone.kept() == kept


@pytest.mark.parametrize("damaged", [b"", b"{}", b'{"objects": [{"type', b"[" * 100_000, None])
def test_a_damaged_bundle_is_fetched_anew(alone: Standing, damaged: bytes | None) -> None:
    alone.poll()
    alone.bundle.unlink() if damaged is None else alone.bundle.write_bytes(damaged)
    alone.clock.advance(3_600)
    assert alone.poll() == [(ONE, "")]
    assert alone.kept() == ["indicator--1"]


@pytest.mark.parametrize("state", [b"", b"[]", b'{"x": {"asked": 5}}', b"\xff"])
def test_a_damaged_state_file_only_costs_a_fetch(site: Standing, state: bytes) -> None:
    site.poll()
    (site.home.state / "taxii.json").write_bytes(state)
    assert site.polls() == {}
    assert site.poll() == [(ONE, ""), (OTHER, "")]
    assert set(site.polls()) == {ONE, OTHER}


def test_polls_of_the_version_before_are_read(site: Standing) -> None:
    (site.home.state / "taxii.json").write_bytes(
        msgspec.json.encode({ONE: {"asked": START, "after": "2026-11-19T00:00:00Z", "problem": "was"}})
    )
    assert site.polls()[ONE] == Poll(START, "2026-11-19T00:00:00Z", "was")
    assert [one for one, _ in site.poll()] == [OTHER]


SECRET = "Basic c2VjcmV0"


@pytest.mark.parametrize("kept", [None, b"", b"Basic c2Vj\ncmV0", "Basic Gehe\u00efm".encode(), b"x" * 100_000])
def test_an_authorization_that_cannot_be_read_is_told_and_the_others_go_on(
    site: Standing, kept: bytes | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "authorization"
    if kept is not None:
        path.write_bytes(kept)
    site.settings.intelligence = Intelligence(taxii=(ONE, OTHER), taxii_authorization=str(path))
    site.broken = {ONE}
    assert [one for one, _ in site.poll()] == [ONE, OTHER]
    assert site.shown == {""}
    polls = site.polls()
    assert (polls[OTHER].asked, polls[OTHER].problem) == (START, "")
    assert str(path) in polls[ONE].problem
    assert "intelligence.authorization_unreadable" in caplog.messages
    assert "c2Vj" not in caplog.text + polls[ONE].problem
    rows = {row["id"]: row for row in source_rows(cast(Site, site), cast(EventStore, Empty()))}
    assert set(rows) == {f"taxii:{ONE}"}
    assert (rows[f"taxii:{ONE}"]["available"], rows[f"taxii:{ONE}"]["reason"]) == (False, polls[ONE].problem)
    settings = Settings(intelligence=site.settings.intelligence)
    assert [(each.state, str(path) in each.remedy) for each in check_authorization(settings)] == [("failed", True)]


def test_the_authorization_is_shown_to_every_collection(site: Standing, tmp_path: Path) -> None:
    path = tmp_path / "authorization"
    path.write_text(f"{SECRET}\n")
    site.settings.intelligence = Intelligence(taxii=(ONE, OTHER), taxii_authorization=str(path))
    site.poll()
    assert site.shown == {SECRET}
    settings = Settings(intelligence=site.settings.intelligence)
    assert [each.state for each in check_authorization(settings)] == ["ok"]


def test_a_folder_that_takes_no_bundle_is_a_failed_poll(site: Standing) -> None:
    site.settings.intelligence = Intelligence(taxii=(ONE, OTHER), folder=str(site.home.root / "none" / "such"))
    assert [one for one, _ in site.poll()] == [ONE, OTHER]
    assert all("such" in poll.problem and poll.asked is None for poll in site.polls().values())


class Empty:
    """A store of nothing."""

    def counts(self) -> dict[str, SourceCount]:
        return {}
