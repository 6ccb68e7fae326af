"""Orders, changes, duty and drills: what is due, who decides, who is on duty, how it is scored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.events import Signal
from infra.exchange import Level
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts import Alerts
from ops.alerts import State as AlertState
from ops.work import Changes, Drills, Duty, Orders
from ops.work.changes import ChangeRequest, ChangeState, Risk, Scope
from ops.work.drills import Criterion, weighted
from ops.work.duty import Rota, ShiftState
from ops.work.orders import MOVES, Light, OrderState

START = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA, BORIS, CLARA = (Actor(id=f"u-{name}", name=name) for name in ("anna", "boris", "clara"))


class Bench:
    """All four services over one database."""

    def __init__(self, records: Records) -> None:
        self.clock = ManualClock(START)
        self.told: list[str] = []
        self.alerts = Alerts(records, self.clock, self.audit)
        self.orders = Orders(records, self.clock, self.audit)
        self.changes = Changes(records, self.clock, self.audit)
        self.duty = Duty(records, self.clock, self.audit)
        self.drills = Drills(records, self.clock, self.audit)
        self.records = records

    def audit(self, session: Session, *, actor: Actor, action: str, thing: str, detail: dict[str, Any]) -> None:
        self.told.append(action)

    def ask(self, **given: Any) -> ChangeRequest:
        fields: dict[str, Any] = {
            "reason": "new kernel", "plan": "install, restart", "rollback": "boot the old one", "starts": START,
            "ends": START + 2 * HOUR, "scope": Scope(assets=("srv-01",)),
        }  # fmt: skip
        return self.changes.ask(ANNA, "kernel", **(fields | given))

    def alert(self, number: int, entity: str, level: Level = Level.MEDIUM) -> str:
        signal = Signal(
            id=f"s{number}", time=self.clock.now(), rule_id="r", rule_name="r", detector="rules", level=level,
            event_ids=(), entity_type="host", entity_value=entity, why=(), asset=entity,
        )  # fmt: skip
        return self.alerts.absorb([signal])[0].id


@pytest.fixture
def bench(records: Records) -> Bench:
    return Bench(records)


def test_an_order_turns_yellow_then_red_and_each_stage_is_raised_once(bench: Bench) -> None:
    order = bench.orders.open(ANNA, "mend the disk", due=START + 4 * HOUR)
    seen = []
    for _ in range(7):
        seen.append((bench.orders.shelf.get(order.id).light(bench.clock.now()), bench.orders.supervise()))
        bench.clock.advance(3600)
    assert [light for light, _ in seen] == [*[Light.GREEN] * 3, Light.YELLOW, *[Light.RED] * 3]
    assert [raised for _, raised in seen] == [0, 0, 0, 1, 1, 0, 1]
    raised = [note.detail for note in bench.orders.notes(order.id) if note.action == "raise"]
    assert [each["role"] for each in raised] == ["assignee", "lead", "head"]


@given(st.lists(st.tuples(st.sampled_from(OrderState), st.booleans()), max_size=8))
def test_orders_move_only_as_they_may(steps: list[tuple[OrderState, bool]]) -> None:
    state = OrderState.OPEN
    for to, _ in steps:
        if to in MOVES[state]:
            state = to
    ends = {OrderState.CLOSED, OrderState.DROPPED}
    assert all(OrderState.OPEN in MOVES[end] and len(MOVES[end]) == 1 for end in ends)


def test_what_does_not_follow_is_refused_and_changes_nothing(bench: Bench) -> None:
    order = bench.orders.open(ANNA, "x")
    for to in OrderState:
        if to not in MOVES[OrderState.OPEN]:
            with pytest.raises(AppError) as refused:
                bench.orders.move(ANNA, order.id, to, "because")
            assert refused.value.kind is ErrorKind.CONFLICT
    with pytest.raises(AppError):
        bench.orders.move(ANNA, order.id, OrderState.DONE)
    assert bench.orders.shelf.get(order.id) == order


def test_who_begins_an_order_nobody_has_has_it(bench: Bench) -> None:
    order = bench.orders.open(ANNA, "x")
    assert bench.orders.move(BORIS, order.id, OrderState.DOING).assignee == BORIS.id
    assert [todo.id for todo in bench.orders.todos(BORIS)] == [order.id]
    assert bench.orders.todos(CLARA) == []


def test_one_matter_has_one_open_order(bench: Bench) -> None:
    first = bench.orders.open(ANNA, "disk", key="inspection:disk")
    assert bench.orders.open(BORIS, "disk again", key="inspection:disk").id == first.id
    assert bench.orders.close_by_key(BORIS, "inspection:disk", "free again") is not None
    assert bench.orders.close_by_key(BORIS, "inspection:disk", "free again") is None
    assert bench.orders.open(ANNA, "disk", key="inspection:disk").id != first.id


def test_nobody_approves_their_own_change_and_grave_ones_need_two(bench: Bench) -> None:
    change = bench.ask(risk=Risk.HIGH)
    with pytest.raises(AppError) as own:
        bench.changes.approve(ANNA, change.id)
    assert own.value.kind is ErrorKind.FORBIDDEN
    assert bench.changes.approve(BORIS, change.id).state is ChangeState.ASKED
    with pytest.raises(AppError):
        bench.changes.approve(BORIS, change.id)
    assert bench.changes.approve(CLARA, change.id).state is ChangeState.APPROVED
    with pytest.raises(AppError):
        bench.changes.refuse(BORIS, change.id, "too late")


def test_a_window_is_open_only_when_approved_and_in_time(bench: Bench) -> None:
    change = bench.ask(starts=START + HOUR, ends=START + 2 * HOUR)
    bench.clock.advance(3600)
    assert bench.changes.may_change("srv-01") == ""
    bench.changes.approve(BORIS, change.id)
    assert bench.changes.may_change("srv-01") == change.id
    assert bench.changes.may_change("srv-02") == ""
    bench.clock.advance(3600)
    assert bench.changes.may_change("srv-01") == ""


def test_a_silencing_window_closes_what_it_covers_and_nothing_else(bench: Bench) -> None:
    change = bench.ask(silences=True, silent_up_to=Level.HIGH)
    mine, other = bench.alert(1, "srv-01", Level.HIGH), bench.alert(2, "srv-02")
    assert bench.changes.hush(bench.alerts, bench.alerts.open()) == 0
    bench.changes.approve(BORIS, change.id)
    assert bench.changes.hush(bench.alerts, bench.alerts.open()) == 1
    states = {alert.id: (alert.state, alert.reason) for alert in bench.alerts.find([mine, other])}
    assert states == {mine: (AlertState.CLOSED, change.id), other: (AlertState.NEW, "")}


def test_a_grave_alert_is_never_silenced_by_a_window_for_lesser_ones(bench: Bench) -> None:
    change = bench.ask(silences=True, silent_up_to=Level.LOW)
    bench.changes.approve(BORIS, change.id)
    alert = bench.alert(1, "srv-01", Level.CRITICAL)
    bench.changes.hush(bench.alerts, bench.alerts.open())
    assert bench.alerts.get(alert).state is AlertState.NEW


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": START},
        {"ends": START + 15 * 24 * HOUR},
        {"scope": Scope()},
        {"rollback": " "},
        {"starts": START + 3 * HOUR},
    ],
)
def test_a_change_without_end_scope_or_way_back_is_refused(bench: Bench, wrong: dict[str, Any]) -> None:
    with pytest.raises(AppError):
        bench.ask(**wrong)
    assert bench.changes.listed() == []


def test_the_rota_covers_the_time_without_gap_or_overlap(bench: Bench) -> None:
    bench.duty.plan(ANNA, Rota(people=("a", "b", "c"), starts=START, hours=8, count=21))
    shifts = bench.duty.between(START, START + 168 * HOUR)
    assert all(left.ends == right.starts for left, right in pairwise(shifts))
    assert shifts[-1].ends == START + 168 * HOUR
    assert [shift.person for shift in shifts[:4]] == ["a", "b", "c", "a"]
    assert bench.duty.on_call(START + 9 * HOUR) == ["b"]
    with pytest.raises(AppError) as clash:
        bench.duty.plan(ANNA, Rota(people=("d",), starts=START + HOUR, hours=1, count=1))
    assert clash.value.kind is ErrorKind.CONFLICT
    bench.duty.plan(ANNA, Rota(people=("d",), starts=START, hours=24, count=1, role="backup"))
    assert bench.duty.on_call(START + 9 * HOUR) == ["b", "d"]


def test_a_shift_is_handed_over_by_two(bench: Bench) -> None:
    (shift,) = bench.duty.plan(ANNA, Rota(people=(BORIS.id,), starts=START, hours=8, count=1))
    with pytest.raises(AppError):
        bench.duty.offer(ANNA, shift.id, "x")
    with pytest.raises(AppError):
        bench.duty.take(CLARA, shift.id)
    with pytest.raises(AppError):
        bench.duty.offer(BORIS, shift.id, "  ")
    bench.duty.offer(BORIS, shift.id, "INC-1 waits for the bureau")
    with pytest.raises(AppError):
        bench.duty.take(BORIS, shift.id)
    assert [todo.id for todo in bench.duty.todos(CLARA)] == [shift.id]
    taken = bench.duty.take(CLARA, shift.id)
    assert (taken.state, taken.taken_by) == (ShiftState.OVER, CLARA.id)


def test_a_shift_that_ended_without_hand_over_waits_for_its_person(bench: Bench) -> None:
    bench.duty.plan(ANNA, Rota(people=(BORIS.id,), starts=START, hours=8, count=1))
    bench.clock.advance(9 * 3600)
    assert [todo.assignee for todo in bench.duty.todos(BORIS)] == [BORIS.id]


class Engine:
    """Counts what it was asked to start."""

    def __init__(self) -> None:
        self.started: list[tuple[str, bool]] = []

    def start(self, actor: Actor, playbook: str, inputs: Mapping[str, Any], *, simulate: bool) -> str:
        self.started.append((playbook, simulate))
        return "R-1"


def test_a_drill_runs_its_playbook_in_simulation_only_and_is_scored(records: Records) -> None:
    bench, engine = Bench(records), Engine()
    drills = Drills(records, bench.clock, bench.audit, engine)
    criteria = (Criterion(name="found in time", weight=3), Criterion(name="told the bureau", weight=1))
    drill = drills.plan(ANNA, "ransom", "files are encrypted on srv-01", START, criteria, playbook="pb")
    with pytest.raises(AppError):
        drills.score(ANNA, drill.id, {"found in time": 80, "told the bureau": 40}, "x")
    assert drills.start(ANNA, drill.id).runs == ("R-1",)
    assert engine.started == [("pb", True)]
    with pytest.raises(AppError):
        drills.score(ANNA, drill.id, {"found in time": 80}, "faster")
    assert drills.score(ANNA, drill.id, {"found in time": 80, "told the bureau": 40}, "faster").score == 70.0


def test_without_an_engine_a_drill_with_a_playbook_says_so(bench: Bench) -> None:
    drill = bench.drills.plan(ANNA, "x", "y", START, (Criterion(name="a"),), playbook="pb")
    with pytest.raises(AppError) as refused:
        bench.drills.start(ANNA, drill.id)
    assert refused.value.kind is ErrorKind.UNAVAILABLE


@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(0, 100)), min_size=1, max_size=9))
def test_a_score_lies_between_its_worst_and_best_point(given_: list[tuple[float, float]]) -> None:
    criteria = [Criterion(name="c", weight=weight, points=points) for weight, points in given_]
    points = [point for _, point in given_]
    assert min(points) - 0.06 <= weighted(criteria) <= max(points) + 0.06


def test_every_change_of_work_is_told_to_the_ledger(bench: Bench) -> None:
    order = bench.orders.open(ANNA, "x")
    bench.orders.assign(ANNA, order.id, BORIS.id)
    change = bench.ask()
    bench.changes.approve(BORIS, change.id)
    assert bench.told == ["ops.order.create", "ops.order.assign", "ops.change.ask", "ops.change.approve"]
