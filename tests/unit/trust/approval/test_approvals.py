"""Approvals: who counts, for what exactly, until when, and that a row in the database alone counts for nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger, Sequencer
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from tests.unit.trust.ca.site import NOW
from trust.access import Access
from trust.approval.approvals import Approvals
from trust.approval.matter import MatterState
from trust.approval.rows import VoiceRow
from trust.approval.statement import Decision, sign_statement
from trust.keys import material
from trust.keys.seams import KeyKind

HASH = hashlib.sha256(b"the playbook").hexdigest()
LI = Actor(id="u-li", name="li", roles=("analyst",))
SECURITY = Actor(id="u-zhao", name="zhao", roles=("security_admin",))


class Office:
    def __init__(self, records: Records) -> None:
        self.records, self.clock = records, ManualClock(NOW)
        self.keys: dict[str, Any] = {name: material.generate(KeyKind.SM2) for name in ("wang", "chen", "li")}
        self.approvals = Approvals(records, Access(None), self.clock, self.key_of)

    def key_of(self, name: str) -> bytes | None:
        return material.spki_of(self.keys[name]) if name in self.keys else None

    def say(self, matter: str, name: str, decision: Decision = Decision.APPROVE, **changes: Any) -> None:
        statement = msgspec.structs.replace(self.approvals.statement(matter, name, decision), **changes)
        self.approvals.decide(statement.canonical(), sign_statement(statement, self.keys[name]))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    yield Office(records)
    records.close()


def test_two_different_people_with_their_own_keys_grant_it_once(office: Office) -> None:
    matter = office.approvals.file("key_recovery", "key:7", "Recover key 7", HASH, LI)
    office.say(matter.id, "wang")
    assert not office.approvals.granted(matter.id, HASH)
    with pytest.raises(AppError) as caught:
        office.say(matter.id, "wang")
    assert caught.value.kind is ErrorKind.CONFLICT
    office.say(matter.id, "chen")
    assert office.approvals.granted(matter.id, HASH)
    assert office.approvals.find(matter.id).state is MatterState.GRANTED
    assert not office.approvals.granted(matter.id, hashlib.sha256(b"another").hexdigest())
    Sequencer(office.records).turn()
    assert Ledger(office.records).head().size == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "changes",
    [{"sha256": "0" * 64}, {"authority": "key:8"}, {"profile": "playbook_step"}, {"expires": NOW - timedelta(days=1)}],
)
def test_a_signature_over_anything_else_does_not_count(office: Office, changes: dict[str, Any]) -> None:
    matter = office.approvals.file("key_recovery", "key:7", "Recover key 7", HASH, LI)
    with pytest.raises(AppError) as caught:
        office.say(matter.id, "wang", **changes)
    assert caught.value.kind is ErrorKind.FORBIDDEN


def test_nobody_approves_what_they_asked_for_and_strangers_do_not_count(office: Office) -> None:
    matter = office.approvals.file("playbook_sign", "playbook:block", "Sign block", HASH, LI)
    with pytest.raises(AppError):
        office.say(matter.id, "li")
    statement = office.approvals.statement(matter.id, "wang", Decision.APPROVE)
    with pytest.raises(AppError):
        office.approvals.decide(statement.canonical(), sign_statement(statement, material.generate(KeyKind.SM2)))
    assert office.approvals.find(matter.id).approved_by == ()


def test_a_row_written_into_the_database_counts_for_nothing_where_trust_moves(office: Office) -> None:
    matter = office.approvals.file("playbook_sign", "playbook:block", "Sign block", HASH, LI)
    statement = office.approvals.statement(matter.id, "wang", Decision.APPROVE).canonical()
    told = {"decision": "approve", "given": NOW, "statement": statement, "signature": b"x"}
    forged = VoiceRow(matter=matter.id, approver="wang", **told)
    office.records.write(lambda session: session.add(forged))
    assert not office.approvals.granted(matter.id, HASH)


def test_one_no_is_enough_and_time_runs_out(office: Office) -> None:
    refused = office.approvals.file("key_recovery", "key:7", "Recover", HASH, LI)
    office.say(refused.id, "wang", Decision.REFUSE)
    assert office.approvals.find(refused.id).state is MatterState.REFUSED
    late = office.approvals.file("playbook_sign", "playbook:block", "Sign", HASH, LI)
    office.say(late.id, "wang")
    office.clock.advance(8 * 86_400)
    assert not office.approvals.granted(late.id, HASH)


def test_a_web_session_approves_only_what_moves_no_trust(office: Office) -> None:
    signed = office.approvals.file("playbook_sign", "playbook:block", "Sign", HASH, LI)
    with pytest.raises(AppError) as caught:
        office.approvals.say(SECURITY, signed.id, Decision.APPROVE)
    assert caught.value.message_key == "trust.approval.needs_signature"
    step = office.approvals.file("playbook_step", "run:1/3", "Block 203.0.113.7", HASH, LI)
    assert {todo.id for todo in office.approvals.todos(SECURITY)} == {step.id, signed.id}
    assert office.approvals.todos(LI) == []
    with pytest.raises(AppError):
        office.approvals.say(LI, step.id, Decision.APPROVE)
    assert office.approvals.say(SECURITY, step.id, Decision.APPROVE).state is MatterState.GRANTED
    assert office.approvals.granted(step.id, HASH)
