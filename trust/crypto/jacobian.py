"""Arithmetic on the SM2 curve in plain Python, Jacobian coordinates (X/Z^2, Y/Z^3).

Not constant in time: for public values, and for private ones only blinded (``trust.crypto.pure``).
Formulas: EFD, shortw/jacobian-3 dbl-2001-b and madd-2007-bl style mixed addition.
"""

from __future__ import annotations

from trust.crypto.curve import Affine, P

Jacobian = tuple[int, int, int]
INFINITY: Jacobian = (1, 1, 0)


def double(point: Jacobian) -> Jacobian:
    """Twice the point."""
    x, y, z = point
    if not z or not y:
        return INFINITY
    delta = z * z % P
    gamma = y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    new_x = (alpha * alpha - 8 * beta) % P
    return new_x, (alpha * (4 * beta - new_x) - 8 * gamma * gamma) % P, 2 * y * z % P


def add_affine(point: Jacobian, other: Affine) -> Jacobian:
    """The sum of a point and an affine point."""
    x1, y1, z1 = point
    x2, y2 = other
    if not z1:
        return x2, y2, 1
    zz = z1 * z1 % P
    h = (x2 * zz - x1) % P
    r = (y2 * zz * z1 - y1) % P
    if not h:
        return INFINITY if r else double(point)
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P


def add(point: Jacobian, other: Jacobian) -> Jacobian:
    """The sum of two points."""
    if not other[2]:
        return point
    if not point[2]:
        return other
    return add_affine(point, to_affine(other))


def to_affine(point: Jacobian) -> Affine:
    """Affine coordinates; the caller makes sure that it is not the point at infinity."""
    x, y, z = point
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P


def all_affine(points: list[Jacobian]) -> list[Affine]:
    """Affine coordinates of many finite points with a single inversion (Montgomery's trick)."""
    products, running = [], 1
    for point in points:
        products.append(running)
        running = running * point[2] % P
    inverse = pow(running, -1, P)
    found: list[Affine] = []
    for (x, y, z), before in zip(reversed(points), reversed(products), strict=True):
        own = inverse * before % P
        inverse = inverse * z % P
        square = own * own % P
        found.append((x * square % P, y * square * own % P))
    found.reverse()
    return found


def multiply(scalar: int, point: Affine) -> Jacobian:
    """``scalar`` times the point by a width-5 non-adjacent form; variable time."""
    odd = _odd_multiples(point)
    result = INFINITY
    for doublings, digit in _naf(scalar):
        if digit > 0:
            result = add_affine(result, odd[digit >> 1])
        else:
            x, y = odd[-digit >> 1]
            result = add_affine(result, (x, P - y))
        result = _double_often(result, doublings)
    return result


def _double_often(point: Jacobian, times: int) -> Jacobian:
    x, y, z = point
    for _ in range(times):
        zz = z * z % P
        yy = y * y % P
        beta = 4 * x * yy % P
        alpha = 3 * (x - zz) * (x + zz) % P
        z = 2 * y * z % P
        x = (alpha * alpha - 2 * beta) % P
        y = (alpha * (beta - x) - 8 * yy * yy) % P
    return x, y, z


def _odd_multiples(point: Affine) -> list[Affine]:
    twice = to_affine(double((*point, 1)))
    points: list[Jacobian] = [(*point, 1)]
    for _ in range(7):
        points.append(add_affine(points[-1], twice))
    return all_affine(points)


def _naf(scalar: int) -> list[tuple[int, int]]:
    """Digits, highest first, each with the number of doublings that follow it."""
    digits, shift = [], 0
    while scalar:
        zeros = (scalar & -scalar).bit_length() - 1
        scalar >>= zeros
        shift += zeros
        digit = scalar & 31
        digit = digit - 32 if digit > 15 else digit
        scalar -= digit
        digits.append((shift, digit))
    positions = [0, *(at for at, _ in digits)]
    pairs = [(at - (positions[i] if i else 0), digit) for i, (at, digit) in enumerate(digits)]
    pairs.reverse()
    return pairs
