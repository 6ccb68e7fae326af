"""Filing by several people: steps, second person, certificate, ledger, nothing half-done."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.filing.lifecycle import STEPS, State
from ops.filing.service import Filings, certificate_expiry
from tests.unit.ops.filing.forms import FORM, NOW, complete

OWNER, REVIEWER, CHIEF = (Actor(id=name, name=name) for name in ("owner", "reviewer", "chief"))
HASH = "cd" * 32


@pytest.fixture
def filings(records: Records) -> Filings:
    return Filings(records, ManualClock(NOW), FORM)


def certified(filings: Filings) -> str:
    filing = filings.add(OWNER, "u1", complete())
    filings.step(OWNER, filing.id, "grade")
    filings.step(REVIEWER, filing.id, "review", file_sha256=HASH)
    filings.step(CHIEF, filing.id, "approve")
    filings.step(OWNER, filing.id, "submit", file_sha256=HASH)
    filings.step(OWNER, filing.id, "accept")
    filings.step(OWNER, filing.id, "certify", number="35010012345-00001", date=date(2026, 6, 20))
    return filing.id


def test_from_draft_to_certificate_with_history_and_ledger(filings: Filings, records: Records) -> None:
    filing_id = certified(filings)
    filing = filings.get(filing_id)
    assert (filing.state, filing.level, filing.expires) == (State.CERTIFIED, 3, date(2029, 6, 20))
    assert filing.certificate_number == "35010012345-00001"
    history = filings.history(filing_id)
    assert [step.action for step in history] == ["grade", "review", "approve", "submit", "accept", "certify"]
    assert history[1].file_sha256 == HASH
    assert all(len(step.document_sha256) == 64 for step in history)
    rows = records.read(lambda session: session.execute(text("select count(*) from infra_ledger_outbox")).scalar())
    assert rows == 7


def test_review_and_approval_need_other_people(filings: Filings) -> None:
    filing = filings.add(OWNER, "u1", complete())
    filings.step(OWNER, filing.id, "grade")
    with pytest.raises(AppError) as error:
        filings.step(OWNER, filing.id, "review", file_sha256=HASH)
    assert error.value.kind is ErrorKind.FORBIDDEN
    filings.step(REVIEWER, filing.id, "review", file_sha256=HASH)
    for person in (OWNER, REVIEWER):
        with pytest.raises(AppError):
            filings.step(person, filing.id, "approve")
    assert filings.step(CHIEF, filing.id, "approve").state is State.APPROVED


def test_an_incomplete_filing_is_not_approved(filings: Filings) -> None:
    filing = filings.create(OWNER, "F9", "u1", {"trace": ["flow"]})
    filings.step(OWNER, filing.id, "grade")
    filings.step(REVIEWER, filing.id, "review", file_sha256=HASH)
    with pytest.raises(AppError) as error:
        filings.step(CHIEF, filing.id, "approve")
    assert error.value.message_key == "ops.filing.not_ready"
    assert error.value.detail["count"] > 50


def test_values_are_frozen_once_graded_until_returned(filings: Filings) -> None:
    filing = filings.add(OWNER, "u1", complete())
    filings.step(OWNER, filing.id, "grade")
    with pytest.raises(AppError):
        filings.put(OWNER, filing.id, "T1", "", {"unit_name": "别名"})
    filings.step(REVIEWER, filing.id, "return", reason="名称不符")
    changed = filings.put(OWNER, filing.id, "T1", "", {"unit_name": "别名"})
    assert changed.document.sheet("T1").value("unit_name") == "别名"


def test_a_wrong_value_among_several_keeps_none(filings: Filings) -> None:
    filing = filings.create(OWNER, "F9", "u1", {})
    with pytest.raises(AppError):
        filings.put(OWNER, filing.id, "T1", "", {"unit_name": "局", "unit_type": "7"})
    assert filings.get(filing.id).document.sheet("T1").value("unit_name") is None


def test_ids_are_unique_and_steps_need_what_they_need(filings: Filings) -> None:
    filing = filings.add(OWNER, "u1", complete())
    with pytest.raises(AppError) as error:
        filings.add(OWNER, "u1", complete())
    assert error.value.kind is ErrorKind.CONFLICT
    with pytest.raises(AppError) as error:
        filings.step(OWNER, filing.id, "withdraw")
    assert error.value.detail["what"] == "reason"
    with pytest.raises(AppError):
        filings.get("none")


def test_renewal_moves_expiry_and_change_leads_back_to_grading(filings: Filings) -> None:
    filing_id = certified(filings)
    assert filings.step(OWNER, filing_id, "renew", date=date(2030, 6, 20)).expires == date(2030, 6, 20)
    assert filings.step(OWNER, filing_id, "regrade", reason="业务扩大").state is State.DRAFT
    assert [filing.id for filing in filings.find("u1", [State.DRAFT])] == [filing_id]
    assert filings.find("u2") == []


@pytest.mark.parametrize(
    ("certified_on", "expires"),
    [
        (date(2019, 5, 5), date(2028, 1, 1)),
        (date(2025, 3, 9), date(2028, 3, 9)),
        (date(2028, 2, 29), date(2031, 2, 28)),
    ],
)
def test_certificates_last_three_years_old_ones_from_2025(certified_on: date, expires: date) -> None:
    assert certificate_expiry(certified_on) == expires


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_no_walk_reaches_a_certificate_without_review_and_approval(walk: list[str]) -> None:
    state, taken = State.DRAFT, []
    for action in walk:
        if state in STEPS[action].sources:
            state = STEPS[action].target
            taken.append(action)
    if state is State.CERTIFIED:
        last = max(index for index, action in enumerate(taken) if action == "grade")
        assert [action for action in taken[last + 1 :] if action != "renew"][:5] == [
            "review",
            "approve",
            "submit",
            "accept",
            "certify",
        ]
