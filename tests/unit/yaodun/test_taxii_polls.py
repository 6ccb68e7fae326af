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
from yaodun import intelligence
from yaodun.intelligence import ask_taxii, polls_of
from yaodun.settings import Intelligence
from yaodun.site import Site

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
        self.told: Callable[[str], list[Any]] = lambda after: []

    def answer(self, collection: str, _: str, after: str = "") -> Answer:
        self.asked.append((collection, after))
        self.clock.advance(10)
        if collection in self.broken:
            raise AppError(ErrorKind.UNAVAILABLE, "analytics.intelligence.taxii_failed", place=collection, problem="x")
        return Answer(self.told(after), rfc3339(self.clock.now()))

    def poll(self) -> list[tuple[str, str]]:
        """What one turn asked."""
        self.asked.clear()
        ask_taxii(cast(Site, self))
        return list(self.asked)

    def polls(self) -> dict[str, intelligence.Poll]:
        return polls_of(cast(Site, self))

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
    assert site.polls()[ONE] == intelligence.Poll(START, "2026-11-19T00:00:00Z", "was")
    assert [one for one, _ in site.poll()] == [OTHER]
