"""Signatures: the committee's vector bit-exact, every algorithm both ways, and nothing changed gets through."""

from __future__ import annotations

import copy
import json
import os
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from infra.errors import AppError
from playbooks.model import signatures as sig
from playbooks.model.jcs import canonical
from playbooks.model.reading import read_tree, to_json, to_yaml
from playbooks.model.signatures import Seal, demand_signed, sign, verify
from tests.unit.playbooks.samples import IDENTITY, full
from trust.crypto import sm2
from trust.keys import material

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RSA = rsa.generate_private_key(65537, 2048)
SM2 = sm2.PrivateKey.generate()
ED = ed25519.Ed25519PrivateKey.generate()
KEYS: list[tuple[str, Any]] = [
    *((name, RSA) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
    ("ES256", ec.generate_private_key(ec.SECP256R1())), ("ES384", ec.generate_private_key(ec.SECP384R1())),
    ("ES512", ec.generate_private_key(ec.SECP521R1())), ("Ed25519", ED), ("Ed448", ed448.Ed448PrivateKey.generate()),
    ("SM2", SM2),
]  # fmt: skip
CHANGES = 10_000 if os.environ.get("YAODUN_PROVE") == "full" else 300


def signed(private: Any = ED, tree: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return sign(tree or full(), private, signee="药监", identity=IDENTITY, at=NOW, **more)


def anchor(private: Any) -> frozenset[str]:
    return frozenset({sig.hashlib.sha256(material.spki_of(private)).hexdigest()})


@pytest.fixture
def vector(data: Path) -> list[Any]:
    text = (data / "cacao/oasis/signature-example-rsa.md").read_text()
    return [json.loads(each) for each in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def test_the_committees_vector_holds_bit_for_bit(vector: list[Any], data: Path) -> None:
    tree = next(each for each in vector if len(each.get("signatures", [])) == 2)
    text = (data / "cacao/oasis/signature-example-rsa.md").read_text()
    octets = re.search(r'```json\n(\{"created".*?)\n```', text)
    digest = re.search(r"\n([0-9a-f]{64})\n", text)
    assert octets is not None
    assert digest is not None
    ours = sig.preimage(tree, tree["signatures"][1])
    assert ours == octets[1].encode()
    assert sig.digest_text("sha-256", ours) == digest[1].encode()
    other, good = verify(tree, datetime(2023, 3, 1, tzinfo=UTC))
    assert good.seal is Seal.GOOD
    assert other.seal is not Seal.GOOD
    assert verify(tree, NOW)[1].seal is Seal.EXPIRED


@pytest.mark.parametrize(("name", "private"), KEYS, ids=[name for name, _ in KEYS])
def test_every_algorithm_signs_and_verifies(name: str, private: Any) -> None:
    tree = signed(private, algorithm=name)
    (found,) = verify(tree, NOW, anchor(private))
    assert (found.algorithm, found.seal, found.trusted) == (name, Seal.GOOD, True)
    assert verify(read_tree(to_yaml(tree).encode()), NOW)[0].seal is Seal.GOOD


def test_two_signatures_stand_beside_each_other_and_a_third_on_one() -> None:
    tree = signed(RSA, signed(SM2))
    tree = signed(ED, tree, counter=tree["signatures"][0]["id"])
    first, second = verify(tree, NOW)
    assert (first.seal, second.seal, first.counter[0].seal) == (Seal.GOOD, Seal.GOOD, Seal.GOOD)
    broken = copy.deepcopy(tree)
    broken["signatures"][0]["signature"]["signee"] = "nobody"
    assert [one.seal for one in verify(broken, NOW)] == [Seal.BAD, Seal.GOOD]


@pytest.mark.parametrize("private", [ED, SM2, RSA], ids=["Ed25519", "SM2", "RS256"])
def test_every_single_bit_counts(private: Any) -> None:
    octets = canonical(signed(private))
    anchors, dice = anchor(private), random.Random(7)
    demand_signed(read_tree(octets), NOW, anchors)
    for _ in range(CHANGES // 3):
        place, bit = dice.randrange(len(octets)), 1 << dice.randrange(8)
        changed = octets[:place] + bytes([octets[place] ^ bit]) + octets[place + 1 :]
        with pytest.raises(AppError):
            demand_signed(read_tree(changed), NOW, anchors)


def test_an_untrusted_or_revoked_or_foreign_key_does_not_open_the_door() -> None:
    tree = signed(ED)
    with pytest.raises(AppError):
        demand_signed(tree, NOW, anchor(SM2))
    with pytest.raises(AppError):
        demand_signed(full(), NOW, anchor(ED))
    with pytest.raises(AppError):
        demand_signed(tree, NOW - timedelta(days=1), anchor(ED))
    with pytest.raises(AppError):
        demand_signed(signed(ED, until=NOW + timedelta(days=1)), NOW + timedelta(days=2), anchor(ED))
    moved = copy.deepcopy(tree)
    moved["signatures"][0]["algorithm"] = "RS256"
    assert verify(moved, NOW)[0].seal is Seal.BAD


def test_signing_needs_a_fitting_algorithm_and_an_existing_signature() -> None:
    with pytest.raises(AppError):
        signed(ED, algorithm="RS256")
    with pytest.raises(AppError):
        signed(ED, counter="jss--none")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (333333333.33333329, "333333333.3333333"), (1e30, "1e+30"), (4.50, "4.5"), (2e-3, "0.002"), (1e-27, "1e-27"),
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"), (295147905179352830000.0, "295147905179352830000"),
        (1e21, "1e+21"), (9.999999999999997e22, "9.999999999999997e+22"), (0.000001, "0.000001"), (1e-7, "1e-7"),
        (1 << 53, "9007199254740992"), (-1.5, "-1.5"), (10, "10"), (100.0, "100"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_the_standard_says(value: float, text: str) -> None:
    """Values of RFC 8785 appendix B and clause 3.2.2.3."""
    assert canonical(value).decode() == text


def test_the_example_of_the_canonical_form() -> None:
    """RFC 8785 clause 3.2.3: order by UTF-16 units; clause 3.2.2.2: escapes."""
    tree = {
        "\u20ac": "Euro",
        "\r": "CR",
        "\ufb33": "Dalet",
        "1": "One",
        "\U0001f600": "Smile",
        "\u0080": "C",
        "\u00f6": "O",
    }
    order = [json.loads(f'"{key}"') for key in re.findall(r'"((?:[^"\\]|\\.)*)":', canonical(tree).decode())]
    assert order == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert canonical({"a": '\u20ac$\u000f\nA\'B"\\\\"/'}) == '{"a":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()


def test_what_json_cannot_hold_is_refused() -> None:
    for value in (float("nan"), float("inf"), "\ud800", {1, 2}, 10**400):
        with pytest.raises(AppError):
            canonical(value)
    assert read_tree(to_json(signed()).encode())
