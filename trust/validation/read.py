"""Files people hand in: PEM or DER, one thing or many, sorted into what they are.

In: octets.  Out: ``Items``.  A file that is nothing known raises ``AppError(INVALID)`` naming it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.errors import AppError, ErrorKind
from trust.validation.certificate import Certificate, read_certificate
from trust.validation.cms import is_signed_message, read_message
from trust.validation.crl import Crl, read_crl
from trust.validation.ocsp import OcspResponse, read_ocsp

MAX_BLOCKS = 5000
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATE = {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}
_MESSAGE = {"PKCS7", "CMS", "PKCS #7 SIGNED DATA"}


@dataclass
class Items:
    """What was found, in the order it was found. ``raw`` holds what may be a bare signature.

    ``faults`` holds position and words of each PEM block that cannot be read.
    """

    certificates: list[Certificate] = field(default_factory=list)
    crls: list[Crl] = field(default_factory=list)
    responses: list[OcspResponse] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def first_fault(self) -> str:
        """Why the first thing of the file cannot be read, empty where it can."""
        return self.faults[0][1] if self.faults and self.faults[0][0] == 0 else ""


def read_items(data: bytes, place: str) -> Items:
    """Everything in one file."""
    items = Items()
    blocks = pem_blocks(data)
    if not blocks:
        _sort(_maybe_base64(data), items)
    for position, (label, der) in enumerate(blocks):
        try:
            _sort_labelled(label, der, items)
        except AppError as error:
            if error.kind is not ErrorKind.INVALID:
                raise
            items.faults.append((position, f"{place}: {error}"))
    return items


def pem_blocks(data: bytes) -> list[tuple[str, bytes]]:
    """Label and octets of each PEM block; blocks that are no base64 are skipped."""
    found = []
    for match in _BLOCK.finditer(data):
        lines = [line for line in match.group(2).split(b"\n") if b":" not in line]
        try:
            found.append((match.group(1).decode(), base64.b64decode(b"".join(lines), validate=False)))
        except binascii.Error:
            raise AppError(ErrorKind.INVALID, "trust.validation.unreadable", detail="PEM") from None
        if len(found) > MAX_BLOCKS:
            raise AppError(ErrorKind.TOO_LARGE, "trust.validation.too_large", limit=MAX_BLOCKS)
    return found


def _sort_labelled(label: str, der: bytes, items: Items) -> None:
    if label in _CERTIFICATE:
        items.certificates.append(read_certificate(der))
    elif label == "X509 CRL":
        items.crls.append(read_crl(der))
    elif label in _MESSAGE:
        items.messages.append(der)
    elif label == "OCSP RESPONSE":
        items.responses.append(read_ocsp(der))
    elif label == "SIGNATURE":
        items.raw.append(der)


def _maybe_base64(data: bytes) -> bytes:
    text = data.strip()
    if re.fullmatch(rb"[A-Za-z0-9+/=\s]{8,}", text):
        try:
            return base64.b64decode(b"".join(text.split()), validate=True)
        except binascii.Error:
            return data
    return data


def _sort(data: bytes, items: Items) -> None:
    if is_signed_message(data):
        items.messages.append(data)
        return
    for reader, place in _readers(items):
        try:
            place.append(reader(data))
        except AppError:
            continue
        return
    items.raw.append(data)


def _readers(items: Items) -> list[tuple[Callable[[bytes], Any], list[Any]]]:
    return [(read_certificate, items.certificates), (read_crl, items.crls), (read_ocsp, items.responses)]


def read_anchors(data: bytes, place: str) -> list[Certificate]:
    """The certificates of an anchor file; at least one."""
    items = read_items(data, place)
    found = items.certificates + [c for message in items.messages for c in read_message(message).certificates]
    if not found:
        raise AppError(ErrorKind.INVALID, "trust.validation.no_anchor", place=place)
    return found
