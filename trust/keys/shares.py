"""A secret split so that m of n people can put it together and m-1 learn nothing (Shamir 1979, over GF(2^8)).

Each share is text for paper: set id, number, threshold, data, check. A mistyped share, a share of another set, or a
forged one is refused and named; it never spoils the secret in silence.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass

from infra.errors import AppError, ErrorKind

MAX_SHARES = 32
_PREFIX = "YD1"
_CHECK = 4
_SET = 4
_DIGEST = 8


def _tables() -> tuple[list[int], list[int]]:
    exponents, logarithms, value = [0] * 510, [0] * 256, 1
    for power in range(255):
        exponents[power] = exponents[power + 255] = value
        logarithms[value] = power
        value ^= value << 1
        if value & 0x100:
            value ^= 0x11B
    return exponents, logarithms


_EXP, _LOG = _tables()


def _multiply(a: int, b: int) -> int:
    return _EXP[_LOG[a] + _LOG[b]] if a and b else 0


def _divide(a: int, b: int) -> int:
    return _EXP[_LOG[a] - _LOG[b] + 255] if a else 0


@dataclass(frozen=True, slots=True)
class Share:
    """One person's part. ``set_id`` binds the shares of one splitting."""

    set_id: bytes
    number: int
    threshold: int
    data: bytes

    def __repr__(self) -> str:
        return f"Share(set={self.set_id.hex()}, number={self.number}, threshold={self.threshold})"

    @property
    def text(self) -> str:
        """The share for paper, in groups of five characters."""
        body = self.set_id + bytes((self.number, self.threshold)) + self.data
        check = hashlib.sha256(b"yaodun share" + body).digest()[:_CHECK]
        digits = base64.b32encode(body + check).decode().rstrip("=")
        return "-".join([_PREFIX, *(digits[at : at + 5] for at in range(0, len(digits), 5))])


def split(secret: bytes, threshold: int, count: int) -> list[Share]:
    """``count`` shares of which any ``threshold`` give ``secret`` back."""
    if not 1 <= threshold <= count <= MAX_SHARES or not secret:
        raise AppError(ErrorKind.INVALID, "trust.keys.share_numbers", limit=MAX_SHARES)
    sealed = secret + hashlib.sha256(b"yaodun secret" + secret).digest()[:_DIGEST]
    set_id = secrets.token_bytes(_SET)
    rows = [[octet, *secrets.token_bytes(threshold - 1)] for octet in sealed]
    return [
        Share(set_id, number, threshold, bytes(_value(row, number) for row in rows)) for number in range(1, count + 1)
    ]


def _value(coefficients: list[int], x: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = _multiply(value, x) ^ coefficient
    return value


def read_share(text: str) -> Share:
    """The share of its text, spaces and case forgiven; ``AppError(INVALID)`` where mistyped."""
    digits = "".join(text.upper().replace("-", "").split())
    if not digits.startswith(_PREFIX):
        raise AppError(ErrorKind.INVALID, "trust.keys.share_mistyped")
    digits = digits[len(_PREFIX) :]
    try:
        data = base64.b32decode(digits + "=" * (-len(digits) % 8))
    except binascii.Error:
        raise AppError(ErrorKind.INVALID, "trust.keys.share_mistyped") from None
    body, check = data[:-_CHECK], data[-_CHECK:]
    if len(body) < _SET + 3 or hashlib.sha256(b"yaodun share" + body).digest()[:_CHECK] != check:
        raise AppError(ErrorKind.INVALID, "trust.keys.share_mistyped")
    return Share(body[:_SET], body[_SET], body[_SET + 1], body[_SET + 2 :])


def join(shares: list[Share]) -> bytes:
    """The secret of enough shares of one set; ``AppError`` where too few, mixed or forged."""
    distinct = {share.number: share for share in shares}
    first = shares[0] if shares else None
    if first is None or len(distinct) < first.threshold:
        raise AppError(ErrorKind.INVALID, "trust.keys.shares_too_few", have=len(distinct))
    if any(
        (share.set_id, share.threshold, len(share.data)) != (first.set_id, first.threshold, len(first.data))
        for share in shares
    ):
        raise AppError(ErrorKind.INVALID, "trust.keys.shares_mixed")
    chosen = list(distinct.values())[: first.threshold]
    sealed = bytes(_at_zero([(share.number, share.data[at]) for share in chosen]) for at in range(len(first.data)))
    secret, digest = sealed[:-_DIGEST], sealed[-_DIGEST:]
    if hashlib.sha256(b"yaodun secret" + secret).digest()[:_DIGEST] != digest:
        raise AppError(ErrorKind.INVALID, "trust.keys.shares_forged")
    return secret


def _at_zero(points: list[tuple[int, int]]) -> int:
    total = 0
    for x, y in points:
        weight = 1
        for other, _ in points:
            if other != x:
                weight = _multiply(weight, _divide(other, other ^ x))
        total ^= _multiply(weight, y)
    return total
