"""The SM2 curve: its numbers, and what makes a pair of numbers a point on it.

Source: GB/T 32918.5-2017 (recommended parameters), object identifier 1.2.156.10197.1.301.
"""

from __future__ import annotations

from infra.errors import AppError, ErrorKind

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
SIZE = 32
CURVE_OID = "1.2.156.10197.1.301"
DEFAULT_ID = b"1234567812345678"
MAX_ID = 8191
"""Longest user id: its length in bits must fit ENTL, two octets."""

Affine = tuple[int, int]


def on_curve(x: int, y: int) -> bool:
    """Is (x, y) a finite point of the curve, both coordinates reduced?"""
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x * x + A * x + B)) % P == 0


def decode_point(data: bytes) -> Affine:
    """The point of an octet string, uncompressed (65 octets) or compressed (33); else ``AppError(INVALID)``."""
    if len(data) == 2 * SIZE + 1 and data[0] == 4:
        x, y = int.from_bytes(data[1 : SIZE + 1], "big"), int.from_bytes(data[SIZE + 1 :], "big")
    elif len(data) == SIZE + 1 and data[0] in (2, 3):
        x, y = _decompress(data)
    else:
        raise AppError(ErrorKind.INVALID, "trust.crypto.point_malformed", length=len(data))
    if not on_curve(x, y):
        raise AppError(ErrorKind.INVALID, "trust.crypto.point_off_curve")
    return x, y


def _decompress(data: bytes) -> Affine:
    x = int.from_bytes(data[1:], "big")
    y = pow((x * x * x + A * x + B) % P, (P + 1) // 4, P)
    return x, P - y if y % 2 != data[0] % 2 else y


def encode_point(x: int, y: int) -> bytes:
    """The uncompressed octet string of a point, 65 octets."""
    return b"\x04" + x.to_bytes(SIZE, "big") + y.to_bytes(SIZE, "big")
