"""Both directions with GnuTLS (certtool) and NSS (certutil), where they are valid oracles: RSA and ECDSA, never SM2."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.clock import SystemClock
from tests.unit.trust.ca.site import Site
from trust.ca.authority import Authority, Order
from trust.ca.names import alternative_names, subject_der
from trust.keys import material
from trust.keys.seams import KeyKind
from yaodun.cli import main

pytestmark = pytest.mark.integration
KINDS = [KeyKind.P256, KeyKind.RSA2048]


def pem(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def run(folder: Path, *words: str, data: str = "") -> subprocess.CompletedProcess[str]:
    if not shutil.which(words[0]):
        pytest.skip(f"install {'gnutls-bin' if words[0] == 'certtool' else 'libnss3-tools'}")
    return subprocess.run(words, input=data, capture_output=True, text=True, cwd=folder, timeout=60, check=False)


class Chain:
    """Root, issuing authority, server certificate and list of ours, as files."""

    def __init__(self, folder: Path, kind: KeyKind) -> None:
        self.folder, self.site = folder, Site(folder / "site")
        self.site.clock.advance((SystemClock().now() - self.site.clock.now()).total_seconds())
        root = self.site.root(kind=kind)
        issuing = self.site.below(root, kind=kind)
        private = material.generate(kind)
        names = alternative_names(["shop.example.cn"], ("dns",))
        order = Order("web-server", material.spki_of(private), subject_der("CN=shop.example.cn, O=N, C=CN"), names)
        self.leaf = issuing.issue(order, "test")
        self.crl = self._list(issuing, revoked=False)
        parts = {"leaf": self.leaf.der, "issuing": issuing.certificate.der, "root": root.certificate.der}
        for name, der in parts.items():
            (folder / f"{name}.pem").write_text(pem("CERTIFICATE", der))
        (folder / "chain.pem").write_text("".join(pem("CERTIFICATE", der) for der in parts.values()))
        (folder / "root.crl").write_text(pem("X509 CRL", root.publish("test")))
        (folder / "good.crl").write_text(pem("X509 CRL", self.crl))
        (folder / "revoked.crl").write_text(pem("X509 CRL", self._list(issuing, revoked=True)))

    def _list(self, issuing: Authority, *, revoked: bool) -> bytes:
        if revoked:
            issuing.revoke(self.leaf.serial, "key_compromise", "test")
        return issuing.publish("test")


@pytest.fixture(params=KINDS, ids=[str(kind) for kind in KINDS])
def chain(tmp_path: Path, request: pytest.FixtureRequest) -> Chain:
    found = Chain(tmp_path, request.param)
    found.site.close()
    return found


def test_gnutls_accepts_our_chain_and_finds_our_revocation(chain: Chain) -> None:
    check = ["certtool", "--verify", "--load-ca-certificate", "root.pem", "--verify-hostname", "shop.example.cn"]
    text = (chain.folder / "leaf.pem").read_text() + (chain.folder / "issuing.pem").read_text()
    good = run(chain.folder, *check, data=text)
    assert good.returncode == 0, good.stdout + good.stderr
    for listed, code in (("good", 0), ("revoked", 1)):
        lists = "".join((chain.folder / f"{name}.crl").read_text() for name in ("root", listed))
        (chain.folder / "all.crl").write_text(lists)
        done = run(chain.folder, *check, "--load-crl", "all.crl", data=text)
        assert (done.returncode != 0) == bool(code), done.stdout
    wrong = run(chain.folder, *check[:-1], "other.example.cn", data=text)
    assert wrong.returncode != 0


def test_nss_accepts_our_chain_and_finds_our_revocation(tmp_path: Path) -> None:
    """ECDSA only: for RSA servers NSS still asks for key encipherment, which TLS has not needed since 1.3."""
    chain = Chain(tmp_path, KeyKind.P256)
    chain.site.close()
    base = f"sql:{chain.folder}"
    assert run(chain.folder, "certutil", "-N", "-d", base, "--empty-password").returncode == 0
    for name, trusted in (("root", "CT,,"), ("issuing", ",,"), ("leaf", ",,")):
        words = ["-A", "-d", base, "-n", name, "-t", trusted, "-i", f"{name}.pem"]
        assert run(chain.folder, "certutil", *words).returncode == 0
    check = ["certutil", "-V", "-d", base, "-n", "leaf", "-u", "V", "-e"]
    done = run(chain.folder, *check)
    assert done.returncode == 0, done.stdout + done.stderr
    (chain.folder / "revoked.der").write_bytes(_der(chain.folder / "revoked.crl"))
    put = run(chain.folder, "crlutil", "-I", "-d", base, "-i", "revoked.der") if shutil.which("crlutil") else None
    if put is not None and put.returncode == 0:
        assert run(chain.folder, *check).returncode != 0


def _der(path: Path) -> bytes:
    return base64.b64decode("".join(path.read_text().splitlines()[1:-1]))


TEMPLATES = {
    "ca": 'cn = "Partner"\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 90\n',
    "leaf": 'cn = "shop"\ndns_name = "shop.example.cn"\nsigning_key\ntls_www_server\nexpiration_days = 30\n',
}


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_chain_and_a_list_of_gnutls_are_judged_by_us(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    for name, text in TEMPLATES.items():
        (tmp_path / f"{name}.cfg").write_text(text)
        words = ["--key-type", kind, "--sec-param", "medium", "--outfile", f"{name}.key"]
        assert run(tmp_path, "certtool", "--generate-privkey", *words).returncode == 0
    signer = ["--load-ca-certificate", "ca.pem", "--load-ca-privkey", "ca.key"]
    root = ["--generate-self-signed", "--load-privkey", "ca.key", "--template", "ca.cfg", "--outfile", "ca.pem"]
    leaf = ["--generate-certificate", "--load-privkey", "leaf.key", *signer, "--template", "leaf.cfg"]
    for words in (root, [*leaf, "--outfile", "leaf.pem"]):
        done = run(tmp_path, "certtool", *words)
        assert done.returncode == 0, done.stderr
    (tmp_path / "crl.cfg").write_text("crl_next_update = 10\ncrl_number = 1\n")
    listed = [
        "--generate-crl",
        *signer,
        "--load-certificate",
        "leaf.pem",
        "--template",
        "crl.cfg",
        "--outfile",
        "c.pem",
    ]
    assert run(tmp_path, "certtool", *listed).returncode == 0

    def verdict(*words: str) -> dict[str, Any]:
        main(["trust", "verify", str(tmp_path / "leaf.pem"), "--anchors", str(tmp_path / "ca.pem"), *words])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    assert verdict("--name", "shop.example.cn", "--usage", "server")["verdict"] == "valid"
    assert verdict("--name", "other.example.cn")["verdict"] == "invalid"
    revoked = verdict("--crl", str(tmp_path / "c.pem"))
    assert [row["code"] for row in revoked["reasons"] if not row["advice"]] == ["revoked"]


def test_the_moment_of_the_chain_is_now(chain: Chain) -> None:
    """The oracles read the clock of this machine: what they judged was valid now, not at some fixed moment."""
    from trust.validation.certificate import read_certificate

    made = read_certificate(chain.leaf.der)
    assert made.not_before <= SystemClock().now() < made.not_after - timedelta(days=1)
