from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from infra.errors import AppError
from tests.unit.trust.ca.site import NOW, Site
from tests.unit.trust.validation.adversarial import forge
from tests.unit.trust.validation.adversarial.forge import oid, seq, t
from tests.unit.trust.validation.test_request import Sm2Key
from trust.approval.statement import Decision, Statement, sign_statement
from trust.ca import rows
from trust.keys import material
from trust.keys.seams import KeyKind
from trust.registration.desk import Desk, Filed, RequestState
from trust.validation.certificate import read_certificate


def csr(owner: forge.Key, subject: bytes | None = None, names: list[bytes] | None = None, spoil: bool = False) -> bytes:
    """PKCS#10 made by the forge."""
    attributes = b""
    if names:
        extensions = seq(forge.san(*names))
        attributes = seq(oid("1.2.840.113549.1.9.14"), t(0x31, extensions))
    body = seq(forge.num(0), subject or forge.cn("pump7.example.cn"), owner.spki, t(0xA0, attributes))
    signature = owner.sign(body + b"x" if spoil else body)
    return seq(body, owner.algorithm, t(3, b"\x00", signature))


class Office(Site):
    """A site with a desk, an authority and two approvers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.desk = Desk(self.pki, self.founder, self.clock)
        self.authority = self.root()
        self.people = {name: material.generate(KeyKind.SM2) for name in ("wang", "zhao", "li")}
        for name, private in self.people.items():
            self.desk.add_approver(name, material.spki_of(private), "console")

    def submit(self, profile: str = "device", **more: object) -> Filed:
        asked = more.pop("csr") if "csr" in more else csr(Sm2Key(), names=[forge.dns("pump7.example.cn")])
        return self.desk.submit(asked, self.authority.id, profile, "li", **more)  # type: ignore[arg-type]

    def statement(self, filed: Filed, name: str, **changes: object) -> Statement:
        made = Statement(
            request=filed.id,
            sha256=filed.sha256,
            authority=filed.authority,
            profile=filed.profile,
            approver=name,
            decision=Decision.APPROVE,
            expires=self.clock.now() + timedelta(days=7),
        )
        return msgspec.structs.replace(made, **changes)

    def approve(self, filed: Filed, name: str, **changes: object) -> Filed:
        statement = self.statement(filed, name, **changes)
        return self.desk.decide(statement.canonical(), sign_statement(statement, self.people[name]))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close()


def test_request_approval_issue(office: Office) -> None:
    filed = office.submit()
    assert (filed.state, filed.names) == (RequestState.WAITING, ("pump7.example.cn",))
    assert office.approve(filed, "wang").state is RequestState.APPROVED
    issued = office.desk.issue(filed.id, "wang")
    certificate = read_certificate(issued.der)
    assert certificate.subject.values(forge.CN) == ["pump7.example.cn"]
    assert office.desk.find(filed.id).state is RequestState.ISSUED
    with pytest.raises(AppError):
        office.desk.issue(filed.id, "wang")


@pytest.mark.parametrize("owner", [forge.key("csr"), forge.rsa_key("csr"), forge.edwards_key("csr"), Sm2Key()])
def test_requests_of_every_kind_of_key(office: Office, owner: forge.Key) -> None:
    assert office.submit(csr=csr(owner)).state is RequestState.WAITING


def test_a_request_not_signed_by_its_key_is_refused(office: Office) -> None:
    with pytest.raises(AppError) as error:
        office.submit(csr=csr(Sm2Key(), spoil=True))
    assert error.value.message_key == "trust.ca.request_unproven"
    for nonsense in (b"", b"\x30\x00", csr(Sm2Key())[:-1], b"text"):
        with pytest.raises(AppError):
            office.submit(csr=nonsense)


def test_what_the_profile_does_not_allow_is_not_filed(office: Office) -> None:
    for profile, more in (
        ("person", {"names": ("a.cn",)}),
        ("root", {}),
        ("nothing", {}),
        ("device", {"subject": "XX=1"}),
    ):
        with pytest.raises(AppError):
            office.submit(profile, **more)
    assert office.desk.all() == []


def test_without_approval_nothing_is_issued(office: Office) -> None:
    filed = office.submit()
    with pytest.raises(AppError) as error:
        office.desk.issue(filed.id, "li")
    assert error.value.message_key == "trust.registration.not_approved"


def test_some_profiles_need_two(office: Office) -> None:
    filed = office.submit("e-seal", names=(), csr=csr(Sm2Key()))
    assert office.approve(filed, "wang").state is RequestState.WAITING
    with pytest.raises(AppError):
        office.desk.issue(filed.id, "wang")
    assert office.approve(filed, "zhao").state is RequestState.APPROVED
    assert office.desk.issue(filed.id, "wang").der


COUNTERFEITS: dict[str, dict[str, object]] = {
    "another request's hash": {"sha256": "0" * 64},
    "another profile": {"profile": "person"},
    "another authority": {"authority": "ca-other"},
    "over": {"expires": NOW},
    "someone else's name": {"approver": "zhao"},
    "a stranger": {"approver": "eve"},
}


@pytest.mark.parametrize("changes", COUNTERFEITS.values(), ids=COUNTERFEITS.keys())
def test_approvals_that_do_not_count(office: Office, changes: dict[str, object]) -> None:
    filed = office.submit()
    with pytest.raises(AppError):
        office.approve(filed, "wang", **changes)
    assert office.desk.find(filed.id).approvals == 0


def test_nobody_approves_their_own_request(office: Office) -> None:
    filed = office.submit()
    with pytest.raises(AppError) as error:
        office.approve(filed, "li")
    assert error.value.message_key == "trust.registration.own_request"


def test_a_refusal_ends_it(office: Office) -> None:
    filed = office.submit()
    assert office.approve(filed, "wang", decision=Decision.REFUSE).state is RequestState.REFUSED
    with pytest.raises(AppError):
        office.approve(filed, "zhao")


def test_an_approval_that_ran_out_before_issuing_does_not_count(office: Office) -> None:
    filed = office.approve(office.submit(), "wang")
    office.clock.advance(8 * 86400)
    with pytest.raises(AppError):
        office.desk.issue(filed.id, "wang")


def test_a_request_changed_in_the_database_is_not_issued(office: Office) -> None:

    filed = office.approve(office.submit(), "wang")
    change = update(rows.requests).where(rows.requests.c.id == filed.id).values(subject="CN=evil.example.cn, C=CN")
    office.pki.write(lambda session: session.execute(change) and None)
    with pytest.raises(AppError):
        office.desk.issue(filed.id, "wang")


def test_a_claim_a_crash_left_is_mended(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    filed = office.approve(office.submit(), "wang")
    office.pki.write(lambda session: office.desk._claim(session, filed.id) and None)
    office.desk.mend()
    assert office.desk.find(filed.id).state is RequestState.APPROVED
    assert office.desk.issue(filed.id, "wang").der
