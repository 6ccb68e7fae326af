"""Request bodies unpacked with a bound: a compressed bomb ends at the limit, not in memory."""

from __future__ import annotations

import zlib

import zstandard

from infra.errors import AppError, ErrorKind

_CHUNK = 1 << 20


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """``body`` as it was before ``Content-Encoding: encoding``, at most ``limit`` bytes.

    Knows identity, gzip, deflate (zlib or raw) and zstd, and lists of them. ``AppError``: TOO_LARGE beyond the limit,
    INVALID on a broken stream or an unknown encoding.
    """
    for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
        body = _one(body, name, limit)
    if len(body) > limit:
        raise too_large(limit)
    return body


def too_large(limit: int) -> AppError:
    """The error for a body beyond ``limit`` bytes."""
    return AppError(ErrorKind.TOO_LARGE, "collectors.body_too_large", limit_mib=max(1, limit >> 20))


def _one(body: bytes, name: str, limit: int) -> bytes:
    if name in ("identity", ""):
        return body
    try:
        if name in ("gzip", "x-gzip"):
            return _inflate(body, 31, limit)
        if name == "deflate":
            return _inflate(body, 15 if body[:1] and body[0] & 0x0F == 8 else -15, limit)
        if name == "zstd":
            return _unzstd(body, limit)
    except (zlib.error, zstandard.ZstdError):
        raise AppError(ErrorKind.INVALID, "collectors.body_broken", encoding=name) from None
    raise AppError(ErrorKind.INVALID, "collectors.encoding_unknown", encoding=name[:32])


def _inflate(body: bytes, wbits: int, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest:
        stream = zlib.decompressobj(wbits)
        while not stream.eof:
            part = stream.decompress(rest, _CHUNK)
            rest = stream.unconsumed_tail
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            if not rest and not stream.eof and len(part) < _CHUNK:
                raise zlib.error("incomplete stream")
        rest = stream.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(body, read_across_frames=True)
    parts: list[bytes] = []
    size = 0
    while part := reader.read(_CHUNK):
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
    if body and not parts:
        raise zstandard.ZstdError("incomplete stream")
    return b"".join(parts)
