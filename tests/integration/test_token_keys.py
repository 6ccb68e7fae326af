"""Keys in a real PKCS#11 library: SoftHSM2."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.errors import AppError
from trust.approval.statement import CONTEXT, Decision, Statement, statement_holds
from trust.crypto.algorithm import Check, check_signature
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import Custody, KeyKind
from trust.keys.token import TokenKeys
from trust.keys.uri import signing_key

pytestmark = pytest.mark.integration
LIBRARY = next(
    (p for p in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so") if Path(p).exists()), ""
)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenKeys]:
    if not LIBRARY or not shutil.which("softhsm2-util"):
        pytest.skip("install softhsm2")
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(config))
        words = ["--init-token", "--free", "--label", "yaodun", "--pin", "1234", "--so-pin", "5678"]
        subprocess.run(["softhsm2-util", *words], check=True, capture_output=True, timeout=30)
        yield TokenKeys(LIBRARY, "yaodun", "1234")


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384, KeyKind.RSA2048])
def test_a_key_is_made_and_signs_in_the_token(token: TokenKeys, kind: KeyKind) -> None:
    made = token.generate("issuing", kind)
    assert made.custody is Custody.TOKEN
    signature = token.sign(made.id, b"message")
    assert check_signature(made.spki, ALGORITHM[kind], b"message", signature) is Check.GOOD
    assert token.keys()[-1] == made
    token.destroy(made.id)
    with pytest.raises(AppError):
        token.sign(made.id, b"message")


@pytest.mark.parametrize("kind", [KeyKind.SM2, KeyKind.ED25519])
def test_kinds_the_token_would_sign_wrongly_are_refused(token: TokenKeys, kind: KeyKind) -> None:
    with pytest.raises(AppError):
        token.generate("no", kind)


def test_a_wrong_pin_and_a_missing_token_are_named(token: TokenKeys) -> None:
    made = token.generate("pin", KeyKind.P256)
    token._pin = "9999"
    try:
        with pytest.raises(AppError) as error:
            token.sign(made.id, b"m")
        assert error.value.message_key == "trust.keys.wrong_pin"
    finally:
        token._pin = "1234"
    with pytest.raises(AppError):
        TokenKeys(LIBRARY, "no such token", "1234")
    assert "1234" not in repr(token)


@pytest.mark.parametrize("words", [["EC:prime256v1"], ["EC:secp384r1"], ["rsa:2048"]])
def test_an_approver_signs_with_a_key_named_by_a_uri(token: TokenKeys, tmp_path: Path, words: list[str]) -> None:
    """The key was made by another tool (pkcs11-tool), and an approval by it is one that counts."""
    if not shutil.which("pkcs11-tool"):
        pytest.skip("install opensc")
    label = f"approve-{words[0].replace(':', '-')}"
    made = ["--module", LIBRARY, "--token-label", "yaodun", "--login", "--pin", "1234", "--keypairgen"]
    named = ["--key-type", words[0], "--label", label, "--id", "a1"]
    subprocess.run(["pkcs11-tool", *made, *named], check=True, capture_output=True, timeout=60)
    (tmp_path / "pin").write_text("1234\n")
    uri = f"pkcs11:token=yaodun;object={label}?module-path={LIBRARY}&pin-source=file:{tmp_path / 'pin'}"
    key = signing_key(uri)
    body = Statement(
        request="req-1", sha256="00" * 32, authority="ca-1", profile="device", approver="wang",
        decision=Decision.APPROVE, expires=datetime(2027, 1, 1, tzinfo=UTC),
    ).canonical()  # fmt: skip
    assert statement_holds(body, key.sign(CONTEXT + body), key.spki)
    assert not statement_holds(body + b" ", key.sign(CONTEXT + body), key.spki)
    with pytest.raises(AppError) as caught:
        signing_key(uri, pin="9999")
    assert caught.value.message_key == "trust.keys.wrong_pin"
    with pytest.raises(AppError):
        signing_key(uri.replace(label, "nobody"))
