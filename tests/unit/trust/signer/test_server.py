"""The signer's socket, asked by friends and by a compromised web process."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import open_records
from infra.records.migrate import migrate
from tests.unit.trust.ca.site import NOW
from tests.unit.trust.registration.test_desk import csr
from tests.unit.trust.validation.adversarial import forge
from tests.unit.trust.validation.test_request import Sm2Key
from trust.approval.statement import Decision, Statement, sign_statement
from trust.ca import rows
from trust.ca.found import Foundation
from trust.keys import material
from trust.keys.seams import KeyKind
from trust.signer.client import ask_signer
from trust.signer.core import SignerCore
from trust.signer.server import SignerServer
from trust.validation.certificate import read_certificate


class Running:
    """A signer on a socket, in a thread of its own."""

    def __init__(self, folder: Path, allowed: frozenset[int] | None = None) -> None:
        self.clock = ManualClock(NOW)
        self.site = open_records(folder / "records.db")
        migrate(self.site.engine)
        self.core = SignerCore(folder / "pki", self.clock, self.site)
        self.shares = self.core.keys.initialise(2, 3)
        self.authority = self.core.founder.root(Foundation("root", "CN=root, O=Yaodun, C=CN"), "console")
        self.approver = material.generate(KeyKind.SM2)
        self.core.desk.add_approver("wang", material.spki_of(self.approver), "console")
        self.path = folder / "signer.sock"
        self.server = SignerServer(self.core, self.path, allowed)
        self._stop: asyncio.Event | None = None
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        async def main() -> None:
            self._stop = asyncio.Event()
            task = asyncio.create_task(self.server.run(self._stop))
            while not self.path.exists():
                await asyncio.sleep(0.01)
            self._ready.set()
            await task

        self._loop.run_until_complete(main())
        self._loop.close()

    def ask(self, operation: str, **arguments: Any) -> Any:
        return ask_signer(self.path, operation, **arguments)

    def submit(self, **more: Any) -> dict[str, Any]:
        asked = base64.b64encode(csr(Sm2Key(), names=[forge.dns("pump7.example.cn")])).decode()
        values = {"csr": asked, "authority": self.authority.id, "profile": "device", "asker": "li", **more}
        found: dict[str, Any] = self.ask("submit", **values)
        return found

    def approve(self, filed: dict[str, Any]) -> dict[str, Any]:
        statement = Statement(
            request=filed["id"],
            sha256=filed["sha256"],
            authority=filed["authority"],
            profile=filed["profile"],
            approver="wang",
            decision=Decision.APPROVE,
            expires=NOW + timedelta(days=1),
        )
        parts = (statement.canonical(), sign_statement(statement, self.approver))
        texts = [base64.b64encode(part).decode() for part in parts]
        found: dict[str, Any] = self.ask("decide", statement=texts[0], signature=texts[1])
        return found

    def certificates(self) -> int:
        return len(self.core.pki.read(lambda session: session.execute(select(rows.certificates.c.intent)).all()))

    def close(self) -> None:
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self.core.close()
        self.site.close()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("signer"))
    yield running
    running.close()


def test_from_request_to_revocation_over_the_socket(signer: Running) -> None:
    filed = signer.submit()
    assert signer.approve(filed)["state"] == "approved"
    issued = signer.ask("issue", request=filed["id"], actor="wang")
    der = base64.b64decode(signer.ask("fetch", intent=issued["intent"])["certificate"])
    assert f"{read_certificate(der).serial:x}" == issued["serial"]
    revoked = signer.ask(
        "revoke", authority=signer.authority.id, serial=issued["serial"], reason="superseded", actor="wang"
    )
    assert revoked["partition"] == 0
    assert [row["state"] for row in signer.ask("requests", state="issued")].count("issued") >= 1


def test_custody_is_said_plainly(signer: Running) -> None:
    status = signer.ask("status")
    assert {key["custody"] for key in status["keys"]} == {"software"}
    assert signer.ask("authorities")[0]["custody"] == "software"


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("sign", {"digest": "00" * 32}),
    ("sign", {"key": "key-1", "message": "x"}),
    ("found", {"name": "evil", "subject": "CN=evil"}),
    ("add_approver", {"name": "eve", "spki": ""}),
    ("issue", {"request": "req-none", "actor": "eve"}),
    ("issue", {"request": "req-none", "actor": "eve", "profile": "root"}),
    ("submit", {"csr": "", "authority": "x", "profile": "device", "asker": "eve"}),
    ("submit", {"csr": "@@", "authority": "x", "profile": "device", "asker": "eve", "approved": True}),
    ("decide", {"statement": "e30=", "signature": "e30="}),
    ("fetch", {"intent": "' or 1=1 --"}),
    ("__init__", {}),
    ("close", {}),
    ("unlock", {"share": "YD1-AAAAA"}),
    ("revoke", {"authority": "x", "serial": "zz", "reason": "superseded", "actor": "eve"}),
]


@pytest.mark.parametrize(("operation", "arguments"), HOSTILE)
def test_hostile_requests_sign_nothing(signer: Running, operation: str, arguments: dict[str, Any]) -> None:
    before = signer.certificates()
    with pytest.raises(AppError):
        signer.ask(operation, **arguments)
    assert signer.certificates() == before


def test_a_waiting_request_cannot_be_issued_by_asking_twice(signer: Running) -> None:
    filed = signer.submit()
    for _ in range(3):
        with pytest.raises(AppError) as error:
            signer.ask("issue", request=filed["id"], actor="eve")
        assert error.value.kind is ErrorKind.FORBIDDEN


def test_an_authority_cannot_be_asked_for_by_request(signer: Running) -> None:
    for profile in ("root", "subordinate"):
        with pytest.raises(AppError):
            signer.submit(profile=profile)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_frame_gets_a_problem_or_a_closed_door(signer: Running, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(5)
        plain.connect(str(signer.path))
        plain.sendall(len(data).to_bytes(4, "big") + data)
        head = plain.recv(4)
        assert len(head) == 4
        assert b"problem" in plain.recv(65536)
    assert signer.ask("status")["sealed"] is False


def test_an_announced_giant_is_cut_off(signer: Running) -> None:
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(5)
        plain.connect(str(signer.path))
        plain.sendall(b"\xff\xff\xff\xff")
        assert plain.recv(4) == b""


def test_a_user_nobody_allowed_is_not_heard(tmp_path: Path) -> None:
    running = Running(tmp_path, allowed=frozenset({65533}))
    try:
        with pytest.raises(AppError) as error:
            running.ask("status")
        assert error.value.message_key == "trust.signer.not_allowed"
    finally:
        running.close()


def test_a_sealed_signer_signs_nothing_and_still_answers(tmp_path: Path) -> None:
    running = Running(tmp_path)
    try:
        filed = running.submit()
        running.approve(filed)
        running.core.keys.lock()
        assert running.ask("status")["sealed"] is True
        with pytest.raises(AppError) as error:
            running.ask("issue", request=filed["id"], actor="wang")
        assert error.value.kind is ErrorKind.UNAVAILABLE
        assert running.ask("unlock", share=running.shares[0]) == {"missing": 1, "sealed": True}
        assert running.ask("unlock", share=running.shares[2]) == {"missing": 0, "sealed": False}
        assert running.ask("issue", request=filed["id"], actor="wang")["serial"]
    finally:
        running.close()


def test_an_authority_has_its_list_from_its_first_moment(tmp_path: Path) -> None:
    running = Running(tmp_path)
    try:
        arguments = {"name": "web", "subject": "CN=web, O=Yaodun, C=CN", "kind": "sm2"}
        made = running.ask("console", work="found", arguments=arguments, shares=list(running.shares[:2]))
        listed = {row["authority"]: row for row in running.ask("lists")}
        assert {row["number"] for row in listed.values()} == {1}
        assert made["id"] in listed
        assert all(row["entries"] == 0 for row in listed.values())
    finally:
        running.close()


def test_no_signer_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(AppError) as error:
        ask_signer(tmp_path / "none.sock", "status")
    assert error.value.message_key == "trust.signer.not_running"
