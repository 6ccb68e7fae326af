"""The rules of the stream: a change of a person or of a file is taken up once, and the sight told is of one set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.rules import Engine
from analytics.rules.book import RuleBook
from analytics.rules.coverage import Watch
from analytics.rules.rule import RuleSet
from analytics.rules.state import RuleState
from infra.events import Event
from infra.feed import Feed
from infra.home import Home
from infra.records.migrate import migrate
from tests.unit.analytics.rules.test_desk import ANNA, BASE, RULE
from yaodun.rules import SIGHT_KEPT, FreshRules, rules_of, sight_of
from yaodun.site import Site, open_site

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
OTHER = "00000000-0000-4000-8000-00000000000c"
SECOND = RULE.replace(BASE, OTHER).replace("name: backdoor\n", "").replace("testing", "elsewhere")
MET: Event = {"event.module": "testing", "destination.port": 4444, "@timestamp": NOW, "event.id": "e1"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with one rule, which compiles in this process."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr("yaodun.rules.shipped_rules", lambda: shipped)
    home = Home(tmp_path / "home")
    home.prepare()
    made = open_site(home)
    migrate(made.records.engine)
    home.rules.mkdir(parents=True, exist_ok=True)
    (home.rules / "a.yml").write_text(RULE)

    def compiled(words: tuple[str, ...], **named: Any) -> None:
        assert words[1:] == ("-m", "yaodun.workers.rules", "--home", str(home.root))
        rules_of(made, RuleBook(made.records, made.clock).changes(made.clock.now()))

    monkeypatch.setattr("yaodun.rules.subprocess.run", compiled)
    yield made
    made.records.close()


@pytest.fixture
def feed(site: Site) -> Feed:
    return Feed(site.records, site.clock)


@pytest.fixture
def fresh(site: Site, feed: Feed) -> FreshRules:
    return FreshRules(site, feed)


def told(ruleset: RuleSet | None) -> list[str]:
    assert ruleset is not None
    return [signal.rule_id for signal in Engine(ruleset).match([MET])]


def test_what_a_person_switches_is_told_and_taken_up_once(site: Site, feed: Feed, fresh: FreshRules) -> None:
    assert told(fresh.ruleset) == [BASE]
    fresh._refresh()
    assert fresh.take() is None
    RuleBook(site.records, site.clock).switch(ANNA, BASE, RuleState.CANARY, "noisy")
    feed.poll()
    assert fresh._changed.is_set()
    fresh._refresh()
    before = fresh.watch
    taken = fresh.take()
    assert told(taken) == []
    assert fresh.ruleset is taken
    assert fresh.watch is not before
    assert fresh.take() is None


@pytest.mark.parametrize("name", ["a.yml", "b.yml", "placeholders.yml"])
def test_a_file_that_changes_is_taken_up(site: Site, fresh: FreshRules, name: str) -> None:
    text = "ports: [4444]" if name == "placeholders.yml" else RULE.replace("4444", "5555")
    (site.home.rules / name).write_text(text)
    fresh._refresh()
    assert fresh.take() is not None
    fresh._refresh()
    assert fresh.take() is None


def test_a_text_written_here_is_compiled_and_only_the_newest_set_is_taken(site: Site, fresh: FreshRules) -> None:
    book = RuleBook(site.records, site.clock)
    for port in ("5555", "6666", "4444"):
        book.write(ANNA, BASE, RULE.replace("4444", port), "", "moved", RuleState.ENABLED, draft=BASE)
        fresh._refresh()
    assert told(fresh.take()) == [BASE]
    assert fresh.take() is None


def test_the_thread_looks_until_it_is_told_to_stop(fresh: FreshRules) -> None:
    fresh.start()
    fresh.stop()
    assert not fresh._thread.is_alive()


def test_sight_is_of_the_set_it_was_watched_on_though_the_stream_goes_on_meanwhile(
    site: Site, fresh: FreshRules
) -> None:
    class Swapped(Watch):
        """While it is asked the stream takes the next set up."""

        def blind(self) -> set[int]:
            fresh.take()
            return super().blind()

    (site.home.rules / "b.yml").write_text(SECOND)
    (site.home.rules / "a.yml").unlink()
    fresh.watch = Swapped(fresh.ruleset)
    fresh.watch.see([MET])
    fresh._refresh()
    fresh._tell_sight(NOW)
    assert [rule.id for rule in fresh.ruleset.rules] == [OTHER]
    assert sight_of(site).seen == {BASE}


def test_a_watch_that_begins_anew_is_put_in_place_by_the_stream(site: Site, fresh: FreshRules) -> None:
    fresh._tell_sight(NOW)
    watch = fresh.watch
    watch.see([MET])
    fresh._tell_sight(NOW + SIGHT_KEPT)
    assert sight_of(site).since == NOW + SIGHT_KEPT
    assert fresh.watch is watch
    assert fresh.take() is None
    assert fresh.watch is not watch
    assert fresh.watch.blind() == {0}
    anew = fresh.watch
    fresh._tell_sight(NOW + SIGHT_KEPT + timedelta(seconds=5))
    fresh.take()
    assert fresh.watch is anew
