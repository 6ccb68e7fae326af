from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from infra.errors import AppError, ErrorKind
from tests.unit.trust.trustlist.recognition import EC, SM2, STRANGER, entry, history
from tests.unit.trust.validation.adversarial.forge import NOW, Made, aki, eku, ext, leaf, t, usage, utf8
from tests.unit.trust.validation.test_request import Sm2Key
from trust.trustlist.entry import Mapping, Purpose
from trust.trustlist.publish import History
from trust.trustlist.recognise import recognise
from trust.validation.challenge import Challenge, Proof, check_challenge, new_challenge

UNIT = "1.2.156.10260.4.4"
LIST = history([entry("sm2", SM2, mappings=(Mapping("extension", UNIT, "uscc"),)), entry("ec", EC)])
PERSON = leaf(SM2, owner=Sm2Key(), extra=[ext(UNIT, utf8("91110000MA01"))])
CHALLENGE = new_challenge("https://soc.nmpa.cn", NOW)


def sign_in(
    made: Made,
    challenge: Challenge = CHALLENGE,
    *,
    signed: str | None = None,
    now: datetime = NOW,
    found: History = LIST,
) -> Proof:
    signature = made.key.sign((signed or challenge.text).encode())
    return check_challenge(challenge, signature, made.der, (), now, lambda request: recognise(found, request))


@pytest.mark.parametrize(
    "made", [PERSON, leaf(EC), leaf(EC, extra=[eku("1.3.6.1.5.5.7.3.2")])], ids=["sm2", "ec", "client"]
)
def test_a_certificate_of_an_accepted_authority_signs_in(made: Made) -> None:
    proof = sign_in(made)
    assert proof.subject
    assert proof.authority in ("sm2", "ec")


def test_the_proof_names_the_unit_behind_it() -> None:
    assert sign_in(PERSON).subjects == (("uscc", "91110000MA01"),)


OTHER = new_challenge("https://soc.nmpa.cn", NOW)
ELSEWHERE = Challenge(CHALLENGE.nonce, "https://phishing.cn", CHALLENGE.until)


@pytest.mark.parametrize(
    "text",
    [OTHER.text, ELSEWHERE.text, CHALLENGE.nonce, CHALLENGE.text + "\n"],
    ids=["other", "elsewhere", "nonce", "longer"],
)
def test_a_signature_of_anything_else_does_not(text: str) -> None:
    with pytest.raises(AppError) as error:
        sign_in(PERSON, signed=text)
    assert error.value.kind is ErrorKind.UNAUTHENTICATED


WRONG = {
    "a stranger's certificate": leaf(STRANGER),
    "a certificate that may not log in": leaf(EC, extra=[eku("1.3.6.1.5.5.7.3.1")]),
    "a certificate that may only encrypt": leaf(EC, extensions=[usage(2, 4), aki(EC.key)]),
    "an expired certificate": leaf(EC, end=t(23, b"250101000000Z")),
}


@pytest.mark.parametrize("made", WRONG.values(), ids=WRONG.keys())
def test_certificates_that_do_not_sign_in(made: Made) -> None:
    with pytest.raises(AppError):
        sign_in(made)


def test_an_authority_not_accepted_for_login_does_not() -> None:
    with pytest.raises(AppError):
        sign_in(PERSON, found=history([entry("sm2", SM2, usages=(Purpose.SIGN,))]))


def test_a_challenge_is_over_after_two_minutes() -> None:
    assert sign_in(PERSON, now=NOW + timedelta(seconds=119))
    with pytest.raises(AppError):
        sign_in(PERSON, now=NOW + timedelta(seconds=120))


def test_two_challenges_are_never_the_same() -> None:
    assert len({new_challenge("x", NOW).nonce for _ in range(100)}) == 100
