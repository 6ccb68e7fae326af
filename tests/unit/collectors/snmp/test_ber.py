"""Our BER beside pyasn1's, both ways; octets that lie about their length are refused, noise never hangs."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pyasn1.type import univ

from collectors.snmp import ber
from collectors.snmp.message import message_v2c, question, read_v2c
from collectors.snmp.usm import Engine, User, message_v3, read_v3

OIDS = st.tuples(st.integers(0, 2), st.integers(0, 39)).flatmap(
    lambda first: st.lists(st.integers(0, 2**32 - 1), max_size=20).map(lambda rest: (*first, *rest))
)


@given(st.integers(-(2**63), 2**63))
def test_integers(value: int) -> None:
    assert ber.integer(value) == encoder.encode(univ.Integer(value))
    assert ber.integer_at(ber.integer(value), 0, len(ber.integer(value)))[0] == value


@given(OIDS)
def test_oids(numbers: tuple[int, ...]) -> None:
    octets = ber.oid(numbers)
    assert octets == encoder.encode(univ.ObjectIdentifier(numbers))
    start, end = ber.inside(octets, 0, len(octets), ber.OID)
    assert ber.read_oid(octets[start:end]) == numbers


@given(st.integers(0, 2**31 - 1), st.lists(OIDS, min_size=1, max_size=20), st.integers(0, 50))
def test_a_question_reads_as_written(number: int, oids: list[tuple[int, ...]], repeat: int) -> None:
    whole = message_v2c(b"public", question(number, oids, repeat))
    start, end = ber.inside(whole, 0, len(whole), ber.SEQUENCE)
    assert end == len(whole)
    kind, start, end = ber.take(whole, *_behind_community(whole, start, end))
    assert kind == (0xA5 if repeat else 0xA0)
    assert ber.integer_at(whole, start, end)[0] == number


def _behind_community(whole: bytes, start: int, end: int) -> tuple[int, int]:
    _, position = ber.integer_at(whole, start, end)
    return ber.octets_at(whole, position, end)[1], end


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    user = User("u", auth_key="12345678", privacy_key="12345678")
    for data in (noise, ber.element(ber.SEQUENCE, noise), ber.sequence((ber.integer(1), noise))):
        with contextlib.suppress(ber.BerError):
            read_v2c(data)
        with contextlib.suppress(ber.BerError):
            read_v3(data, user, Engine())


@pytest.mark.parametrize("data", [b"\x30\x84\xff\xff\xff\xff", b"\x30\x85\0\0\0\0\1", b"\x30\x05\x02\x0a\x01"])
def test_lying_lengths(data: bytes) -> None:
    with pytest.raises(ber.BerError):
        read_v2c(data)


def test_a_forged_answer_is_not_taken() -> None:
    """A message of the same user with one octet changed; and one without authentication at all."""
    user, engine = User("u", auth_key="12345678", privacy_key="87654321"), Engine(b"\x80\0\0\0\x01", 3, 100)
    answer = ber.element(0xA2, ber.integer(5) + ber.integer(0) + ber.integer(0) + ber.sequence(()))
    message = message_v3(user, engine, 5, answer)
    assert read_v3(message, user, Engine()).request == 5
    for position in range(len(message) - 12, len(message)):
        forged = bytearray(message)
        forged[position] ^= 1
        with pytest.raises(ber.BerError):
            read_v3(bytes(forged), user, Engine())
    bare = message_v3(User("u"), engine, 5, answer)
    with pytest.raises(ber.BerError, match="not authenticated"):
        read_v3(bare, user, Engine())
