from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from infra.errors import AppError
from infra.ledger import Ledger
from tests.unit.trust.ca.site import NOW, Site
from trust.ca import rows
from trust.ca.authority import Authority, Issued, Order, resolve
from trust.ca.lint import Level, Subject, lint
from trust.ca.names import alternative_names, subject_der
from trust.ca.profile import profile_named
from trust.ca.template import Limits
from trust.crypto.der import tlv
from trust.keys import material
from trust.keys.seams import KeyKind
from trust.validation.certificate import read_certificate
from trust.validation.codes import Code
from trust.validation.profile import ProfileName
from trust.validation.request import Document, Request, answer, gather
from trust.validation.verdict import Outcome, Verdict


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, ledger=True)
    yield made
    made.close()


def order(
    profile: str = "device", kind: KeyKind = KeyKind.SM2, names: list[str] | None = None, **more: object
) -> Order:
    spki = material.spki_of(material.generate(kind))
    listed = names if names is not None else ["pump7.example.cn"]
    encoded = alternative_names(listed, profile_named(profile).names) if listed else b""
    return Order(profile, spki, subject_der("CN=pump7.example.cn, O=Factory, C=CN"), encoded, **more)  # type: ignore[arg-type]


def judged(
    der: bytes, *authorities: Authority, crls: tuple[bytes, ...] = (), at: object = NOW, **more: object
) -> Verdict:
    root, *rest = authorities
    request = Request(
        documents=(Document("leaf", der), *(Document(a.name, a.certificate.der) for a in rest)),
        now=at,  # type: ignore[arg-type]
        at=at,  # type: ignore[arg-type]
        anchors=Document("root", root.certificate.der),
        crls=tuple(Document("crl", crl) for crl in crls),
        **more,  # type: ignore[arg-type]
    )
    return answer(gather(request))


@pytest.mark.parametrize("kind", [KeyKind.SM2, KeyKind.P256, KeyKind.RSA2048, KeyKind.ED25519])
def test_a_two_level_authority_issues_what_our_own_strict_profile_accepts(site: Site, kind: KeyKind) -> None:
    root = site.root(kind=kind)
    issuing = site.below(root, kind=kind)
    issued = issuing.issue(order(kind=kind), "tester")
    verdict = judged(issued.der, root, issuing, profile=ProfileName.RFC5280, name="pump7.example.cn")
    assert verdict.outcome is Outcome.VALID, verdict.reasons
    findings = lint(Subject(read_certificate(issued.der), profile_named("device"), issuing.certificate))
    assert {found.rule for found in findings} <= {"w_no_way_to_check_revocation"}


PROFILES = ["web-server", "person", "device", "agent", "gm-sign", "gm-encrypt", "e-seal", "code", "ocsp", "timestamp"]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_issues_a_certificate_without_a_lint_error(site: Site, profile: str) -> None:
    root = site.root(points=("http://ca.example.cn/root.crl",))
    names = ["pump7.example.cn"] if "dns" in profile_named(profile).names else []
    issued = root.issue(order(profile, names=names), "tester")
    findings = lint(Subject(read_certificate(issued.der), profile_named(profile), root.certificate))
    assert [found for found in findings if found.level is Level.ERROR] == []


SPKI = material.spki_of(material.generate(KeyKind.SM2))
UNKNOWN = tlv(0x30, tlv(0x30, tlv(6, b"\x2a\x03\x04")) + tlv(3, b"\x00\x01"))
WRONG: list[tuple[str, Order]] = [
    ("e_kind_beyond_profile", order("gm-sign", kind=KeyKind.P256)),
    ("e_names_missing", order("web-server", names=[])),
    ("e_attribute_missing", Order("person", SPKI, subject_der("O=x"))),
    (
        "e_attribute_over_bound",
        Order("person", SPKI, subject_der("CN=" + "x" * 65)),
    ),
    (
        "e_attribute_placeholder",
        Order("person", SPKI, subject_der("CN=n/a")),
    ),
    ("e_key_unsupported", Order("person", UNKNOWN, subject_der("CN=x"))),
]


@pytest.mark.parametrize(("rule", "wrong"), WRONG, ids=[rule for rule, _ in WRONG])
def test_what_lint_finds_is_not_signed_and_not_intended(site: Site, rule: str, wrong: Order) -> None:
    root = site.root()
    with pytest.raises(AppError) as error:
        root.issue(wrong, "tester")
    assert error.value.detail["rule"] == rule
    assert site.pki.read(lambda session: session.execute(select(rows.intents)).all()) == []


def test_an_authority_cannot_sign_outside_its_constraints(site: Site) -> None:
    limits = Limits(name_constraints=tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b"example.cn")))))
    root = site.root()
    issuing = site.below(root, limits=limits)
    assert issuing.issue(order(names=["a.example.cn"]), "tester").der
    with pytest.raises(AppError) as error:
        issuing.issue(order(names=["a.elsewhere.cn"]), "tester")
    assert error.value.detail["rule"] == "e_name_outside_issuer"


def test_revocation_shows_in_full_and_delta_lists(site: Site) -> None:
    root = site.root()
    kept, taken = root.issue(order(), "t"), root.issue(order(), "t")
    first = root.publish("t")
    root.revoke(taken.serial, "key_compromise", "t")
    delta = root.publish("t", delta=True)
    second = root.publish("t")
    for crls, codes in (((first,), []), ((first, delta), [Code.REVOKED]), ((second,), [Code.REVOKED])):
        verdict = judged(taken.der, root, crls=crls)
        assert [reason.code for reason in verdict.reasons if not reason.advice] == codes
    assert judged(kept.der, root, crls=(first, delta)).outcome is Outcome.VALID


def test_a_hold_can_be_released_and_a_revocation_cannot(site: Site) -> None:
    root = site.root()
    issued = root.issue(order(), "t")
    root.revoke(issued.serial, "certificate_hold", "t")
    held = root.publish("t")
    assert judged(issued.der, root, crls=(held,)).reasons[-1].code is Code.ON_HOLD
    site.clock.advance(60)
    root.revoke(issued.serial, "remove_from_crl", "t")
    released = root.publish("t", delta=True)
    later = NOW + timedelta(seconds=60)
    assert judged(issued.der, root, crls=(held, released), at=later).outcome is Outcome.VALID
    root.revoke(issued.serial, "superseded", "t")
    for reason in ("superseded", "remove_from_crl"):
        with pytest.raises(AppError):
            root.revoke(issued.serial, reason, "t")


def test_partitioned_lists(site: Site) -> None:
    root = site.root(points=("http://ca.example.cn/{partition}.crl",), partitions=4)
    issued = [root.issue(order(), "t") for _ in range(12)]
    for made in issued[::2]:
        root.revoke(made.serial, "superseded", "t")
    lists = tuple(root.publish("t", partition=part) for part in range(4))
    for number, made in enumerate(issued):
        own = lists[made.serial % 4]
        assert (judged(made.der, root, crls=(own,)).outcome is Outcome.INVALID) == (number % 2 == 0)
        other = lists[(made.serial + 1) % 4]
        assert judged(made.der, root, crls=(other,)).outcome is Outcome.INDETERMINATE


def test_nothing_leaves_before_its_ledger_leaf(site: Site) -> None:
    assert site.relay is not None
    assert site.records is not None
    root = site.root()
    issued = root.issue(order(), "li")
    with pytest.raises(AppError) as error:
        site.relay.release(issued.intent)
    assert error.value.message_key == "trust.ca.not_recorded"
    carried = site.relay.carry()
    assert carried >= 3
    assert site.relay.release(issued.intent) == issued.der
    assert site.relay.carry() == 0
    assert Ledger(site.records).verify().clean


def test_a_relay_that_died_between_the_databases_carries_nothing_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.relay is not None
    assert site.records is not None
    root = site.root()
    root.issue(order(), "li")
    with monkeypatch.context() as patch:
        patch.setattr(site.relay, "_mark", lambda *_: (_ for _ in ()).throw(RuntimeError("power cut")))
        with pytest.raises(RuntimeError):
            site.relay.carry()
    site.relay.carry()
    head = Ledger(site.records).head()
    waiting = site.pki.read(lambda session: session.execute(select(rows.outbox)).all())
    assert head is not None
    assert head.size == len(waiting)


class DiedError(Exception):
    pass


def test_a_crash_while_signing_leaves_no_certificate_and_no_reused_serial(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = site.root()

    def die(*_: object) -> bytes:
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(site.keys, "sign", die)
        with pytest.raises(DiedError):
            root.issue(order(), "t")
    assert site.pki.read(lambda session: session.execute(select(rows.certificates)).all()) == []
    assert resolve(site.pki, site.clock) == 1
    assert resolve(site.pki, site.clock) == 0
    states = site.pki.read(lambda session: session.execute(select(rows.intents.c.state)).scalars().all())
    assert states == ["abandoned"]


def test_serial_numbers_are_long_random_and_unique(site: Site) -> None:
    root = site.root(kind=KeyKind.P256)
    issued: list[Issued] = root.issue_many([order(kind=KeyKind.P256) for _ in range(50)], "t")
    serials = {made.serial for made in issued}
    assert len(serials) == 50
    assert all(120 < serial.bit_length() <= 127 for serial in serials)


def test_a_batch_with_one_wrong_order_issues_nothing(site: Site) -> None:
    root = site.root()
    with pytest.raises(AppError):
        root.issue_many([order(), order("gm-sign", kind=KeyKind.P256)], "t")
    assert site.pki.read(lambda session: session.execute(select(rows.intents)).all()) == []


def test_a_cross_certificate_joins_two_domains(site: Site) -> None:
    ours, theirs = site.root("ours"), site.root("theirs", kind=KeyKind.P256)
    crossed = site.founder.cross(ours, theirs.certificate.der, Limits(), "t")
    issued = theirs.issue(order(kind=KeyKind.P256), "t")
    request = Request(
        documents=(Document("leaf", issued.der), Document("cross", crossed.der)),
        now=NOW,
        at=NOW,
        anchors=Document("ours", ours.certificate.der),
    )
    assert answer(gather(request)).outcome is Outcome.VALID


def test_a_certificate_does_not_outlive_its_authority(site: Site) -> None:
    root = site.root(days=30)
    issued = root.issue(order(), "t")
    assert read_certificate(issued.der).not_after == root.certificate.not_after
    site.clock.advance(31 * 86400)
    with pytest.raises(AppError) as error:
        root.issue(order(), "t")
    assert error.value.message_key == "trust.ca.authority_expired"


@pytest.mark.parametrize("days", [-1, 100_000])
def test_validity_beyond_the_profile_is_refused(site: Site, days: int) -> None:
    with pytest.raises(AppError):
        site.root().issue(order(days=days), "t")
