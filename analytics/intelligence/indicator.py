"""An indicator: a value that is known to be bad, and how its value is written so that equal ones are equal."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network

import msgspec

MOST_VALUE = 2_048


class IndicatorKind(StrEnum):
    """What the value is."""

    ADDRESS = "address"
    NETWORK = "network"
    DOMAIN = "domain"
    URL = "url"
    HASH = "hash"
    EMAIL = "email"
    JA4 = "ja4"


class ThreatIndicator(msgspec.Struct, frozen=True, kw_only=True):
    """``confidence`` 0 to 100 (STIX); ``until`` is when it stops to count; ``seen`` when this site first had it."""

    kind: IndicatorKind
    value: str
    source: str
    confidence: int
    since: datetime
    until: datetime
    name: str = ""
    seen: datetime | None = None


_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}")
_JA4 = re.compile(r"[tqd][0-9sd]{3}[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{3,253}")
_WRITTEN = (("hxxp", "http"), ("[.]", "."), ("(.)", "."), ("[:]", ":"), ("[@]", "@"))


def told(value: str) -> tuple[IndicatorKind, str] | None:
    """Kind and plain form of a value as feeds write it (defanged too); None where it is nothing known."""
    plain = value.strip().strip("\"'")
    if not plain or len(plain) > MOST_VALUE:
        return None
    for written, meant in _WRITTEN:
        plain = plain.replace(written, meant)
    if "://" in plain:
        return IndicatorKind.URL, plain.split("#", 1)[0]
    return _address(plain) or _worded(plain.lower().rstrip("."))


def _address(plain: str) -> tuple[IndicatorKind, str] | None:
    try:
        if "/" in plain:
            network = ip_network(plain, strict=False)
            if network.prefixlen < network.max_prefixlen:
                return IndicatorKind.NETWORK, str(network)
            return IndicatorKind.ADDRESS, str(network.network_address)
        return IndicatorKind.ADDRESS, str(ip_address(plain))
    except ValueError:
        return None


def _worded(plain: str) -> tuple[IndicatorKind, str] | None:
    for pattern, kind in (
        (_HASH, IndicatorKind.HASH), (_JA4, IndicatorKind.JA4), (_EMAIL, IndicatorKind.EMAIL),
        (_DOMAIN, IndicatorKind.DOMAIN),
    ):  # fmt: skip
        if pattern.fullmatch(plain):
            return kind, plain
    return None
