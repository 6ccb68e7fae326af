from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trust.crypto.vectors import blocks
from trust.crypto.sm3 import Sm3, derive, hmac_sm3, sm3


def octets(text: str) -> bytes:
    return text.strip('"').encode() if text.startswith('"') else bytes.fromhex(text)


def test_published_digests() -> None:
    rows = [row for row in blocks("evpmd_sm3.txt") if row.get("Digest") == "SM3" and "Ncopy" not in row]
    done = 0
    for row in rows:
        assert sm3(octets(row["Input"])) == bytes.fromhex(row["Output"])
        done += 1
    assert done >= 5


def test_published_macs() -> None:
    rows = [row for row in blocks("evpmac_sm3.txt") if row.get("MAC") == "HMAC"]
    assert rows
    for row in rows:
        assert hmac_sm3(octets(row["Key"]), octets(row["Input"])) == bytes.fromhex(row["Output"])


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_parts_and_object_agree(parts: list[bytes]) -> None:
    whole = Sm3()
    for part in parts:
        whole.update(part)
    assert whole.digest() == sm3(*parts) == sm3(b"".join(parts))


@given(st.integers(1, 200))
def test_derivation_is_a_prefix_of_a_longer_one(length: int) -> None:
    assert derive(b"secret", 200).startswith(derive(b"secret", length))
