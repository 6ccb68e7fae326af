"""Both directions with openssl 3: its chains, lists, OCSP answers and messages judged by us, ours accepted by it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from yaodun.cli import main

pytestmark = pytest.mark.integration
ID = "1234567812345678"


@pytest.fixture(autouse=True)
def _openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("openssl"):
        pytest.skip("install openssl 3.0 or newer")
    monkeypatch.setenv("YAODUN_LANG", "en")


def openssl(folder: Path, *words: str, data: bytes = b"", good: bool = True) -> bytes:
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, cwd=folder, timeout=60)
    assert not good or done.returncode == 0, done.stderr.decode()
    return done.stdout + (b"" if good else done.stderr)


def verify(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["trust", "verify", *map(str, words)])
    return code, json.loads(capsys.readouterr().out)


def codes(found: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in found["reasons"] if not reason["advice"]]


class OpensslCa:
    """A two-level authority made by openssl, SM2 or P-256."""

    def __init__(self, folder: Path, sm2: bool) -> None:
        self.folder, self.sm2 = folder, sm2
        self.curve = "SM2" if sm2 else "prime256v1"
        self.digest = "-sm3" if sm2 else "-sha256"
        self.sign = ["-sigopt", f"distid:{ID}"] if sm2 else []
        self.check = ["-vfyopt", f"distid:{ID}"] if sm2 else []
        self.key("ca")
        extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
        added = [word for one in extensions for word in ("-addext", one)]
        subject = ["-subj", "/C=CN/O=Openssl/CN=root"]
        self.run("req", "-x509", "-new", "-key", "ca.key", self.digest, *self.sign, *subject, *added, "-out", "ca.crt")
        self.issue("sub", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n", "ca")
        self.issue("leaf", "keyUsage=critical,digitalSignature\nsubjectAltName=DNS:shop.example.cn\n", "sub")

    def run(self, *words: str, **more: Any) -> bytes:
        return openssl(self.folder, *words, **more)

    def key(self, name: str) -> None:
        self.run("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{self.curve}", "-out", f"{name}.key")

    def issue(self, name: str, extensions: str, issuer: str) -> None:
        self.key(name)
        (self.folder / f"{name}.ext").write_text(extensions)
        subject = ["-subj", f"/C=CN/O=Openssl/CN={name}"]
        self.run("req", "-new", "-key", f"{name}.key", self.digest, *self.sign, *subject, "-out", f"{name}.csr")
        authority = ["-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-CAcreateserial"]
        words = ["-extfile", f"{name}.ext", "-days", "30", "-out", f"{name}.crt"]
        self.run("x509", "-req", "-in", f"{name}.csr", *authority, self.digest, *self.sign, *self.check, *words)

    def crl(self, *revoked: str) -> Path:
        (self.folder / "index.txt").write_text("")
        (self.folder / "crlnumber").write_text("01\n")
        text = "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_crl_days=7\ndefault_md="
        config = f"{text}{self.digest[1:]}\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n"
        (self.folder / "ca.cnf").write_text(config)
        authority = ["-config", "ca.cnf", "-cert", "sub.crt", "-keyfile", "sub.key"]
        for name in revoked:
            self.run("ca", *authority, "-revoke", f"{name}.crt", "-crl_reason", "keyCompromise")
        self.run("ca", *authority, "-gencrl", *self.sign, "-out", "sub.crl")
        return self.folder / "sub.crl"


@pytest.mark.parametrize("sm2", [True, False], ids=["sm2", "p256"])
def test_chains_lists_and_tampering(tmp_path: Path, capsys: pytest.CaptureFixture[str], sm2: bool) -> None:
    ca = OpensslCa(tmp_path, sm2)
    chain = [tmp_path / "leaf.crt", tmp_path / "sub.crt", "--anchors", tmp_path / "ca.crt"]
    assert verify(capsys, *chain, "--name", "shop.example.cn")[0] == 0
    assert codes(verify(capsys, *chain, "--name", "other.example.cn")[1]) == ["name_mismatch"]
    assert verify(capsys, tmp_path / "leaf.crt", "--anchors", tmp_path / "ca.crt")[0] == 1
    der = openssl(tmp_path, "x509", "-in", "leaf.crt", "-outform", "DER")
    (tmp_path / "bad.der").write_bytes(der[:-1] + bytes([der[-1] ^ 1]))
    code, found = verify(capsys, tmp_path / "bad.der", *chain[1:])
    assert code == 1
    assert "signature_bad" in codes(found)
    good = ca.crl()
    code, found = verify(
        capsys, tmp_path / "leaf.crt", tmp_path / "sub.crt", "--anchors", tmp_path / "sub.crt", "--crl", good
    )
    assert code == 0, found
    code, found = verify(capsys, *chain, "--crl", good)
    assert code == 3
    assert codes(found)[0] == "revocation_unknown"
    revoked = ca.crl("leaf")
    found = verify(capsys, *chain[:2], "--anchors", tmp_path / "sub.crt", "--crl", revoked)[1]
    assert codes(found) == ["revoked"]


@pytest.mark.parametrize("sm2", [True, False], ids=["sm2", "p256"])
def test_bare_signatures_of_openssl(tmp_path: Path, capsys: pytest.CaptureFixture[str], sm2: bool) -> None:
    ca = OpensslCa(tmp_path, sm2)
    (tmp_path / "f").write_bytes(b"a report")
    openssl(tmp_path, "dgst", ca.digest, "-sign", "leaf.key", *ca.sign, "-out", "f.sig", "f")
    words = [tmp_path / "f.sig", tmp_path / "leaf.crt", tmp_path / "sub.crt", "--anchors", tmp_path / "ca.crt"]
    assert verify(capsys, *words, "--content", tmp_path / "f")[0] == 0
    (tmp_path / "g").write_bytes(b"another")
    assert codes(verify(capsys, *words, "--content", tmp_path / "g")[1]) == ["message_signature_bad"]


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("streamed", [True, False])
def test_messages_of_openssl(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], detached: bool, streamed: bool
) -> None:
    OpensslCa(tmp_path, sm2=False)
    (tmp_path / "f").write_bytes(b"a report")
    words = ["-signer", "leaf.crt", "-inkey", "leaf.key", "-certfile", "sub.crt", "-binary", "-outform", "DER"]
    extra = ([] if detached else ["-nodetach"]) + (["-stream"] if streamed else [])
    openssl(tmp_path, "cms", "-sign", "-in", "f", *words, *extra, "-out", "f.p7s")
    asked = [tmp_path / "f.p7s", "--anchors", tmp_path / "ca.crt"]
    content = ["--content", tmp_path / "f"] if detached else []
    code, found = verify(capsys, *asked, *content)
    assert code == 0, found["reasons"]
    assert found["signers"][0]["signing_time"]
    (tmp_path / "g").write_bytes(b"another")
    assert codes(verify(capsys, *asked, "--content", tmp_path / "g")[1]) == ["content_differs"]


@pytest.mark.parametrize("revoked", [True, False])
def test_ocsp_answers_of_openssl(tmp_path: Path, capsys: pytest.CaptureFixture[str], revoked: bool) -> None:
    ca = OpensslCa(tmp_path, sm2=False)
    ca.crl(*(["leaf"] if revoked else []))
    if not revoked:
        serial = openssl(tmp_path, "x509", "-in", "leaf.crt", "-noout", "-serial").decode().strip().partition("=")[2]
        (tmp_path / "index.txt").write_text(f"V\t300101000000Z\t\t{serial}\tunknown\t/CN=leaf\n")
    question = ["-issuer", "sub.crt", "-cert", "leaf.crt", "-reqout", "q.der", "-no_nonce"]
    openssl(tmp_path, "ocsp", *question)
    responder = ["-index", "index.txt", "-rsigner", "sub.crt", "-rkey", "sub.key", "-CA", "sub.crt", "-ndays", "7"]
    openssl(tmp_path, "ocsp", "-reqin", "q.der", "-respout", "r.der", *responder)
    found = verify(capsys, tmp_path / "leaf.crt", "--anchors", tmp_path / "sub.crt", "--ocsp", tmp_path / "r.der")[1]
    assert codes(found) == (["revoked"] if revoked else [])


def test_the_whole_way_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Master key, root, authority, request by openssl, approval, issue, revoke: and openssl accepts each link."""
    home = ["--home", str(tmp_path / "home")]

    def run(*words: object) -> list[dict[str, Any]]:
        assert main(["trust", *map(str, words), *home]) == 0
        out = capsys.readouterr().out
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    shares = [row["text"] for row in run("ca", "init", "-m", 2, "-n", 3)]
    present = ["--share", shares[0], "--share", shares[2]]
    run("ca", "create", "root", "--subject", "CN=Root, O=NMPA, C=CN", *present)
    run("ca", "create", "issuing", "--subject", "CN=Issuing, O=NMPA, C=CN", "--parent", "root", *present)
    curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"]
    for name in ("pump", "wang"):
        openssl(tmp_path, "genpkey", *curve, "-out", f"{name}.key")
    openssl(tmp_path, "pkey", "-in", "wang.key", "-pubout", "-out", "wang.pub")
    run("ca", "approver", "wang", "--key", tmp_path / "wang.pub", *present)
    subject = ["-subj", "/C=CN/O=Factory/CN=pump7", "-addext", "subjectAltName=DNS:pump7.example.cn"]
    words = ["-key", "pump.key", "-sm3", "-sigopt", f"distid:{ID}", *subject, "-out", "pump.csr"]
    openssl(tmp_path, "req", "-new", *words)
    (filed,) = run("request", "submit", tmp_path / "pump.csr", "--ca", "issuing", "--profile", "device", "--as", "li")
    assert main(["trust", "issue", filed["id"], "--as", "wang", *present, *home]) == 1
    capsys.readouterr()
    (approved,) = run("approve", filed["id"], "--key", tmp_path / "wang.key", "--as", "wang")
    assert approved["state"] == "approved"
    run("issue", filed["id"], "--as", "wang", "--out", tmp_path / "pump.crt", *present)
    for name in ("root", "issuing"):
        run("ca", "export", name, "--out", tmp_path / f"{name}.pem")
    for issuer, below in (("root", "issuing.pem"), ("issuing", "pump.crt")):
        link = ["-partial_chain", "-vfyopt", f"distid:{ID}", "-trusted", f"{issuer}.pem", below]
        assert b"OK" in openssl(tmp_path, "verify", *link)
    chain = [tmp_path / "pump.crt", tmp_path / "issuing.pem", "--anchors", tmp_path / "root.pem"]
    assert verify(capsys, *chain, "--profile", "rfc5280")[0] == 0
    serial = openssl(tmp_path, "x509", "-in", "pump.crt", "-noout", "-serial").decode().strip().partition("=")[2]
    crl = tmp_path / "issuing.crl"
    run("revoke", serial, "--ca", "issuing", "--as", "wang", "--reason", "key_compromise", "--out", crl, *present)
    text = openssl(tmp_path, "crl", "-in", "issuing.crl", "-noout", "-text").decode()
    assert serial in text.replace(":", "")
    asked = [tmp_path / "pump.crt", "--anchors", tmp_path / "issuing.pem", "--crl", crl]
    assert codes(verify(capsys, *asked)[1]) == ["revoked"]
    assert main(["audit", "verify", *home]) == 0


def test_the_trust_list_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ca = OpensslCa(tmp_path, sm2=True)
    home = ["--home", str(tmp_path / "home")]
    for name in ("li", "wang"):
        ca.key(name)
        openssl(tmp_path, "pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")
    (tmp_path / "entries.toml").write_text(
        '[[entry]]\nid="o"\nname="Openssl"\ncertificate="ca.crt"\nstate="accepted"\n'
    )

    def run(*words: object) -> int:
        code = main(["trust", "list", *map(str, words), *home])
        capsys.readouterr()
        return code

    publishers = [word for name in ("li", "wang") for word in ("--publisher", f"{name}={tmp_path / name}.pub")]
    document = tmp_path / "next.json"
    assert run("prepare", tmp_path / "entries.toml", *publishers, "--out", document) == 0
    assert run("sign", document, "--key", tmp_path / "li.key", "--as", "li") == 0
    assert run("publish", document) == 2
    assert run("sign", document, "--key", tmp_path / "wang.key", "--as", "wang") == 0
    assert run("publish", document) == 0
    evidence = tmp_path / "evidence.json"
    asked = [tmp_path / "leaf.crt", tmp_path / "sub.crt", "--evidence", evidence, *home]
    code, found = verify(capsys, *asked)
    assert (code, found["list_version"], found["authority"]) == (0, 1, "o")
    assert main(["trust", "replay", str(evidence)]) == 0
    assert json.loads(capsys.readouterr().out)["same"] is True
    altered = evidence.read_text().replace('"valid"', '"invalid"')
    evidence.write_text(altered)
    assert main(["trust", "replay", str(evidence)]) == 2
