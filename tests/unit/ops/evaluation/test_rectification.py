"""Findings through to closed: needs, second person for the re-test, exceptions that end, overdue ones."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.evaluation.rectification import MOVES, Rectification, Risk, State

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
OWNER, TESTER = Actor(id="o", name="owner"), Actor(id="t", name="tester")
PLAN = {"owner": "o", "due": date(2026, 6, 20), "cause": "弱口令", "fix": "启用复杂度"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def board(records: Records, clock: ManualClock) -> Rectification:
    return Rectification(records, clock)


def opened(board: Rectification) -> str:
    return board.open(
        TESTER, "trace", "口令过短", Risk.HIGH, unit="L3-CES1-01", asset="web1", before_sha256="ab" * 32
    ).id


def test_from_open_to_closed_by_another_person(board: Rectification) -> None:
    finding = opened(board)
    board.step(OWNER, finding, "plan", **PLAN)
    board.step(OWNER, finding, "mend", after_sha256="cd" * 32)
    with pytest.raises(AppError) as error:
        board.step(OWNER, finding, "retest_passed", reason="good")
    assert error.value.kind is ErrorKind.FORBIDDEN
    closed = board.step(TESTER, finding, "retest_passed", reason="复测通过")
    assert (closed.state, closed.closed_by, closed.after_sha256) == (State.CLOSED, "t", "cd" * 32)
    assert board.find("trace") == []


def test_a_failed_retest_goes_back_to_its_plan(board: Rectification) -> None:
    finding = opened(board)
    board.step(OWNER, finding, "plan", **PLAN)
    board.step(OWNER, finding, "mend", after_sha256="cd" * 32)
    assert board.step(TESTER, finding, "retest_failed", reason="仍可登录").state is State.PLANNED


@pytest.mark.parametrize("left_out", sorted(PLAN))
def test_a_plan_needs_owner_due_cause_and_fix(board: Rectification, left_out: str) -> None:
    finding = opened(board)
    with pytest.raises(AppError) as error:
        board.step(OWNER, finding, "plan", **{name: value for name, value in PLAN.items() if name != left_out})
    assert error.value.detail["what"] == left_out


def test_an_exception_ends_and_the_finding_is_open_again(board: Rectification, clock: ManualClock) -> None:
    finding = opened(board)
    board.step(OWNER, finding, "accept", exception_until=date(2026, 6, 10), reason="换代前", mitigation="限制来源")
    assert board.find("trace") == []
    clock.advance(20 * 86_400)
    (again,) = board.find("trace")
    assert again.state is State.OPEN


def test_overdue_is_said(board: Rectification, clock: ManualClock) -> None:
    board.step(OWNER, opened(board), "plan", **PLAN)
    assert not board.find("trace")[0].overdue
    clock.advance(30 * 86_400)
    assert board.find("trace")[0].overdue


def test_unknown_things_are_refused(board: Rectification) -> None:
    finding = opened(board)
    for action, given_ in (("mend", {"after_sha256": "x"}), ("fly", {}), ("plan", PLAN | {"colour": "red"})):
        with pytest.raises(AppError):
            board.step(OWNER, finding, action, **given_)
    with pytest.raises(AppError) as error:
        board.step(OWNER, "none", "plan", **PLAN)
    assert error.value.kind is ErrorKind.NOT_FOUND


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=10))
def test_no_walk_closes_without_mending_and_a_retest(walk: list[str]) -> None:
    state, taken = State.OPEN, []
    for action in walk:
        if state in MOVES[action].sources:
            state = MOVES[action].target
            taken.append(action)
    if state is State.CLOSED:
        assert taken[-1] == "retest_passed"
        assert taken[-2] == "mend"
