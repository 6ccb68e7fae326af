"""Checks of single values: numbers with check digits, codes, addresses, ports."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from infra import checkdigits
from ops.rulepacks import shipped_packs

Check = Callable[[Any], bool]
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SEPARATORS = re.compile(r"[,;，；、\s]+")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9\u4e00-\u9fff-]{1,63}(?<!-)")
_PHONE = re.compile(r"(\+86[- ]?)?(0\d{2,3}[- ]?)?\d{7,8}([-转 ]\d{1,6})?|1\d{10}|[48]00-?\d{3}-?\d{4}|1\d{4}")
NONE_WORDS = frozenset({"无", "none"})


def credit_code(text: str) -> bool:
    """Unified social credit code: check character mod 31 (GB 32100-2015), its organisation part mod 11 (GB 11714)."""
    return checkdigits.credit_code(text) and _organisation(text[8:17]) and _registered(text[2:4])


def _registered(digits: str) -> bool:
    return digits in provinces() or digits == "10"


def _organisation(text: str) -> bool:
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(_ORGANISATION.index(char) * weight for char, weight in zip(text, weights, strict=False))
    return "0123456789X"[-total % 11] == text[8]


@cache
def provinces() -> dict[str, str]:
    """Province names by their two digits (GB/T 2260)."""
    return dict(shipped_packs().versions("regions")[-1].content["provinces"])


def region_code(text: str) -> bool:
    """Six digits of GB/T 2260; the first two name a province."""
    return bool(re.fullmatch(r"\d{6}", text)) and text[:2] in provinces()


def postcode(text: str) -> bool:
    """Six digits."""
    return bool(re.fullmatch(r"\d{6}", text))


def phone(text: str) -> bool:
    """Fixed or service number with optional area code and extension."""
    return bool(_PHONE.fullmatch(text))


def mobile(text: str) -> bool:
    """Eleven digits of a mobile number."""
    return bool(re.fullmatch(r"(\+?86[- ]?)?1[3-9]\d{9}", text))


def email(text: str) -> bool:
    """One address with a domain name."""
    local, at, domain = text.rpartition("@")
    return bool(at and re.fullmatch(r"[^\s@,;<>()\"]{1,64}", local)) and _domain(domain)


def _domain(text: str) -> bool:
    labels = text.rstrip(".").split(".")
    return len(text) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)


def domains(text: str) -> bool:
    """One or more domain names, separated by commas or blanks."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    return bool(parts) and all(_domain(part.removeprefix("*.")) for part in parts)


def ip_ranges(text: str) -> bool:
    """IPv4 or IPv6 addresses, CIDR networks or ranges ``first-last``."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    return bool(parts) and all(_ip_range(part) for part in parts)


def _ip_range(text: str) -> bool:
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(part.strip()) for part in text.split("-", 1))
            return first.version == last.version and int(first) <= int(last)
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def addresses_or_none(text: str) -> bool:
    """Internet addresses (IP or domain), or the word 无."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    return text in NONE_WORDS or (bool(parts) and all(_ip_range(part) or _domain(part) for part in parts))


def ports(text: str) -> bool:
    """``protocol/port`` pairs such as ``HTTPS/443``; a range is ``TCP/8000-8010``."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    return bool(parts) and all(_port(part) for part in parts)


def _port(text: str) -> bool:
    match = re.fullmatch(r"[A-Za-z][A-Za-z0-9.+-]{0,31}[/:](\d{1,5})(?:-(\d{1,5}))?", text)
    if not match:
        return False
    first, last = int(match[1]), int(match[2] or match[1])
    return 1 <= first <= last <= 65_535


def filing_number(text: str) -> bool:
    """Number of a filing certificate: 6 digits agency, 5 digits unit, dash, 5 digits object."""
    return bool(re.fullmatch(r"\d{11}-\d{5}", text))


def count(number: float) -> bool:
    """A whole number, 0 or more."""
    return isinstance(number, int) and number >= 0


CHECKS: dict[str, Check] = {
    "credit_code": credit_code,
    "region_code": region_code,
    "postcode": postcode,
    "phone": phone,
    "mobile": mobile,
    "email": email,
    "domains": domains,
    "ip_ranges": ip_ranges,
    "addresses_or_none": addresses_or_none,
    "ports": ports,
    "filing_number": filing_number,
    "count": count,
    "count_from_two": lambda number: count(number) and number >= 2,
    "positive": lambda number: number > 0,
    "not_negative": lambda number: number >= 0,
}
