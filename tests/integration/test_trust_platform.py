"""The PKI on a running platform: request, check, approval, issue, list, over HTTP, the signer behind its socket."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import RunningSite, wait_for
from tests.unit.trust.registration.test_desk import csr
from tests.unit.trust.validation.adversarial import forge
from tests.unit.trust.validation.test_request import Sm2Key
from trust.crypto.der import tlv
from trust.keys import material
from trust.keys.seams import KeyKind
from trust.validation.certificate import read_certificate
from trust.validation.crl import read_crl

pytestmark = pytest.mark.integration


def pem(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


class Pki:
    """A PKI of one running site: shares, an approver's key, a token that may do the PKI team's work."""

    def __init__(self, site: RunningSite, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.shares = [row["text"] for row in site.rows("trust", "ca", "init", "-m", "2", "-n", "3")]
        self.present = ("--share", self.shares[0], "--share", self.shares[2])
        words = ("trust", "ca", "create")
        (self.root,) = site.rows(*words, "root", "--subject", "CN=Root, O=NMPA, C=CN", *self.present)
        self.approver = material.generate(KeyKind.SM2)
        self.key = folder / "wang.key"
        self.key.write_text(pem("PRIVATE KEY", material.to_pkcs8(self.approver)))
        public = folder / "wang.pub"
        public.write_text(pem("PUBLIC KEY", material.spki_of(self.approver)))
        site.rows("trust", "ca", "approver", "wang", "--key", str(public), *self.present)
        (token,) = site.rows("token", "create", "--role", "pki")
        (viewer,) = site.rows("token", "create", "--role", "analyst")
        self.token = str(token["token"])
        self.http, self.viewer = self._client(self.token), self._client(viewer["token"])

    def _client(self, secret: str) -> httpx.Client:
        return httpx.Client(base_url=self.site.url, headers={"Authorization": f"Bearer {secret}"}, timeout=30)

    def file(self, name: str = "pump7.example.cn") -> dict[str, Any]:
        form = {
            "csr": base64.b64encode(csr(Sm2Key(), names=[forge.dns(name)])).decode(),
            "authority": self.root["id"],
            "profile": "device",
        }
        answer = self.http.post("/api/v1/pki/requests", json=form)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def revoked(self, name: str) -> str:
        """Issue a certificate and revoke it, so that a list is published; its serial."""
        filed = self.file(name)
        self.approve(filed["id"])
        serial = str(self.http.post(f"/api/v1/pki/requests/{filed['id']}/issue").json()["serial"])
        where = f"/api/v1/pki/authorities/{self.root['id']}/certificates/{serial}"
        assert self.http.post(f"{where}/revoke", json={"reason": "superseded"}).status_code == 200
        return serial

    def approve(self, request: str) -> None:
        self.site.command("approve", request, "--key", str(self.key), "--as", "wang", check=0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """A platform that looks at its ledger every two seconds."""
    running = RunningSite(tmp_path_factory.mktemp("site") / "home", {"YAODUN_RECORDS__WITNESS_EVERY_S": "2"})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def pki(site: RunningSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pki]:
    found = Pki(site, tmp_path_factory.mktemp("pki"))
    yield found
    found.http.close()
    found.viewer.close()


def test_a_request_becomes_a_certificate_only_by_a_signed_approval(pki: Pki) -> None:
    filed = pki.file()
    assert pki.http.get(f"/api/v1/pki/requests/{filed['id']}/checks").json() is not None
    early = pki.http.post(f"/api/v1/pki/requests/{filed['id']}/issue")
    assert early.status_code == 403
    pki.approve(filed["id"])
    issued = pki.http.post(f"/api/v1/pki/requests/{filed['id']}/issue").json()
    text = wait_for("the certificate leaves", lambda: _pem(pki, issued["intent"]))
    der = base64.b64decode("".join(text.splitlines()[1:-1]))
    certificate = read_certificate(der)
    assert f"{certificate.serial:x}" == issued["serial"]
    assert pki.http.post(f"/api/v1/pki/requests/{filed['id']}/issue").status_code == 403  # once only

    where = f"/api/v1/pki/authorities/{pki.root['id']}/certificates/{issued['serial']}"
    renewed = pki.http.post(f"{where}/renew", json={}).json()
    assert (renewed["state"], renewed["subject"]) == ("waiting", filed["subject"])
    assert pki.http.post(f"{where}/revoke", json={"reason": "superseded"}).status_code == 200
    crl = read_crl(httpx.get(f"{pki.site.url}/pki/{pki.root['id']}.crl").content)
    assert crl.find(certificate.serial, crl.issuer) is not None


def _pem(pki: Pki, intent: str) -> str:
    answer = pki.http.get(f"/api/v1/pki/certificates/{intent}")
    return answer.text if answer.status_code == 200 else ""


def test_somebody_without_the_right_files_and_issues_nothing(pki: Pki) -> None:
    assert pki.viewer.get("/api/v1/pki/requests").status_code == 403
    assert pki.viewer.post("/api/v1/pki/requests/req-1/issue").status_code == 403
    assert httpx.get(f"{pki.site.url}/api/v1/pki/status").status_code == 401


def test_the_web_process_cannot_found_authorities_or_name_approvers(pki: Pki) -> None:
    """What a compromised web process could send over the socket, without shares."""
    from infra.errors import AppError
    from trust.signer.client import ask_signer

    path = pki.site.home / "run" / "signer.sock"
    public = base64.b64encode(material.spki_of(material.generate(KeyKind.SM2))).decode()
    for work, arguments in (
        ("approver", {"name": "eve", "spki": public}),
        ("found", {"name": "evil", "subject": "CN=Evil, O=E, C=CN", "parent": "root"}),
        ("rekey", {"authority": "root"}),
        ("seal", {}),
    ):
        for shares in ([], [pki.shares[0]], [pki.shares[0], pki.shares[0]]):
            with pytest.raises(AppError) as caught:
                ask_signer(path, "console", work=work, shares=shares, arguments=arguments)
            assert caught.value.message_key == "trust.keys.shareholders_missing"
    forged = base64.b64encode(tlv(0x30, b"")).decode()
    with pytest.raises(AppError):
        ask_signer(path, "decide", statement=forged, signature=forged)


def test_a_restarted_signer_is_sealed_and_says_so_while_lists_go_on(pki: Pki) -> None:
    pki.revoked("pump6.example.cn")
    pid = pki.site.pid_of("signer")
    os.kill(pid, signal.SIGKILL)

    def sealed() -> bool:
        answer = pki.http.get("/api/v1/pki/status")
        return answer.status_code == 200 and answer.json()["sealed"]

    wait_for("another signer, sealed", sealed, 30)
    filed = pki.file("pump8.example.cn")
    pki.approve(filed["id"])
    refused = pki.http.post(f"/api/v1/pki/requests/{filed['id']}/issue")
    assert refused.status_code == 503
    assert httpx.get(f"{pki.site.url}/pki/{pki.root['id']}.crl").status_code == 200
    (row,) = pki.site.rows("trust", "ca", "unlock", *pki.present)
    assert row == {"missing": 0, "sealed": False}
    assert pki.http.post(f"/api/v1/pki/requests/{filed['id']}/issue").status_code == 201


def test_what_trust_does_is_an_event_and_its_ledger_is_signed(pki: Pki) -> None:
    pki.file("pump9.example.cn")
    query = 'event.dataset:yaodun.trust AND event.action:"trust.request.submit"'
    (first, *_) = wait_for("the request as an event", lambda: pki.site.rows("search", query), 60, 1)
    assert first["event.outcome"] == "success"
    heads = pki.site.home / "state" / "witness" / "heads.txt"
    wait_for("a signed head", lambda: heads.exists() and b"ed25519" in heads.read_bytes(), 60, 0.5)
    exported, witnessed = pki.folder / "ledger.txt", pki.folder / "heads.txt"
    witnessed.write_bytes(heads.read_bytes())  # first: a head witnessed after the export would rightly call it cut off
    pki.site.command("audit", "export", str(exported), check=0)
    pki.site.command("audit", "verify", str(exported), "--checkpoints", str(witnessed), check=0)
    page = pki.site.command("audit", "digest", check=0).stdout
    assert "sm2" in page
    proof = pki.folder / "proof.json"
    pki.site.command("audit", "prove", "0", "--out", str(proof), check=0)
    pki.site.command("audit", "verify", "--proof", str(proof), check=0)
    pki.site.command("audit", "verify", "--proof", str(proof), "--key", "00" * 32, check=1)
    pss = {row["name"]: row["pss_mib"] for row in pki.site.status()["services"]}
    assert pss["signer"] < 65  # idle ceiling 55, bench measures it; this one has worked
