"""Certificate requests (PKCS#10, RFC 2986; SM2 too): proof that the asker has the key, and what it asks for.

In: DER or PEM.  Out: ``KeyRequest``; only the key and the proposed names are taken, the profile decides the rest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, check_signature, load_key
from trust.crypto.curve import DEFAULT_ID
from trust.validation.certificate import read_extension
from trust.validation.der import der_fault
from trust.validation.extension import SUBJECT_NAME, children, sequence
from trust.validation.general import GeneralName, safe_general_names
from trust.validation.name import Name, read_name
from trust.validation.read import pem_blocks

MAX_REQUEST = 64 << 10
_EXTENSION_REQUEST = bytes.fromhex("06092a864886f70d01090e")


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A checked request: the asker's key, the subject and alternative names it proposes, and its hash."""

    der: bytes
    spki: bytes
    subject: Name
    names: tuple[GeneralName, ...]

    @property
    def sha256(self) -> str:
        """Hash of the whole request, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()


def read_request(data: bytes, sm2_id: bytes = DEFAULT_ID) -> KeyRequest:
    """The request of PEM or DER; ``AppError(INVALID)`` where malformed or not signed by its own key."""
    blocks = [der for label, der in pem_blocks(data) if label.endswith("CERTIFICATE REQUEST")]
    der = blocks[0] if blocks else data
    try:
        if len(der) > MAX_REQUEST or der_fault(der):
            raise ValueError("not DER")
        return _read(der, sm2_id)
    except (ValueError, IndexError, AppError) as error:
        if isinstance(error, AppError) and error.message_key.startswith("trust.ca."):
            raise
        raise AppError(ErrorKind.INVALID, "trust.ca.request_unreadable") from None


def _read(der: bytes, sm2_id: bytes) -> KeyRequest:
    body, algorithm, signature = children(der, *sequence(der))
    information = der[body[1] : body[3]]
    rows = list(children(information, *sequence(information)))
    if [row[0] for row in rows[:3]] != [2, 0x30, 0x30]:
        raise ValueError("request")
    spki = information[rows[2][1] : rows[2][3]]
    if load_key(spki) is None:
        raise AppError(ErrorKind.INVALID, "trust.ca.request_key")
    check = check_signature(
        spki, der[algorithm[1] : algorithm[3]], information, der[signature[2] + 1 : signature[3]], sm2_id
    )
    if check is not Check.GOOD:
        raise AppError(ErrorKind.INVALID, "trust.ca.request_unproven", check=str(check))
    subject = read_name(information[rows[1][1] : rows[1][3]])
    attributes = information[rows[3][2] : rows[3][3]] if len(rows) > 3 else b""
    return KeyRequest(der, spki, subject, _names(attributes))


def _names(attributes: bytes) -> tuple[GeneralName, ...]:
    for row in children(attributes, 0, len(attributes)):
        content = attributes[row[2] : row[3]]
        if not content.startswith(_EXTENSION_REQUEST):
            continue
        _, values = children(content, 0, len(content))
        for listed in children(content, values[2], values[3]):
            element = content[listed[1] : listed[3]]
            for item in children(element, *sequence(element)):
                extension = read_extension(element[item[1] : item[3]])
                if extension.oid == SUBJECT_NAME:
                    return safe_general_names(extension.value) or ()
    return ()
