"""Information elements of NetFlow v9 and IPFIX: names, how their octets read, and the field each fills.

Numbers and names are IANA's IPFIX registry (v9 shares the numbers up to 127); the reverse elements are RFC 5103's.
``elements.csv`` is the list; what it does not know keeps its number as name and its octets as a number or hex.
"""

from __future__ import annotations

import csv
import socket
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

_NTP_EPOCH_S = 2_208_988_800
_PLAIN = {1: "B", 2: "H", 4: "I", 8: "Q"}
_SIGNED = {1: "b", 2: "h", 4: "i", 8: "q"}
_FLOATING = {4: "f", 8: "d"}
_WIDTH = {"ip4": 4, "ip6": 16, "mac": 6, "ntp": 8}
PADDING = "padding"
Convert = Callable[[Any], Any]


class Element(NamedTuple):
    """One element. ``field`` is an event field, a role of ours such as ``start.ms``, or '' where it fills none."""

    name: str
    kind: str
    field: str


class Reading(NamedTuple):
    """How a value of a given length is read: a ``struct`` code and what then makes a value of it (None: as it is)."""

    code: str
    convert: Convert | None
    kept: bool = True


@cache
def elements() -> dict[tuple[int, int], Element]:
    """Every known element by enterprise and number."""
    text = files(__package__).joinpath("elements.csv").read_text(encoding="ascii")
    return {
        (int(row["enterprise"]), int(row["id"])): Element(row["name"], row["kind"], row["field"])
        for row in csv.DictReader(text.splitlines())
    }


def element(enterprise: int, number: int) -> Element:
    """The element, or a nameless one."""
    known = elements().get((enterprise, number))
    return known or Element(f"{enterprise}.{number}" if enterprise else str(number), "unknown", "")


def reading(kind: str, length: int) -> Reading:
    """How ``length`` octets of ``kind`` are read; a length the kind cannot have gives hex."""
    if kind == PADDING:
        return Reading(f"{length}x", None, kept=False)
    if kind in ("unsigned", "unknown"):
        if code := _PLAIN.get(length):
            return Reading(code, None)
        return Reading(f"{length}s", from_octets if kind == "unsigned" else bytes.hex)
    if kind == "signed" and length in _SIGNED:
        return Reading(_SIGNED[length], None)
    if kind == "float" and length in _FLOATING:
        return Reading(_FLOATING[length], None)
    if kind == "text":
        return Reading(f"{length}s", to_text)
    fits = _WIDTH.get(kind) == length
    return Reading(f"{length}s", _CONVERT[kind] if fits else bytes.hex)


def from_octets(value: bytes) -> int:
    """A number in network order, at most 64 bits of it: events hold no longer ones."""
    return int.from_bytes(value[-8:], "big")


def to_text(value: bytes) -> str:
    """Text without the NULs that fill it."""
    return value.rstrip(b"\0").decode("utf-8", "replace")


@lru_cache(maxsize=65_536)
def to_ip4(value: bytes) -> str:
    """Dotted address."""
    return socket.inet_ntoa(value)


@lru_cache(maxsize=65_536)
def to_ip6(value: bytes) -> str:
    """Address after RFC 5952."""
    return socket.inet_ntop(socket.AF_INET6, value)


@lru_cache(maxsize=16_384)
def to_mac(value: bytes) -> str:
    """Address as ECS writes it (RFC 7042): capital, with hyphens."""
    return value.hex("-").upper()


def to_milliseconds(value: bytes) -> int:
    """Epoch milliseconds of an NTP time stamp."""
    seconds, fraction = int.from_bytes(value[:4], "big"), int.from_bytes(value[4:], "big")
    return (seconds - _NTP_EPOCH_S) * 1000 + (fraction * 1000 >> 32)


_CONVERT: dict[str, Convert] = {
    "ip4": to_ip4,
    "ip6": to_ip6,
    "mac": to_mac,
    "ntp": to_milliseconds,
    "octets": bytes.hex,
}
