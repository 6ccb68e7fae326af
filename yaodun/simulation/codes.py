"""Minting codes: the 20-digit trace code, GS1 element strings, a holder's own numbers, and e-licence numbers."""

from __future__ import annotations

from infra.events.business import Scheme

_CIPHER_STEP, _CIPHER_SALT = 7_368_787, 1_299_709
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LICENCE_ROOT = "1.2.156.3005.2"


class Mint:
    """Mints the codes of one product; no serial number comes twice."""

    def __init__(self, scheme: Scheme, number: int) -> None:
        self.scheme = scheme
        self._number = number
        self._serial = 1_000_000 + number * 977
        self.prefixes = tuple(f"8{level}{10_000 + number * 37:05d}" for level in (1, 2, 3))
        self.gtins = tuple(_gtin(f"{indicator}6901234{number:05d}") for indicator in (0, 1, 3))
        self.pattern = rf"Z{number:03d}[UBC]\d{{10}}"

    def codes(self, level: int, count: int) -> list[str]:
        """``count`` codes of ``level`` (1 each, 2 box, 3 case) with serial numbers in a row."""
        start = self._serial
        self._serial += count
        return [self._code(level, serial) for serial in range(start, start + count)]

    def _code(self, level: int, serial: int) -> str:
        if self.scheme is Scheme.TRACE20:
            cipher = (serial * _CIPHER_STEP + self._number * _CIPHER_SALT) % 9_973
            return f"{self.prefixes[level - 1]}{serial:09d}{cipher:04d}"
        if self.scheme is Scheme.GS1:
            return f"(01){self.gtins[level - 1]}(21){serial:010d}"
        return f"Z{self._number:03d}{'UBC'[level - 1]}{serial:010d}"


def _gtin(body: str) -> str:
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return body + str(-weighted % 10)


def check_character(text: str) -> str:
    """The check character of ISO 7064 Mod 37,36."""
    state = 36
    for letter in text:
        state = (state + _LETTERS.index(letter)) % 36 or 36
        state = state * 2 % 37
    return _LETTERS[(37 - state) % 36]


def licence_number(kind: str, issuer: str, serial: str, version: int) -> str:
    """An e-licence number with its check character (GB/T 36904)."""
    tail = f"{version:03d}"
    return f"{LICENCE_ROOT}.{kind}.{issuer}.{serial}.{tail}.{check_character(kind + issuer + serial + tail)}"
