"""Signing in with certificates of several authorities; the session ends with the certificate or its authority."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.proxy import ADDRESS, CERTIFICATE, PLACE, SECRET, TrustedProxy, certificate_of
from infra.web.seams import Actor
from tests.unit.trust.trustlist.recognition import EC, SM2, STRANGER, entry, signed, version
from tests.unit.trust.validation.adversarial import forge
from tests.unit.trust.validation.adversarial.forge import NOW, Made, ext, leaf, utf8
from tests.unit.trust.validation.test_request import Sm2Key
from trust.access import Access
from trust.identity import Identity
from trust.identity.account import SignedIn
from trust.identity.authenticate import WebAuthenticator
from trust.identity.bindings import Bindings
from trust.identity.certificate_sign_in import CertificateSignIn, Visitor
from trust.identity.tokens import Tokens
from trust.settings import Identities
from trust.trustlist.entry import Mapping, Purpose, State
from trust.trustlist.publish import ListStore
from trust.trustlist.status import StatusStore
from trust.trustlist.verifier import Verifier
from trust.validation.certificate import read_certificate

UNIT = "1.2.156.10260.4.4"
MAPPED = {"mappings": (Mapping("extension", UNIT, "uscc"),)}
CARD = leaf(SM2, "card", owner=Sm2Key(), extra=[ext(UNIT, utf8("91110000MA01"))])
OTHER_CARD = leaf(EC, "other card", extra=[ext(UNIT, utf8("91110000MA01"))])
HERE = Visitor("192.0.2.7")
SITE = "https://soc.example.cn"


@dataclass
class Desk:
    records: Records
    clock: ManualClock
    access: Access
    identity: Identity
    security: Actor
    system: Actor
    lists: ListStore = field(init=False)

    def __post_init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.lists, self.status = ListStore(self.records, self.clock), StatusStore(self.records, self.clock)
        self.verifier = Verifier(self.lists, self.status)
        self.door = CertificateSignIn(self.records, self.verifier, Identities(), self.clock)
        self.bindings = Bindings(self.records, self.access, self.clock)
        self.latest = version([entry("sm2", SM2, **MAPPED), entry("ec", EC, **MAPPED)])
        self.lists.publish(signed(self.latest), "test")

    def publish(self, *entries: Any) -> None:
        self.latest = version(list(entries), self.latest, issued=NOW)
        self.lists.publish(signed(self.latest), "test")

    def sign_in(self, made: Made, door: CertificateSignIn | None = None) -> SignedIn:
        door = door or self.door
        row, challenge = door.challenge(SITE)
        return door.answer(row, made.key.sign(challenge.text.encode()), made.der, (), HERE)

    def alive(self, done: SignedIn) -> bool:
        return self.identity.alive(Actor(id=done.person.id, name=done.person.name, session=done.session))


@pytest.fixture
def desk(records: Records, access: Access, identity: Identity, clock: ManualClock, crew: Any) -> Desk:
    clock.advance((NOW - clock.now()).total_seconds())
    return Desk(records, clock, access, identity, crew[1], crew[0])


def person(desk: Desk) -> str:
    return desk.system.id


def test_two_certificates_of_two_authorities_open_the_same_account(desk: Desk) -> None:
    with pytest.raises(AppError) as caught:
        desk.sign_in(CARD)
    assert caught.value.message_key == "trust.sign_in.no_account"
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")
    assert desk.sign_in(CARD).person.id == desk.sign_in(OTHER_CARD).person.id == person(desk)


def test_a_challenge_is_good_for_one_answer_at_one_site(desk: Desk) -> None:
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")
    row, challenge = desk.door.challenge(SITE)
    signature = CARD.key.sign(challenge.text.encode())
    assert desk.door.answer(row, signature, CARD.der, (), HERE).session
    for again in (row, "chal-unknown"):
        with pytest.raises(AppError) as caught:
            desk.door.answer(again, signature, CARD.der, (), HERE)
        assert caught.value.kind is ErrorKind.UNAUTHENTICATED
    elsewhere, other = desk.door.challenge("https://phishing.example")
    del other
    with pytest.raises(AppError):
        desk.door.answer(elsewhere, signature, CARD.der, (), HERE)
    late, challenge = desk.door.challenge(SITE)
    desk.clock.advance(121)
    with pytest.raises(AppError):
        desk.door.answer(late, CARD.key.sign(challenge.text.encode()), CARD.der, (), HERE)


def test_the_session_ends_when_the_certificate_is_revoked(desk: Desk) -> None:
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")
    mine, other = desk.sign_in(CARD), desk.sign_in(OTHER_CARD)
    serial = read_certificate(CARD.der).serial
    issuers = [(read_certificate(SM2.der), b"1234567812345678")]
    taken = desk.status.take(forge.crl(SM2, [forge.entry(serial)]), issuers, "file", "test")
    assert taken["ended"] == 1
    assert not desk.alive(mine)
    assert desk.alive(other)
    with pytest.raises(AppError) as caught:
        desk.sign_in(CARD)
    assert "revoked" in str(caught.value.detail)


def test_a_list_nobody_known_signed_ends_nothing(desk: Desk) -> None:
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")
    mine = desk.sign_in(CARD)
    serial = read_certificate(CARD.der).serial
    forged = forge.crl(SM2, [forge.entry(serial)], signer=STRANGER.key)
    issuers = [(read_certificate(made.der), b"1234567812345678") for made in (SM2, EC)]
    with pytest.raises(AppError):
        desk.status.take(forged, issuers, "file", "test")
    assert desk.alive(mine)


@pytest.mark.parametrize(
    "changed",
    [{"state": State.SUSPENDED}, {"state": State.WITHDRAWN}, {"usages": (Purpose.SIGN,)}, {"until": NOW}, {"level": 1}],
    ids=["suspended", "withdrawn", "not for login", "ended", "other level"],
)
def test_the_session_ends_when_its_authority_is_no_longer_accepted_for_it(desk: Desk, changed: dict[str, Any]) -> None:
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")
    mine, other = desk.sign_in(CARD), desk.sign_in(OTHER_CARD)
    desk.publish(entry("sm2", SM2, **{**MAPPED, **changed}), entry("ec", EC, **MAPPED))
    assert (desk.alive(mine), desk.alive(other)) == (False, True)
    with pytest.raises(AppError):
        desk.sign_in(CARD)


def test_nothing_slips_in_between_judging_and_opening(desk: Desk) -> None:
    """The authority is withdrawn after the verdict was found and before the session is written."""
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")

    class Late(Verifier):
        def verify(self, request: Any) -> Any:
            found = super().verify(request)
            desk.publish(entry("ec", EC, **MAPPED))
            return found

    door = CertificateSignIn(desk.records, Late(desk.lists, desk.status), Identities(), desk.clock)
    with pytest.raises(AppError) as caught:
        desk.sign_in(CARD, door)
    assert caught.value.message_key == "trust.sign_in.changed"


def test_bindings_are_the_security_administrators_and_nobodys_own(desk: Desk) -> None:
    for actor, whose in ((desk.system, person(desk)), (desk.security, desk.security.id)):
        with pytest.raises(AppError) as caught:
            desk.bindings.bind(actor, whose, "uscc", "91110000MA01")
        assert caught.value.kind is ErrorKind.FORBIDDEN
    desk.bindings.bind(desk.security, person(desk), "fingerprint", _pem(CARD.der))
    with pytest.raises(AppError):
        desk.bindings.bind(desk.security, desk.system.id, "fingerprint", _pem(CARD.der))
    mine = desk.sign_in(CARD)
    fingerprint = read_certificate(CARD.der).fingerprint
    desk.bindings.release(desk.security, person(desk), "fingerprint", fingerprint)
    assert not desk.alive(mine)


def test_a_person_number_is_kept_as_its_hash(desk: Desk) -> None:
    made = desk.bindings.bind(desk.security, person(desk), "person", "110101199003070000")
    assert made["value"] != "110101199003070000"
    assert len(made["value"]) == 64


def test_guessing_is_slowed_down(desk: Desk) -> None:
    kinds = set()
    for _ in range(40):
        row, _ = desk.door.challenge(SITE)
        with pytest.raises(AppError) as caught:
            desk.door.answer(row, b"\x30\x00", CARD.der, (), HERE)
        kinds.add(caught.value.kind)
    assert kinds == {ErrorKind.UNAUTHENTICATED, ErrorKind.RATE_LIMITED}


async def test_an_ended_session_is_nobody_for_the_web_at_once(desk: Desk) -> None:
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")
    mine = desk.sign_in(CARD)
    tokens = Tokens(desk.records, desk.access, desk.clock)
    web = WebAuthenticator(desk.records, tokens, secure=True, clock=desk.clock)
    cookie = {"cookie": f"__Host-yaodun={mine.secret}"}
    assert (await web.authenticate(cookie)).id == person(desk)
    desk.publish(entry("ec", EC, **MAPPED))
    web.forget()  # what the feed's notice does
    assert (await web.authenticate(cookie)).id == ""


# The proxy's word


def _pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


async def _seen(headers: list[tuple[str, str]], secret: str = "s" * 43) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    raw = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "headers": raw, "client": ("203.0.113.9", 1)}
    await TrustedProxy(app, secret)(scope, None, None)  # type: ignore[arg-type]
    return seen


async def test_only_the_proxy_that_knows_the_secret_is_believed() -> None:
    said = [(CERTIFICATE, _pem(CARD.der).replace("\n", "%0A").replace("+", "%2B")), (ADDRESS, "198.51.100.3")]
    seen = await _seen([(SECRET, "s" * 43), *said])
    assert certificate_of(seen) == CARD.der
    assert seen["client"][0] == "198.51.100.3"
    for forged in ([], [(SECRET, "x")], [(SECRET, "")], [(SECRET, "s" * 43), (SECRET, "x")]):
        seen = await _seen([*forged, *said])
        assert certificate_of(seen) is None
        assert seen["client"][0] == "203.0.113.9"
        assert seen["headers"] == []
    assert certificate_of(await _seen([(SECRET, ""), *said], secret="")) is None
    assert PLACE not in await _seen([(SECRET, "s" * 43), (CERTIFICATE, "-----BEGIN CERTIFICATE-----!!")])


def test_a_certificate_from_the_proxy_is_judged_like_any_other(desk: Desk) -> None:
    desk.bindings.bind(desk.security, person(desk), "uscc", "91110000MA01")
    assert desk.door.by_proxy(OTHER_CARD.der, (), HERE).person.id == person(desk)
    with pytest.raises(AppError):
        desk.door.by_proxy(leaf(STRANGER, extra=[ext(UNIT, utf8("91110000MA01"))]).der, (), HERE)
