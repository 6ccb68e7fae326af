"""Blind rules: those no connected source feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from analytics.rules import Engine, load_rules
from analytics.rules.coverage import Watch, Watched
from analytics.rules.load import shipped_rules
from infra.events import Conformed, Conformer, Event, table

NOW = datetime(2026, 11, 18, tzinfo=UTC)


def login(number: int) -> Event:
    document = {
        "event.category": ["authentication"], "event.outcome": "failure",
        "log.syslog.appname": "sshd", "host.os.type": "linux", "user.name": "root",
        "source.ip": "203.0.113.9", "host.name": "h", "event.id": f"e{number}", "event.dataset": "linux.auth",
        "event.kind": "event", "event.module": "linux",
    }  # fmt: skip
    found = Conformer(table()).conform(document, NOW)
    assert isinstance(found, Conformed)
    return found.event


def test_every_rule_is_blind_until_an_event_of_its_source_was_seen() -> None:
    rules = load_rules([shipped_rules()])
    watch = Watch(rules)
    before = len(watch.blind())
    Watched(Engine(rules), watch).match([login(number) for number in range(200)])
    assert before > len(watch.blind()) > 0
    sources = {row.logsource: row.seen for row in watch.report()}
    assert sources["linux/*/sshd"]
    assert not sources["linux/*/cron"]


def test_a_watched_detector_answers_what_the_detector_answers() -> None:
    class Counting:
        def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[object]:
            return [len(events)]

    watched = Watched(Counting(), Watch(load_rules([shipped_rules()])))  # type: ignore[arg-type]
    assert watched.match([login(1), login(2)]) == [2]  # type: ignore[comparison-overlap]
