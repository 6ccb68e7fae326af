# ruff: noqa: E501 - small playbooks read better in one line each
"""What playbooks mean when they run: order, branches, loops, failures, waits, people; live and simulated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.clock import ManualClock
from infra.errors import AppError
from infra.ledger.rows import OutboxRow
from infra.records import Records
from playbooks.engine.orders import Outcome
from playbooks.model.judge import judge
from playbooks.model.reading import read_file
from tests.unit.playbooks import samples
from tests.unit.playbooks.building import LI, WANG, ZHAO, Bench, book, do

START = {"b1": {"on_completion": "a1"}}
TEXT = {"type": "string", "value": ""}


@pytest.fixture
def bench(records: Records) -> Bench:
    return Bench(records)


def test_steps_run_in_order_and_each_once(bench: Bench) -> None:
    view = bench.run(book({**START, "a1": do("one", "a2"), "a2": do("two", "e1"), "e1": {}}))
    assert view.state == "done"
    assert bench.hand.texts == ["one", "two"]
    assert [step.attempts for step in view.steps] == [0, 1, 1, 0]


def test_failure_goes_to_on_failure_or_the_exception_or_the_end(bench: Bench) -> None:
    a1 = {"do": ("bash", "fail"), "on_success": "e1", "on_failure": "a2"}
    view = bench.run(book({**START, "a1": a1, "a2": do("mend", "e2"), "e1": {}, "e2": {}}))
    assert (view.state, bench.hand.texts) == ("done", ["fail", "mend"])
    steps = {**START, "a1": do("fail", "e1"), "e1": {}, "a2": do("alarm", "e2"), "e2": {}}
    view = bench.run(book(steps, number=2, workflow_exception="a2"))
    assert (view.state, bench.hand.texts[2:]) == ("failed", ["fail", "alarm"])
    view = bench.run(book({**START, "a1": do("fail", "a2"), "a2": do("never", "e1"), "e1": {}}, number=3))
    assert (view.state, bench.hand.texts[4:]) == ("failed", ["fail"])


def test_parallel_branches_all_run_and_then_it_goes_on(bench: Bench) -> None:
    steps = {"b1": {"on_completion": "p1"}, "p1": {"next_steps": ["a1", "a2"], "on_completion": "a3"},
             "a1": do("left", "e1"), "e1": {}, "a2": do("right", "e2"), "e2": {}, "a3": do("after", "e3"), "e3": {}}  # fmt: skip
    view = bench.run(book(steps))
    assert view.state == "done"
    assert sorted(bench.hand.texts[:2]) == ["left", "right"]
    assert bench.hand.texts[2:] == ["after"]
    steps["a2"] = do("fail", "e2")
    view = bench.run(book(steps, number=2))
    assert view.state == "failed"
    assert "after" not in bench.hand.texts[3:]


def test_if_and_switch_choose_and_while_counts(bench: Bench) -> None:
    variables = {"__n__": {"type": "integer", "value": "0"}, "__who__": {"type": "string", "external": True}}
    steps = {
        "b1": {"on_completion": "w1"},
        "w1": {"condition": "__n__:value < 3", "on_true": "a1", "on_completion": "i1"},
        "a1": do("count __n__:value", "e1", out_args=["__n__"]), "e1": {},
        "i1": {"condition": "[__n__:value = 3]", "on_true": "a2", "on_false": "a3", "on_completion": "s1"},
        "a2": do("three", "e2"), "e2": {}, "a3": do("other", "e3"), "e3": {},
        "s1": {"switch": "__who__:value", "cases": {"li": "a4", "default": "a5"}, "on_completion": "e6"},
        "a4": do("li", "e4"), "e4": {}, "a5": do("nobody", "e5"), "e5": {}, "e6": {},
    }  # fmt: skip
    counts = iter("123")
    bench.hand.answer = lambda order: Outcome(ok=True, output={"stdout": next(counts) if "count" in order.text else ""})
    assert bench.run(book(steps, variables), who="li").state == "done"
    assert [text.split()[0] for text in bench.hand.texts] == ["count", "count", "count", "three", "li"]


def test_free_text_conditions_are_decided_by_a_person_and_kept(bench: Bench) -> None:
    steps = {"b1": {"on_completion": "i1"}, "i1": {"condition": "Is it serious?", "on_true": "a1", "on_completion": "e2"},
             "a1": do("act", "e1"), "e1": {}, "e2": {}}  # fmt: skip
    run = bench.start(book(steps))
    bench.go()
    wait = bench.wait(run, "decision")
    assert wait.question == "Is it serious?"
    assert bench.hand.orders == []
    bench.desk.answer(WANG, wait.id, "yes")
    with pytest.raises(AppError):
        bench.desk.answer(WANG, wait.id, "no")
    bench.go()
    assert (bench.reading.run(run).state, bench.hand.texts) == ("done", ["act"])


def test_manual_tasks_wait_for_their_answer_and_its_values(records: Records) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    bench = Bench(records, clock)
    steps = {**START, "a1": do("ask", "a2", "manual", out_args=["__t__"], timeout=60_000), "a2": do("got", "e1", in_args=["__t__"]), "e1": {}}  # fmt: skip
    first, second = (bench.start(book(steps, {"__t__": TEXT}, number)) for number in (1, 2))
    bench.go()
    with pytest.raises(AppError):
        bench.desk.answer(LI, bench.wait(first).id, "perhaps")
    with pytest.raises(AppError):
        bench.desk.answer(LI, bench.wait(first).id, "done", {"__other__": "x"})
    bench.desk.answer(LI, bench.wait(first).id, "done", {"__t__": "fine"})
    clock.advance(61)
    bench.go()
    assert [bench.reading.run(run).state for run in (first, second)] == ["done", "failed"]
    assert bench.reading.run(second).reason == "timeout"


def test_delays_and_retries_are_waits_that_cost_nothing(records: Records) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    bench = Bench(records, clock)
    steps = {**START, "a1": do("fail", "e1", delay=5000, guard={"retry": {"times": 2, "wait_s": 10}}), "e1": {}}
    run = bench.start(book(steps))
    for seconds, orders in ((0, 0), (6, 1), (11, 2), (11, 3), (11, 3)):
        clock.advance(seconds)
        bench.go()
        assert len(bench.hand.orders) == orders
    assert bench.reading.run(run).state == "failed"
    assert len({order.key for order in bench.hand.orders}) == 3


def test_many_runs_wake_together(records: Records) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    bench = Bench(records, clock)
    tree = book({**START, "a1": do("x", "e1", delay=5000), "e1": {}})
    runs = [bench.start(tree) for _ in range(7)]
    bench.go()
    assert {bench.reading.run(run).state for run in runs} == {"waiting"}
    clock.advance(6)
    bench.go()
    assert {bench.reading.run(run).state for run in runs} == {"done"}
    assert len(bench.hand.orders) == 7


def test_a_playbook_calls_another_and_takes_its_values(bench: Bench) -> None:
    inner = book({**START, "a1": do("inner __t__:value", "e1", out_args=["__t__"]), "e1": {}}, {"__t__": {**TEXT, "external": True}}, 2)  # fmt: skip
    bench.desk.keep(inner, "test")
    steps = {"b1": {"on_completion": "c1"}, "c1": {"playbook_id": inner["id"], "in_args": ["__t__"], "out_args": ["__t__"], "on_completion": "a2"},
             "a2": do("outer __t__:value", "e1"), "e1": {}}  # fmt: skip
    bench.hand.answer = lambda order: Outcome(ok=True, output={"stdout": "changed"})
    view = bench.run(book(steps, {"__t__": {"type": "string", "value": "first"}}))
    assert view.state == "done"
    assert "first" in bench.hand.orders[0].text
    assert "changed" in bench.hand.orders[1].text
    missing = bench.run(
        book(
            {
                "b1": {"on_completion": "c1"},
                "c1": {"playbook_id": f"playbook--{samples.uid(77)}", "on_completion": "e1"},
                "e1": {},
            },
            number=3,
        )
    )
    assert missing.state == "failed"
    assert "library" in missing.reason


def test_approval_needs_the_number_the_roles_and_other_people(records: Records) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    bench = Bench(records, clock)
    approval = {"roles": ["operator"], "count": 2, "expires_s": 600}
    tree = book({**START, "a1": do("act", "e1", guard={"approval": approval}), "e1": {}})
    run, late = bench.start(tree, WANG), bench.start(tree, WANG)
    bench.go()
    wait = bench.wait(run, "approval")
    for actor, binding in ((WANG, wait.binding), (LI, wait.binding), (ZHAO, "another")):
        with pytest.raises(AppError):
            bench.desk.approve(actor, wait.id, binding, agree=True)
    with pytest.raises(AppError):
        bench.desk.answer(ZHAO, wait.id, "yes")
    with pytest.raises(AppError):
        bench.desk.approve(ZHAO, wait.id, bench.wait(late).binding, agree=True)
    assert bench.desk.approve(ZHAO, wait.id, wait.binding, agree=True) == 1
    with pytest.raises(AppError):
        bench.desk.approve(ZHAO, wait.id, wait.binding, agree=True)
    bench.go()
    assert bench.hand.orders == []
    other = type(ZHAO)(id="p-sun", name="Sun", roles=("operator",))
    assert bench.desk.approve(other, wait.id, wait.binding, agree=True) == 0
    bench.go()
    assert (bench.reading.run(run).state, bench.hand.texts) == ("done", ["act"])
    clock.advance(601)
    with pytest.raises(AppError):
        bench.desk.approve(ZHAO, bench.wait(late).id, bench.wait(late).binding, agree=True)
    bench.go()
    assert bench.reading.run(late).state == "failed"


def test_limits_refuse_protected_aims_and_the_one_too_many(records: Records) -> None:
    bench = Bench(records, protected=("10.0.0.0/8",))
    variables = {"__ip__": {"type": "ipv4-addr", "external": True}}
    effects = [{"kind": "block", "target": "__ip__:value"}]
    tree = book(
        {
            **START,
            "a1": do("block", "e1", guard={"effects": effects, "limits": {"per_hour": 2, "protected": ["192.0.2.1"]}}),
            "e1": {},
        },
        variables,
    )
    got = [bench.run(tree, ip=ip).reason for ip in ("10.9.9.9", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")]
    assert [reason.split(":")[0] for reason in got] == ["protected", "protected", "", "", "more than 2 in an hour"]
    assert len(bench.hand.orders) == 2


def test_pause_resume_cancel_retry_and_skip(bench: Bench) -> None:
    steps = {**START, "a1": do("fail", "a2"), "a2": do("two", "e1"), "e1": {}}
    run = bench.start(book(steps))
    bench.go()
    with pytest.raises(AppError):
        bench.desk.skip(WANG, run, " ")
    bench.desk.retry(WANG, run, "again")
    bench.go()
    assert bench.hand.texts == ["fail", "fail"]
    bench.desk.skip(WANG, run, "known")
    bench.go()
    view = bench.reading.run(run)
    assert (view.state, bench.hand.texts) == ("done", ["fail", "fail", "two"])
    assert view.steps[1].state == "skipped"
    task = bench.start(book({**START, "a1": do("ask", "e1", "manual"), "e1": {}}, number=2))
    bench.go()
    bench.desk.pause(WANG, task)
    assert bench.reading.run(task).state == "paused"
    bench.desk.resume(WANG, task)
    bench.go()
    assert bench.reading.run(task).state == "waiting"
    bench.desk.cancel(WANG, task, "not needed")
    bench.go()
    assert bench.reading.run(task).state == "cancelled"
    assert bench.reading.waits(run=task) == []


def test_rollback_takes_back_newest_first_by_rollback_steps(bench: Bench) -> None:
    steps = {**START, "a1": do("first", "a2", guard={"rollback": "a3"}), "a2": do("second", "e1", guard={"rollback": "a4"}),
             "e1": {}, "a3": do("undo first", "e2"), "e2": {}, "a4": do("undo second", "e3"), "e3": {}}  # fmt: skip
    run = bench.start(book(steps))
    bench.go()
    assert bench.desk.roll_back(WANG, run) == 2
    bench.go()
    assert bench.reading.run(run).state == "rolled-back"
    assert bench.hand.texts == ["first", "second", "undo second", "undo first"]


def test_a_loop_without_end_is_ended(bench: Bench) -> None:
    steps = {"b1": {"on_completion": "w1"}, "w1": {"condition": "true = true", "on_true": "e1", "on_completion": "e2"},
             "e1": {}, "e2": {}}  # fmt: skip
    view = bench.run(book(steps))
    assert (view.state, view.reason) == ("failed", "step budget")


def test_inputs_must_fit(bench: Bench) -> None:
    tree = book({**START, "a1": do("x", "e1"), "e1": {}}, {"__ip__": {"type": "ipv4-addr", "external": True}})
    for inputs in ({}, {"ip": "nonsense"}, {"ip": "192.0.2.1", "other": "x"}):
        with pytest.raises(AppError):
            bench.start(tree, **inputs)


def test_a_simulation_runs_everything_and_touches_nothing(bench: Bench) -> None:
    view = bench.run(samples.full(), simulate=True)
    assert bench.hand.orders == []
    assert view.state == "failed"
    assert "library" in view.reason
    inner = book({**START, "a1": do("x", "e1"), "e1": {}}, {"__address__": {"type": "ipv4-addr", "external": True}}, 98)
    bench.desk.keep(inner, "test")
    view = bench.run(samples.full(), simulate=True)
    assert (view.state, bench.hand.orders) == ("done", [])


@pytest.mark.parametrize("name", samples.REAL)
def test_real_playbooks_run_in_simulation(bench: Bench, data: Any, name: str) -> None:
    view = bench.run(judge(read_file(samples.real(data, name))).tree, simulate=True)
    assert view.state == "done"
    assert bench.hand.orders == []


def test_every_word_of_a_person_enters_the_ledger(bench: Bench) -> None:
    run = bench.start(book({**START, "a1": do("ask", "e1", "manual"), "e1": {}}))
    bench.go()
    bench.desk.answer(WANG, bench.wait(run).id, "done")
    bench.go()
    bodies = bench.records.read(lambda session: [row.body for row in session.query(OutboxRow)])
    text = " ".join(body.decode() if isinstance(body, bytes) else str(body) for body in bodies)
    assert all(action in text for action in ("playbooks.run.start", "playbooks.run.answer", "playbooks.run.end"))


def test_two_engines_share_the_work_and_do_nothing_twice(records: Records) -> None:
    first, tree = Bench(records), book({**START, "a1": do("one", "a2"), "a2": do("two", "e1"), "e1": {}})
    second = Bench(records)
    runs = [first.start(tree) for _ in range(20)]
    for _ in range(200):
        first.engine.step()
        second.engine.step()
    first.go()
    second.go()
    assert {first.reading.run(run).state for run in runs} == {"done"}
    keys = [order.key for order in (*first.hand.orders, *second.hand.orders)]
    assert len(keys) == len(set(keys)) == 40


def test_an_engine_that_lost_its_lease_writes_nothing(records: Records) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    first, second = Bench(records, clock), Bench(records, clock)
    run = first.start(book({**START, "a1": do("one", "e1"), "e1": {}}))
    first.engine.step()
    clock.advance(120)
    second.go()
    assert second.reading.run(run).state == "attention"
    first.go(2)
    assert first.reading.run(run).state == "attention"
    assert second.wait(run, "question").choices == ("done", "failed", "retry", "skip")
    second.desk.answer(WANG, second.wait(run, "question").id, "done")
    second.go()
    assert second.reading.run(run).state == "done"
    assert len(first.hand.orders) + len(second.hand.orders) == 1
