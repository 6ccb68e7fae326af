"""The adversarial suite beside openssl and pyhanko: where they differ, the case names the clause that decides."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest

from tests.unit.trust.validation.adversarial import CASES
from tests.unit.trust.validation.adversarial.case import Case, Chain
from tests.unit.trust.validation.adversarial.forge import NOW
from tests.unit.trust.validation.test_adversarial import verdict_of
from trust.validation.verdict import Outcome

pytestmark = pytest.mark.integration
FULL = os.environ.get("YAODUN_PROVE") == "full"
SLOW = "pathological"
CHOSEN = [case for number, case in enumerate(CASES) if case.category != SLOW and (FULL or number % 6 == 0)]


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) + f"-----END {label}-----\n".encode()


def openssl_says(chain: Chain, folder: Path) -> bool:
    """``openssl verify -x509_strict`` about the chain."""
    files = {"leaf": [chain.leaf], "anchors": chain.anchors, "pool": chain.pool}
    for name, made in files.items():
        (folder / name).write_bytes(b"".join(pem(one.der) for one in made))
    (folder / "crls").write_bytes(b"".join(pem(der, "X509 CRL") for der in chain.crls))
    words = ["verify", "-x509_strict", "-partial_chain", "-attime", str(int(NOW.timestamp())), "-CAfile", "anchors"]
    words += ["-untrusted", "pool"] if chain.pool else []
    words += ["-CRLfile", "crls", "-crl_check_all", "-extended_crl", "-use_deltas"] if chain.crls else []
    words += [word for policy in chain.policies for word in ("-policy", policy)]
    words += ["-policy_check"] if chain.policies else []
    words += ["-explicit_policy"] if chain.require_explicit else []
    words += ["-purpose", "sslserver"] if chain.usage == "server" else []
    if chain.name:
        kind = "-verify_email" if "@" in chain.name else "-verify_hostname"
        words += ["-verify_ip" if chain.name[0].isdigit() or ":" in chain.name else kind, chain.name]
    done = subprocess.run(["openssl", *words, "leaf"], capture_output=True, cwd=folder, timeout=30)
    return done.returncode == 0


def pyhanko_says(chain: Chain) -> bool:
    """pyhanko-certvalidator about the path; names and purposes are not its business."""
    from asn1crypto import crl, x509
    from pyhanko_certvalidator import CertificateValidator, ValidationContext

    async def run() -> None:
        context = ValidationContext(
            trust_roots=[x509.Certificate.load(made.der) for made in chain.anchors],
            other_certs=[x509.Certificate.load(made.der) for made in chain.pool],
            crls=[crl.CertificateList.load(der) for der in chain.crls],
            moment=NOW.astimezone(UTC),
            allow_fetching=False,
            best_signature_time=NOW.astimezone(UTC),
            revocation_mode="require" if chain.crls else "soft-fail",
        )
        validator = CertificateValidator(x509.Certificate.load(chain.leaf.der), validation_context=context)
        await validator.async_validate_path()

    try:
        asyncio.run(asyncio.wait_for(run(), 10))
    except Exception:
        return False
    return True


def ours(chain: Chain) -> bool:
    return verdict_of(chain).outcome is Outcome.VALID


def tell(peer: str, differing: list[tuple[Case, bool]], asked: int) -> None:
    """Every difference must be one the case's clause decides; the counts go to stderr."""
    false_accepts = sum(said for _, said in differing)
    by_category = dict(Counter(case.category for case, _ in differing))
    sys.stderr.write(
        f"{peer}: {asked - len(differing)}/{asked} agree, {false_accepts} accepted wrongly, "
        f"{len(differing) - false_accepts} refused wrongly, {by_category}\n"
    )
    for case, said in differing:
        assert case.clause, case.id
        assert said is not case.good


def test_beside_openssl(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("install openssl 3.0 or newer")
    differing = []
    for case in CHOSEN:
        chain = case.build()
        assert ours(chain) is case.good, case.id
        if (said := openssl_says(chain, tmp_path)) is not case.good:
            differing.append((case, said))
    tell("openssl -x509_strict", differing, len(CHOSEN))
    assert len(differing) < len(CHOSEN) / 2


@pytest.mark.filterwarnings("ignore")
def test_beside_pyhanko() -> None:
    pytest.importorskip("pyhanko_certvalidator", reason="pip install pyhanko")
    differing = []
    asked = [case for case in CHOSEN if case.category not in ("hosts", "purposes", "policies")]
    for case in asked:
        said = pyhanko_says(case.build())
        if said is not case.good:
            differing.append((case, said))
    tell("pyhanko", differing, len(asked))
    assert len(differing) < len(asked) / 2
