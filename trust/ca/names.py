"""Names as people write them, into DER: subjects (``CN=..., O=..., C=CN``) and alternative names."""

from __future__ import annotations

import ipaddress
import re

from infra.errors import AppError, ErrorKind
from trust.crypto.der import tlv
from trust.validation.general import dns_labels, mailbox, wildcard_base

_OIDS = {
    "CN": "550403",
    "C": "550406",
    "L": "550407",
    "ST": "550408",
    "O": "55040a",
    "OU": "55040b",
    "SN": "550404",
    "GN": "55042a",
    "TITLE": "55040c",
    "SERIALNUMBER": "550405",
    "EMAILADDRESS": "2a864886f70d010901",
    "UID": "0992268993f22c640101",
    "DC": "0992268993f22c640119",
}
_MAX_VALUE = 256
_MAX_NAMES = 200
_TAGS = {"mail": 0x81, "dns": 0x82, "uri": 0x86, "ip": 0x87}


def _bad(text: str) -> AppError:
    return AppError(ErrorKind.INVALID, "trust.ca.bad_name", name=text[:80])


def parse_subject(text: str) -> list[tuple[str, str]]:
    """Type and value pairs in the order written; a comma inside a value is written ``\\,``."""
    pairs = []
    for part in re.split(r"(?<!\\),", text):
        kind, equals, value = part.strip().partition("=")
        value = value.strip().replace("\\,", ",")
        if not equals or kind.upper() not in _OIDS or not 0 < len(value) <= _MAX_VALUE or "\x00" in value:
            raise _bad(part)
        if kind.upper() == "C" and not re.fullmatch(r"[A-Z]{2}", value):
            raise _bad(part)
        pairs.append((kind.upper(), value))
    return pairs


def subject_der(text: str) -> bytes:
    """DER of a subject. People write the most specific part first; the encoding starts with the least specific."""
    return tlv(0x30, b"".join(_rdn(kind, value) for kind, value in reversed(parse_subject(text))))


def _rdn(kind: str, value: str) -> bytes:
    tag = 19 if kind in ("C", "SERIALNUMBER") and value.isascii() else 22 if kind in ("EMAILADDRESS", "DC") else 12
    try:
        content = value.encode("ascii" if tag in (19, 22) else "utf-8")
    except UnicodeEncodeError:
        raise _bad(value) from None
    return tlv(0x31, tlv(0x30, tlv(6, bytes.fromhex(_OIDS[kind])) + tlv(tag, content)))


def alternative_names(names: list[str], allowed: tuple[str, ...]) -> bytes:
    """DER of ``GeneralNames``; each name's form is found from how it is written and must be among ``allowed``."""
    if len(names) > _MAX_NAMES:
        raise _bad(f"{len(names)} names")
    return tlv(0x30, b"".join(_general_name(name, allowed) for name in names))


def form_of(name: str) -> str:
    """``ip``, ``mail``, ``uri`` or ``dns``."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if "://" in name or name.startswith("urn:"):
            return "uri"
        return "mail" if "@" in name else "dns"
    return "ip"


def _general_name(name: str, allowed: tuple[str, ...]) -> bytes:
    form = form_of(name)
    sound = {
        "ip": True,
        "uri": name.isascii() and " " not in name,
        "mail": mailbox(name) is not None,
        "dns": dns_labels(name) is not None or len(wildcard_base(name) or []) > 1,
    }[form]
    if form not in allowed or not sound:
        raise _bad(name)
    content = ipaddress.ip_address(name).packed if form == "ip" else name.encode("ascii")
    return tlv(_TAGS[form], content)
