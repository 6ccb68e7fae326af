"""Alerts: grouping, idempotence, work, undo, paging."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.orm import Session

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.events import Signal, Why
from infra.exchange import Level
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from ops.alerts import AlertQuery, Alerts, Disposition, State
from ops.alerts.chain import ChainWatch
from ops.alerts.outcomes import AlertOutcomes
from ops.alerts.risk import EntityRisks
from ops.alerts.stacks import StackBy

START = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
ANALYST = Actor(id="u1", name="analyst", roles=("analyst",))


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    yield records
    records.close()


@pytest.fixture
def audited() -> list[tuple[str, str, str]]:
    return []


@pytest.fixture
def alerts(records: Records, audited: list[tuple[str, str, str]]) -> Alerts:
    def audit(session: Session, *, actor: Actor, action: str, thing: str, detail: dict[str, Any]) -> None:
        audited.append((actor.name, action, thing))

    return Alerts(records, ManualClock(START), audit)


def signal(
    number: int, rule: str = "r1", entity: str = "10.0.0.9", level: Level = Level.HIGH, minutes: int = 0
) -> Signal:
    return Signal(
        id=f"s{number}", time=START + timedelta(minutes=minutes), rule_id=rule, rule_name=f"rule {rule}",
        detector="rules", level=level, event_ids=(f"e{number}",), entity_type="ip", entity_value=entity,
        why=(Why("source.ip", entity, f"value {number}"),), author="us", techniques=("T1110",),
    )  # fmt: skip


def test_signals_of_one_rule_and_entity_are_one_alert(alerts: Alerts) -> None:
    alerts.absorb([signal(2, minutes=5), signal(1), signal(3, entity="10.0.0.8")])
    found = alerts.search(AlertQuery()).alerts
    assert {(alert.entity["value"], alert.count) for alert in found} == {("10.0.0.9", 2), ("10.0.0.8", 1)}
    both = next(alert for alert in found if alert.count == 2)
    assert (both.first_seen, both.last_seen) == (START, START + timedelta(minutes=5))
    assert both.event_ids == ("e1", "e2")
    assert both.why[0]["pattern"] == "value 2"


def test_a_signal_counts_once_however_often_it_is_delivered(alerts: Alerts) -> None:
    for _ in range(3):
        alerts.absorb([signal(1), signal(1)])
    page = alerts.search(AlertQuery())
    assert (page.total, page.signals) == (1, 1)


def test_a_closed_alert_stays_closed_and_a_new_one_opens(alerts: Alerts) -> None:
    (first,) = alerts.absorb([signal(1)])
    alerts.close(ANALYST, [first.id], Disposition.BENIGN, "scanner of ours")
    alerts.absorb([signal(2, minutes=1)])
    states = {alert.state for alert in alerts.search(AlertQuery()).alerts}
    assert states == {State.CLOSED, State.NEW}


def test_signals_further_apart_than_the_window_open_a_new_alert(alerts: Alerts) -> None:
    alerts.absorb([signal(1), signal(2, minutes=24 * 60 + 1)])
    assert alerts.search(AlertQuery()).total == 2


def test_the_worst_level_of_the_signals_is_the_level_of_the_alert(alerts: Alerts) -> None:
    alerts.absorb([signal(1, level=Level.LOW), signal(2, level=Level.CRITICAL), signal(3, level=Level.MEDIUM)])
    assert alerts.search(AlertQuery()).alerts[0].level is Level.CRITICAL


def test_closing_needs_words_and_is_audited(alerts: Alerts, audited: list[tuple[str, str, str]]) -> None:
    (alert,) = alerts.absorb([signal(1)])
    with pytest.raises(AppError) as refused:
        alerts.close(ANALYST, [alert.id], Disposition.BENIGN, "  ")
    assert refused.value.kind is ErrorKind.INVALID
    assert audited == []
    alerts.close(ANALYST, [alert.id], Disposition.TRUE_POSITIVE, "seen in the firewall too")
    assert audited == [("analyst", "alerts.close", f"alert:{alert.id}")]
    assert alerts.history(alert.id)[0].detail["disposition"] == "true_positive"


def test_undo_brings_back_every_alert_of_a_bulk_action(alerts: Alerts) -> None:
    changed = alerts.absorb([signal(1), signal(2, entity="b"), signal(3, entity="c")])
    token = alerts.close(ANALYST, [alert.id for alert in changed], Disposition.FALSE_POSITIVE, "test rule")
    assert alerts.undo(ANALYST, token) == 3
    assert {alert.state for alert in alerts.search(AlertQuery()).alerts} == {State.NEW}
    assert [action.action for action in alerts.history(changed[0].id)] == ["close", "undo"]


def test_undo_leaves_alone_what_was_changed_since(alerts: Alerts) -> None:
    (alert,) = alerts.absorb([signal(1)])
    token = alerts.acknowledge(ANALYST, [alert.id])
    alerts.assign(ANALYST, [alert.id], "colleague")
    with pytest.raises(AppError) as late:
        alerts.undo(ANALYST, token)
    assert late.value.kind is ErrorKind.CONFLICT
    assert alerts.get(alert.id).assignee == "colleague"


def test_one_unknown_id_stops_the_whole_bulk_action(alerts: Alerts) -> None:
    (alert,) = alerts.absorb([signal(1)])
    with pytest.raises(AppError):
        alerts.acknowledge(ANALYST, [alert.id, "A-nothing"])
    assert alerts.get(alert.id).state is State.NEW


@pytest.mark.parametrize("order", ["severity", "newest"])
def test_paging_shows_every_alert_once_in_order(alerts: Alerts, order: str) -> None:
    levels = list(Level)
    alerts.absorb([signal(n, entity=f"h{n}", level=levels[n % 5], minutes=n % 7) for n in range(37)])
    seen, after = [], None
    while True:
        page = alerts.search(AlertQuery(limit=10, after=after, order=order))
        seen += page.alerts
        if (after := page.after) is None:
            break
    keys = [(alert.level.rank if order == "severity" else 0, alert.last_seen, alert.id) for alert in seen]
    assert len({alert.id for alert in seen}) == 37
    assert keys == sorted(keys, reverse=True)


def test_facets_count_under_the_other_filters_only(alerts: Alerts) -> None:
    alerts.absorb([signal(1), signal(2, entity="b", level=Level.LOW), signal(3, rule="r2", entity="c")])
    facets = alerts.facets(AlertQuery(only={"level": ("low",)}))
    assert facets["level"] == {"high": 2, "low": 1}
    assert facets["state"] == {"new": 1}


def test_a_broken_cursor_is_a_clear_error(alerts: Alerts) -> None:
    with pytest.raises(AppError) as broken:
        alerts.search(AlertQuery(after="!!"))
    assert broken.value.message_key == "ops.cursor_malformed"
    assert "after" in str(broken.value)


def test_without_hides_and_an_unknown_choice_is_named(alerts: Alerts) -> None:
    alerts.absorb([signal(1), signal(2, rule="r2")])
    assert alerts.search(AlertQuery(without={"rule": ("r2",)})).total == 1
    with pytest.raises(AppError) as refused:
        alerts.search(AlertQuery(only={"colour": ("red",)}))
    assert "colour" in str(refused.value)


def test_a_stack_holds_its_alerts_and_shows_the_worst(alerts: Alerts) -> None:
    alerts.absorb([signal(n, entity=f"h{n}", level=Level.LOW if n else Level.CRITICAL) for n in range(4)])
    alerts.absorb([signal(9, rule="r2", entity="h9", level=Level.MEDIUM)])
    stacks, total = alerts.stacks(AlertQuery(), StackBy.RULE)
    assert total == 2
    assert [(stack.key, stack.alerts, stack.signals, stack.level) for stack, _ in stacks] == [
        ("r1", 4, 4, Level.CRITICAL), ("r2", 1, 1, Level.MEDIUM),
    ]  # fmt: skip
    assert stacks[0][1].entity["value"] == "h0"


def test_hours_and_histogram_count_every_signal_and_alert_once(alerts: Alerts) -> None:
    (alert, *_) = alerts.absorb([signal(n, minutes=-60 * n) for n in range(5)])
    assert sum(alerts.hours([alert.id])[alert.id]) == 5
    bars = alerts.histogram(AlertQuery(), START - timedelta(hours=1), START + timedelta(hours=1), 4)
    assert sum(sum(bar.values()) for bar in bars) == 1


def test_forgetting_what_was_counted_keeps_the_counts(alerts: Alerts) -> None:
    alerts.absorb([signal(1), signal(2, minutes=60)])
    assert alerts.forget_counted(START + timedelta(minutes=30)) == 1
    alerts.absorb([signal(2, minutes=60)])
    assert alerts.search(AlertQuery()).signals == 2


def test_the_risk_of_an_entity_fades_and_a_chain_is_told_once(alerts: Alerts) -> None:
    steps = [("T1190", 0), ("T1059", 30), ("T1496", 60)]
    made = [
        msgspec.structs.replace(signal(number, f"r{number}", minutes=minutes), techniques=(technique,))
        for number, (technique, minutes) in enumerate(steps)
    ]
    watch, now = ChainWatch(alerts), START + timedelta(hours=1)
    told = watch.signals(alerts.absorb(made), now)
    assert [(one.rule_id, one.entity_value) for one in told] == [("platform.kill-chain", "10.0.0.9")]
    alerts.absorb(told)
    assert watch.signals(alerts.absorb([signal(9, "r1", minutes=61)]), now) == []
    risks = EntityRisks(alerts)
    fresh, later = (risks.told("ip", "10.0.0.9", moment).risk.score for moment in (now, now + timedelta(days=3)))
    assert 0.5 < fresh < 1
    assert later < fresh / 2
    assert risks.told("host", "10.0.0.9", now).risk.score == 0
    assert set(risks.everywhere(now)) == {("ip", "10.0.0.9")}


class OneMachine:
    """10.0.0.9 was ``db-1`` from the start on; before, it was another machine."""

    def whose(self, kind: str, value: str, at: datetime) -> str:
        if (kind, value) == ("ip", "10.0.0.9"):
            return "a1" if at >= START else "a2"
        return {("host", "db-1"): "a1", ("asset", "a1"): "a1"}.get((kind, value), "")

    def names_of(self, asset: str) -> frozenset[str]:
        return frozenset({"10.0.0.9", "db-1"}) if asset == "a1" else frozenset({"10.0.0.9"})


def test_an_address_a_host_and_an_asset_that_are_one_machine_make_one_chain(alerts: Alerts) -> None:
    steps = [("T1190", "ip", "10.0.0.9"), ("T1059", "host", "db-1"), ("T1496", "asset", "a1")]
    made = [
        msgspec.structs.replace(signal(number, f"r{number}", minutes=30 * number), techniques=(technique,),
                                entity_type=kind, entity_value=value)
        for number, (technique, kind, value) in enumerate(steps)
    ]  # fmt: skip
    changed, now = alerts.absorb(made), START + timedelta(hours=2)
    assert ChainWatch(alerts).signals(changed, now) == []
    told = ChainWatch(alerts, OneMachine()).signals(changed, now)
    assert len(told) == 1
    assert [why.field for why in told[0].why] == ["initial-access", "execution", "impact"]


def test_an_address_that_was_another_machine_then_is_no_part_of_the_chain(alerts: Alerts) -> None:
    steps = [("T1190", "ip", "10.0.0.9", -30), ("T1059", "host", "db-1", 10), ("T1496", "host", "db-1", 20)]
    made = [
        msgspec.structs.replace(signal(number, f"r{number}", minutes=minutes), techniques=(technique,),
                                entity_type=kind, entity_value=value)
        for number, (technique, kind, value, minutes) in enumerate(steps)
    ]  # fmt: skip
    assert ChainWatch(alerts, OneMachine()).signals(alerts.absorb(made), START + timedelta(hours=2)) == []


def test_risk_and_stages_of_an_entity_take_one_look(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    behaviour = msgspec.structs.replace(signal(5, "odd"), detector="analytics")
    alerts.absorb([msgspec.structs.replace(signal(1), techniques=("T1190",)), behaviour])
    asked, search = list[AlertQuery](), alerts.search
    monkeypatch.setattr(alerts, "search", lambda query: asked.append(query) or search(query))
    told = EntityRisks(alerts).told("ip", "10.0.0.9", START + timedelta(hours=1))
    assert [part.value for part in told.contributions] == ["high"], "behaviour is weighed where it was measured"
    assert [step.technique for step in told.steps] == ["T1190", "T1110"]
    assert len(asked) == 1


def test_what_came_of_a_rule_is_counted_by_day_and_verdict(alerts: Alerts, records: Records) -> None:
    alerts.absorb([signal(1), signal(2, minutes=1), signal(3, "r2", minutes=-60 * 30)])
    found = alerts.search(AlertQuery(only={"rule": ("r1",)})).alerts[0]
    alerts.close(ANALYST, [found.id], Disposition.TRUE_POSITIVE, "seen")
    outcomes = AlertOutcomes(records).of_rules(START + timedelta(minutes=5))
    assert outcomes["r1"].days == (0, 0, 0, 0, 0, 0, 2)
    assert outcomes["r1"].precision == 1.0
    assert outcomes["r2"].days == (0, 0, 0, 0, 0, 1, 0)
    assert outcomes["r2"].precision is None
