"""Signing in: one answer for everything wrong, codes used once, guessers slowed, across restarts."""

import json

import pyotp
import pytest
from sqlalchemy import select

from infra.errors import AppError, ErrorKind
from infra.ledger.rows import OutboxRow
from tests.unit.trust.identity.conftest import GOOD, actor_of
from trust.identity import Identity
from trust.identity.rows import SessionRecord, UserRow
from trust.identity.seal import Sealer


def attempt(identity, name="sys", password=GOOD, code="", address="198.51.100.7") -> AppError | None:
    try:
        identity.sign_in(name, password, code, address)
    except AppError as error:
        return error
    return None


def test_the_same_answer_whatever_is_wrong(identity, crew):
    _, security, _ = crew
    identity.create(security, "invited", "", ("analyst",))
    wrong = [
        attempt(identity, password="wrong"),
        attempt(identity, name="nobody"),
        attempt(identity, name="invited", password=""),
        attempt(identity, name="\x00'; DROP TABLE", password="\ud800"[:0] + "x" * 100_000),
    ]
    assert {(error.kind, error.message_key, str(error.detail)) for error in wrong} == {
        (ErrorKind.UNAUTHENTICATED, "trust.sign_in.refused", "{'place': 'sign-in'}")
    }


def test_names_are_compared_folded(identity, crew):
    assert attempt(identity, name="  SYS ") is None


def test_secrets_of_sessions_are_not_kept(identity, crew, records):
    signed = identity.sign_in("sys", GOOD, "", "198.51.100.7")
    kept = records.read(lambda session: session.get(SessionRecord, signed.session)).secret
    assert signed.secret.encode() not in kept
    assert signed.secret not in repr(signed)


def with_second_factor(identity, actor, clock) -> pyotp.TOTP:
    totp = pyotp.TOTP(identity.begin_second_factor(actor).seed)
    identity.confirm_second_factor(actor, totp.at(clock.now()))
    clock.advance(30)
    return totp


def test_second_factor(identity, crew, clock):
    system, security, _ = crew
    assert identity.sign_in("sys", GOOD, "", "198.51.100.7").second_factor_due
    totp = with_second_factor(identity, system, clock)
    assert attempt(identity).message_key == "trust.sign_in.code_needed"
    assert (
        attempt(identity, code="000000" if totp.at(clock.now()) != "000000" else "000001").message_key
        == "trust.sign_in.refused"
    )
    code = totp.at(clock.now())
    assert attempt(identity, password="wrong", code=code).message_key == "trust.sign_in.refused"
    assert attempt(identity, code=f"{code[:3]} {code[3:]}") is None
    assert attempt(identity, code=code).message_key == "trust.sign_in.refused"  # used once
    clock.advance(30)
    signed = identity.sign_in("sys", GOOD, totp.at(clock.now()), "198.51.100.7")
    assert (signed.second_factor_due, signed.person.second_factor) == (False, True)
    identity.remove_second_factor(security, system.id)
    assert attempt(identity) is None


def test_a_code_of_an_older_step_than_the_last_used_is_refused(identity, crew, clock):
    totp = with_second_factor(identity, crew[0], clock)
    older = totp.at(clock.now())
    clock.advance(30)
    assert attempt(identity, code=totp.at(clock.now())) is None
    assert attempt(identity, code=older).message_key == "trust.sign_in.refused"


def test_codes_are_good_for_a_step_and_one_more(identity, crew, clock):
    totp = with_second_factor(identity, crew[0], clock)
    clock.advance(90)
    assert attempt(identity, code=totp.at(clock.now().timestamp() - 60)).message_key == "trust.sign_in.refused"
    assert attempt(identity, code=totp.at(clock.now().timestamp() + 30)).message_key == "trust.sign_in.refused"
    assert attempt(identity, code=totp.at(clock.now().timestamp() - 30)) is None


@pytest.mark.parametrize("code", ["12345", "1234567", "١٢٣٤٥٦", "abcdef", "0" * 10_000, "-12345"])
def test_hostile_codes(identity, crew, clock, code):
    with_second_factor(identity, crew[0], clock)
    assert attempt(identity, code=code).message_key == "trust.sign_in.refused"


def test_the_seed_is_sealed_at_rest(identity, crew, records):
    seed = identity.begin_second_factor(crew[0]).seed
    row = records.read(lambda session: session.get(UserRow, crew[0].id))
    assert seed.encode() not in row.totp_pending
    with pytest.raises(AppError) as caught:
        Sealer(bytes(31) + b"\x01").open(row.totp_pending, f"totp:{crew[0].id}")
    assert caught.value.message_key == "trust.seal_broken"
    with pytest.raises(AppError):
        Sealer(bytes(32)).open(row.totp_pending, "totp:somebody else")


def test_guessing_slows_down_and_survives_a_restart(identity, crew, records, access, clock, passwords):
    failures = [attempt(identity, password=f"guess {n}").kind for n in range(6)]
    assert failures == [ErrorKind.UNAUTHENTICATED] * 5 + [ErrorKind.RATE_LIMITED]
    again = Identity(records, access, Sealer(bytes(32)), clock=clock, passwords=passwords)
    error = attempt(again)
    assert (error.kind, error.detail["seconds"]) == (ErrorKind.RATE_LIMITED, 2)
    assert attempt(again, address="198.51.100.8") is None  # the person, from another place
    clock.advance(2)
    assert attempt(again) is None
    assert attempt(again, password="wrong").kind is ErrorKind.UNAUTHENTICATED  # forgotten by the success


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(identity, crew, clock):
    waits = []
    for _ in range(18):
        while (error := attempt(identity, password="wrong")).kind is ErrorKind.RATE_LIMITED:
            waits.append(error.detail["seconds"])
            clock.advance(error.detail["seconds"])
    assert waits == [2, 3, 5, 9, 17, 33, 65, 129, 257, 513, 901, 901, 901]


def test_one_address_that_tries_many_names_is_slowed(identity, crew):
    kinds = [attempt(identity, name=f"name{n}").kind for n in range(31)]
    assert kinds == [ErrorKind.UNAUTHENTICATED] * 30 + [ErrorKind.RATE_LIMITED]


def test_many_addresses_that_try_one_name_cannot_lock_its_person_out_for_long(identity, crew):
    errors = [attempt(identity, password="wrong", address=f"198.51.100.{n}") for n in range(60)]
    assert max(error.detail.get("seconds", 0) for error in errors) <= 61


def test_failures_are_in_the_ledger_without_what_a_stranger_typed(identity, crew, records):
    attempt(identity, password="wrong")
    attempt(identity, name="My-Password-1", password="x")
    bodies = records.read(lambda session: session.scalars(select(OutboxRow.body)).all())
    entries = [entry for entry in map(json.loads, bodies) if entry["action"] == "trust.session.refused"]
    assert [entry["actor"]["name"] for entry in entries] == ["sys", ""]
    assert not any(b"My-Password-1" in body.lower() or b"my-password-1" in body for body in bodies)


def test_a_weaker_hash_is_renewed_at_sign_in(identity, crew, records, access, clock):
    from argon2 import PasswordHasher

    from trust.identity.password import Passwords

    before = records.read(lambda session: session.get(UserRow, crew[0].id)).password
    stronger = Passwords("graded", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    later = Identity(records, access, Sealer(bytes(32)), clock=clock, passwords=stronger)
    assert attempt(later) is None
    after = records.read(lambda session: session.get(UserRow, crew[0].id)).password
    assert before != after
    assert attempt(later) is None


def test_a_session_ends_when_idle_and_in_any_case(identity, crew, clock):
    system = actor_of(identity.sign_in("sys", GOOD, "", "198.51.100.7"))
    clock.advance(59 * 60)
    assert identity.alive(system)
    clock.advance(2 * 60)
    assert not identity.alive(system)
