"""The crypto register: D, A, K, software never scored as certified, uses seen on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.evaluation.cryptography import CryptoUse, Layer, assess, assess_use, use_of_tls
from ops.rulepacks import shipped_packs

PACK = shipped_packs().versions("crypto")[-1]
CERTIFICATE = "GM000119920200123"[:14]


def use(**fields: object) -> CryptoUse:
    base = {"id": "1", "layer": Layer.APPLICATION, "purpose": "签名", "algorithms": ("SM2", "SM3")}
    return CryptoUse(**(base | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "credit"),
    [
        ({"module_certificate": CERTIFICATE}, 1.0),
        ({}, 0.5),
        ({"algorithms": ("RSA", "SHA256"), "module_certificate": CERTIFICATE}, 0.5),
        ({"algorithms": ("RSA",)}, 0.25),
        ({"effective": False, "module_certificate": CERTIFICATE}, 0.0),
        ({"algorithms": ("SM2", "SHA1")}, 0.25),
        ({"algorithms": ()}, 0.25),
    ],
)
def test_credits(fields: dict[str, object], credit: float) -> None:
    assert assess_use(use(**fields), PACK).credit == credit


@given(st.text(max_size=20), st.lists(st.sampled_from(["SM2", "SM4-GCM", "AES"]), max_size=3))
def test_software_is_said_so_and_never_fully_credited(certificate: str, algorithms: list[str]) -> None:
    judged = assess_use(use(module_certificate=certificate, algorithms=tuple(algorithms)), PACK)
    if not judged.certified:
        assert judged.credit <= 0.5
        assert judged.note_key == "ops.evaluation.crypto.software"


def test_layers_without_a_use_count_nothing_and_are_named() -> None:
    answer = assess([use(module_certificate=CERTIFICATE), use(id="2", layer=Layer.NETWORK)], PACK)
    assert answer.score == 30 + 10
    assert not answer.passes
    assert answer.unseen == (Layer.PHYSICAL, Layer.DEVICE, Layer.MANAGEMENT)
    assert answer.uses[0].use.id == "2"


def test_handshakes_seen_on_the_wire_become_uses() -> None:
    tlcp = use_of_tls({"tls.cipher": "ECC_SM4_CBC_SM3", "destination.ip": "10.0.0.1", "destination.port": 443})
    tls = use_of_tls({"tls.cipher": "TLS_AES_128_GCM_SHA256", "destination.ip": "10.0.0.1", "tls.version": "1.3"})
    assert tlcp is not None
    assert tls is not None
    assert tlcp.algorithms == ("SM4", "SM3")
    assert assess_use(tlcp, PACK).credit == 0.5
    assert assess_use(tls, PACK).approved is False
    assert use_of_tls({"destination.ip": "10.0.0.1"}) is None
