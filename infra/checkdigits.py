"""Check characters of the numbers people and goods carry: is a number of this kind at all, or only of its shape?

Each function takes text without separators and answers whether its last character is the one the rest demands.
"""

from __future__ import annotations

_MIXED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_IDENTITY_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_LUHN_DOUBLE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def identity_number(text: str) -> bool:
    """Citizen identity number, 18 characters (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if len(text) != 18 or not _digits(text[:17]):
        return False
    total = sum(int(char) * weight for char, weight in zip(text, _IDENTITY_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == text[17].upper()


def credit_code(text: str) -> bool:
    """Unified social credit code, 18 characters, check character mod 31 (GB 32100-2015)."""
    if len(text) != 18 or any(char not in _CREDIT for char in text):
        return False
    total = sum(_CREDIT.index(char) * weight for char, weight in zip(text, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT[-total % 31] == text[17]


def luhn(text: str) -> bool:
    """Bank card numbers (ISO/IEC 7812-1 annex B)."""
    if len(text) < 2 or not _digits(text):
        return False
    plain = sum(int(char) for char in text[-1::-2])
    doubled = sum(_LUHN_DOUBLE[int(char)] for char in text[-2::-2])
    return (plain + doubled) % 10 == 0


def gs1(text: str) -> bool:
    """GTIN-8, -12, -13, -14 and SSCC-18 (GS1 General Specifications 7.9)."""
    if not _digits(text) or len(text) < 8:
        return False
    total = sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(text[::-1]))
    return total % 10 == 0


def mod_37_36(text: str) -> str:
    """The check character of ISO/IEC 7064 MOD 37,36 for ``text``; ``ValueError`` for a character it does not know."""
    product = 36
    for char in text:
        product = (product + _MIXED.index(char)) % 36 or 36
        product = product * 2 % 37
    return _MIXED[(37 - product) % 36]
