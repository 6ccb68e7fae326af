"""Precomputed tables: ``k`` times a fixed point by additions alone.

A certification authority's key checks thousands of certificates; with a table of its multiples a check needs no
doubling. Digits are signed, so a table of ``2^(w-1)`` points serves a window of ``w`` bits. Public values only,
or blinded ones: the time depends on the scalar.
"""

from __future__ import annotations

from functools import cache

from trust.crypto.curve import GX, GY, Affine, N, P
from trust.crypto.jacobian import INFINITY, Jacobian, add_affine, all_affine, double, to_affine

GENERATOR_WINDOW = 11
KEY_WINDOW = 10
BITS = 257


class FixedPoint:
    """Tables of multiples of one point; ``plus`` adds a multiple to a running sum."""

    __slots__ = ("_half", "_mask", "_tables", "width")

    def __init__(self, point: Affine, width: int) -> None:
        self.width = width
        self._half = 1 << (width - 1)
        self._mask = (1 << width) - 1
        self._tables = _tables(point, width)

    def plus(self, total: Jacobian, scalar: int) -> Jacobian:
        """``total`` plus ``scalar`` times the point, 0 <= scalar < 2^256."""
        x1, y1, z1 = total
        width, half, mask = self.width, self._half, self._mask
        for table in self._tables:
            if not scalar:
                break
            digit = scalar & mask
            scalar >>= width
            if not digit:
                continue
            if digit > half:
                scalar += 1
                x2, y2 = table[mask - digit]
                y2 = P - y2
            else:
                x2, y2 = table[digit - 1]
            zz = z1 * z1 % P
            h = (x2 * zz - x1) % P
            r = (y2 * zz * z1 - y1) % P
            if not h or not z1:
                x1, y1, z1 = add_affine((x1, y1, z1), (x2, y2))
                continue
            hh = h * h % P
            v = x1 * hh % P
            hhh = h * hh % P
            x1 = (r * r - hhh - 2 * v) % P
            y1 = (r * (v - x1) - y1 * hhh) % P
            z1 = z1 * h % P
        return x1, y1, z1


def _tables(point: Affine, width: int) -> list[list[Affine]]:
    start, tables = point, []
    for _ in range((BITS + width - 1) // width):
        multiples = _multiples(start, 1 << (width - 1))
        tables.append(multiples)
        start = to_affine(double((*multiples[-1], 1)))
    return tables


def _multiples(point: Affine, count: int) -> list[Affine]:
    points: list[Jacobian] = [(*point, 1)]
    for _ in range(count - 1):
        points.append(add_affine(points[-1], point))
    return all_affine(points)


@cache
def generator() -> FixedPoint:
    """The table of the generator, made once for the process."""
    return FixedPoint((GX, GY), GENERATOR_WINDOW)


def verify_digest(digest: int, r: int, s: int, key: FixedPoint, base: FixedPoint | None = None) -> bool:
    """GB/T 32918.2 clause 7.1 for r, s already in range: does (r, s) sign the digest under the key of the table?
    ``base`` is a table of the generator other than the large one.

    The x coordinate is compared without leaving Jacobian coordinates, which saves the inversion.
    """
    t = (r + s) % N
    if not t:
        return False
    x, _, z = key.plus((base or generator()).plus(INFINITY, s), t)
    return x_matches(x, z, (r - digest) % N)


def x_matches(x: int, z: int, expected: int) -> bool:
    """Is the affine x coordinate of (x, z) equal to ``expected`` modulo the order?"""
    if not z:
        return False
    zz = z * z % P
    if (expected * zz - x) % P == 0:
        return True
    return expected + N < P and ((expected + N) * zz - x) % P == 0
