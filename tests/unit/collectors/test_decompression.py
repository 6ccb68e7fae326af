"""Unpacking with a bound."""

from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard

from collectors.receivers.decompression import decompress
from infra.errors import AppError, ErrorKind

TEXT = b'{"index":{}}\n{"message":"\xe8\x8d\xaf"}\n' * 1_000
PACKED = {
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "identity": TEXT,
    "": TEXT,
    "gzip, zstd": zstandard.compress(gzip.compress(TEXT)),
}


@pytest.mark.parametrize("encoding", PACKED)
def test_what_was_packed_comes_back(encoding: str) -> None:
    assert decompress(PACKED[encoding], encoding, 1 << 20) == TEXT


def test_raw_deflate_as_some_clients_send_it() -> None:
    packer = zlib.compressobj(wbits=-15)
    assert decompress(packer.compress(TEXT) + packer.flush(), "deflate", 1 << 20) == TEXT


def test_gzip_members_one_after_the_other() -> None:
    assert decompress(gzip.compress(b"one") + gzip.compress(b"two"), "gzip", 100) == b"onetwo"


@pytest.mark.parametrize(
    "packed", [("gzip", gzip.compress(b"\0" * 50_000_000)), ("zstd", zstandard.compress(b"\0" * 50_000_000))]
)
def test_a_bomb_ends_at_the_limit(packed: tuple[str, bytes]) -> None:
    with pytest.raises(AppError) as caught:
        decompress(packed[1], packed[0], 1 << 20)
    assert caught.value.kind is ErrorKind.TOO_LARGE


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize("cut", [1, 10, -5])
def test_a_broken_stream_is_invalid(encoding: str, cut: int) -> None:
    broken = PACKED[encoding][:cut] if cut > 0 else b"x" + PACKED[encoding]
    with pytest.raises(AppError) as caught:
        decompress(broken, encoding, 1 << 20)
    assert caught.value.kind is ErrorKind.INVALID


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(AppError) as caught:
        decompress(b"x", "br", 100)
    assert caught.value.kind is ErrorKind.INVALID
    assert "br" in str(caught.value)
