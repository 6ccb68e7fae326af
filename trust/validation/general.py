"""General names: what a subject alternative name or a name constraint holds, kept as octets and judged strictly."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import IntEnum

from infra.errors import AppError
from trust.crypto.der import read_tlv
from trust.validation.name import Name, read_name


class Form(IntEnum):
    """Forms of a general name; the number is the context tag of RFC 5280 clause 4.2.1.6."""

    OTHER = 0
    EMAIL = 1
    DNS = 2
    X400 = 3
    DIRECTORY = 4
    EDI = 5
    URI = 6
    IP = 7
    REGISTERED = 8


@dataclass(frozen=True, slots=True)
class GeneralName:
    """One name: its form, content octets, text (empty where it has none), and the directory name if it is one."""

    form: Form
    content: bytes
    text: str = ""
    directory: Name | None = None

    def __str__(self) -> str:
        if self.directory is not None:
            return self.directory.text
        if self.form is Form.IP and len(self.content) in (4, 16):
            return str(ipaddress.ip_address(self.content))
        return self.text or self.content.hex()


_TEXT_FORMS = (Form.EMAIL, Form.DNS, Form.URI)
_PRIMITIVE = {Form.EMAIL, Form.DNS, Form.URI, Form.IP, Form.REGISTERED}
MAX_NAMES = 20_000


def read_general_names(der: bytes, at: int, stop: int) -> tuple[GeneralName, ...]:
    """The names between ``at`` and ``stop``; ``ValueError`` or ``AppError`` where malformed."""
    names = []
    while at < stop:
        name, at = read_general_name(der, at, stop)
        names.append(name)
        if len(names) > MAX_NAMES:
            raise ValueError("too many names")
    return tuple(names)


def read_general_name(der: bytes, at: int, stop: int) -> tuple[GeneralName, int]:
    """One general name and where it ends."""
    tag, begin, end = read_tlv(der, at, stop)
    if tag & 0xC0 != 0x80 or tag & 0x1F > 8:
        raise ValueError("general name")
    form, content = Form(tag & 0x1F), der[begin:end]
    if bool(tag & 0x20) is (form in _PRIMITIVE):
        raise ValueError("general name")
    if form in _TEXT_FORMS:
        return GeneralName(form, content, content.decode("ascii")), end
    if form is Form.DIRECTORY:
        return GeneralName(form, content, "", read_name(content)), end
    return GeneralName(form, content), end


_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)\Z")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}\Z")


def dns_labels(text: str) -> list[str] | None:
    """Lower-case labels of a host name in preferred syntax, None where it is none (RFC 1034 clause 3.5, RFC 1123)."""
    if not text or len(text) > 253:
        return None
    labels = text.lower().split(".")
    return labels if all(_LABEL.match(label) for label in labels) else None


def wildcard_base(text: str) -> list[str] | None:
    """Labels behind ``*.`` of a wildcard name, None where it is no well-formed wildcard (RFC 6125 clause 6.4.3)."""
    return dns_labels(text[2:]) if text.startswith("*.") else None


def mailbox(text: str) -> tuple[str, list[str]] | None:
    """Local part and host labels of a mailbox, None where malformed."""
    local, at, host = text.rpartition("@")
    labels = dns_labels(host)
    return (local, labels) if at and labels and _LOCAL.match(local) and _dots_sound(local) else None


def _dots_sound(local: str) -> bool:
    return not local.startswith(".") and not local.endswith(".") and ".." not in local


def uri_host(text: str) -> str | None:
    """The host of a URI, None where it has none."""
    match = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)", text)
    return match.group(1).lower() if match and match.group(1) else None


def looks_like_ip(text: str) -> bool:
    """Is a host name really an address written as one?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def malformed(name: GeneralName, wildcard: bool = True) -> bool:
    """Does the name break the syntax of its form?"""
    match name.form:
        case Form.DNS:
            bare = dns_labels(name.text)
            sound = bare is not None and not looks_like_ip(name.text)
            return not (sound or (wildcard and wildcard_base(name.text) is not None))
        case Form.EMAIL:
            return mailbox(name.text) is None
        case Form.IP:
            return len(name.content) not in (4, 16)
        case Form.URI:
            return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:.", name.text) is None
    return False


def safe_general_names(der: bytes) -> tuple[GeneralName, ...] | None:
    """The names of a DER ``GeneralNames``, None where malformed."""
    try:
        tag, start, stop = read_tlv(der, 0, len(der))
        return read_general_names(der, start, stop) if tag == 0x30 and stop == len(der) else None
    except (AppError, ValueError):
        return None
