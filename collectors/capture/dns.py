"""DNS messages (RFC 1035): the question and what was answered."""

from __future__ import annotations

import struct
from typing import Any

from collectors.capture.flow import text_address

TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR", 43: "DS",
    48: "DNSKEY", 10: "NULL", 64: "SVCB", 65: "HTTPS", 255: "ANY", 252: "AXFR", 251: "IXFR", 257: "CAA",
}  # fmt: skip
CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
SECOND_LEVEL = {"ac", "co", "com", "edu", "gov", "mil", "net", "org", "or", "ne", "go"}
LONGEST = 255
MOST_ANSWERS = 40


def message(data: bytes) -> dict[str, Any] | None:
    """The fields of a message, None where it is none. Names are lower case, without the last dot."""
    if len(data) < 17:
        return None
    identity, flags, questions, answers = struct.unpack_from("!HHHH", data)
    if questions != 1 or (flags >> 11 & 15) > 5:
        return None
    name, at = _name(data, 12)
    if name is None or at + 4 > len(data):
        return None
    kind, _ = struct.unpack_from("!HH", data, at)
    reply = bool(flags & 0x8000)
    found: dict[str, Any] = {
        "dns.id": str(identity),
        "dns.type": "answer" if reply else "query",
        "dns.question.name": name,
        "dns.question.type": TYPES.get(kind, f"TYPE{kind}"),
    }
    if domain := registered(name):
        found["dns.question.registered_domain"] = domain
    if reply:
        code = flags & 15
        found["dns.response_code"] = CODES[code] if code < len(CODES) else f"RCODE{code}"
        found |= _answers(data, at + 4, min(answers, MOST_ANSWERS))
    return found


def registered(name: str) -> str:
    """The registered domain of a name: its last two labels, three below the second level of a country.

    "" where the name is not that long. Stands for the public suffix list, which an offline site could not keep fresh.
    """
    labels = name.split(".")
    wanted = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SECOND_LEVEL else 2
    return ".".join(labels[-wanted:]) if len(labels) >= wanted and all(labels) else ""


def _answers(data: bytes, at: int, count: int) -> dict[str, Any]:
    texts: list[str] = []
    addresses: list[str] = []
    for _ in range(count):
        name, at = _name(data, at)
        if name is None or at + 10 > len(data):
            break
        kind, _, _, size = struct.unpack_from("!HHIH", data, at)
        at += 10
        body = data[at : at + size]
        if (kind, size) in ((1, 4), (28, 16)) and len(body) == size:
            addresses.append(text_address(body))
            texts.append(addresses[-1])
        elif kind in (2, 5, 12):
            target, _ = _name(data, at)
            texts.append(target or "")
        at += size
    found: dict[str, Any] = {}
    if texts:
        found["dns.answers"] = [{"data": text} for text in texts]
    if addresses:
        found["dns.resolved_ip"] = addresses
    return found


def _name(data: bytes, at: int) -> tuple[str | None, int]:
    """The name at ``at`` and the offset behind it; None where it is malformed (loops end by a budget)."""
    labels: list[str] = []
    end, length = -1, 0
    for _ in range(128):
        if at >= len(data):
            return None, at
        size = data[at]
        if size & 0xC0 == 0xC0:
            if at + 1 >= len(data):
                return None, at
            end = at + 2 if end < 0 else end
            at = (size & 0x3F) << 8 | data[at + 1]
        elif size & 0xC0:
            return None, at
        elif size == 0:
            return ".".join(labels), end if end >= 0 else at + 1
        else:
            length += size + 1
            if length > LONGEST:
                return None, at
            labels.append(data[at + 1 : at + 1 + size].decode("ascii", "backslashreplace").lower())
            at += size + 1
    return None, at
