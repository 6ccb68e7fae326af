"""OCSP responses given as input: signed by the issuer or by a responder the issuer appointed, for this certificate.

In: response octets.  Out: ``OcspAnswer`` rows; ``status`` judges one certificate.  Source: RFC 6960.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import ocsp

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, check_signature
from trust.crypto.der import read_tlv
from trust.crypto.sm3 import sm3
from trust.validation import extension as ext
from trust.validation.builder import Signatures
from trust.validation.certificate import Certificate, read_certificate
from trust.validation.codes import Code
from trust.validation.crl import Entry
from trust.validation.der import der_fault
from trust.validation.name import Name, read_name
from trust.validation.revocation import Status
from trust.validation.verdict import Reason

MAX_RESPONSE = 1 << 20
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
_HASHES: dict[str, Callable[[bytes], bytes]] = {
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha384": lambda data: hashlib.sha384(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
    "sm3": sm3,
}


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """What a response says about one certificate. ``entry`` is set where it is revoked."""

    hash_name: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    status: str
    entry: Entry | None
    this_update: datetime
    next_update: datetime | None
    unknown_critical: bool


@dataclass(frozen=True)
class OcspResponse:
    """A signed response with all its answers."""

    der: bytes = field(repr=False)
    tbs: bytes = field(repr=False)
    signature_algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    responder_name: Name | None
    responder_key: bytes | None
    produced: datetime
    answers: tuple[OcspAnswer, ...]
    certificates: tuple[Certificate, ...]
    unknown_critical: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the octets, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()


def read_ocsp(der: bytes) -> OcspResponse:
    """The response of ``der``; ``AppError(INVALID)`` where it is none, or none that was successful."""
    try:
        if len(der) > MAX_RESPONSE or der_fault(der):
            raise ValueError("not DER")
        return _read(der)
    except (ValueError, TypeError, KeyError, IndexError, AppError, OverflowError):
        raise AppError(ErrorKind.INVALID, "trust.validation.ocsp_unreadable") from None


def _read(der: bytes) -> OcspResponse:
    outer = ocsp.OCSPResponse.load(der, strict=True)
    if outer["response_status"].native != "successful":
        raise ValueError("response status")
    basic = outer["response_bytes"]["response"].parsed
    data = basic["tbs_response_data"]
    responder = data["responder_id"]
    by_name = responder.name == "by_name"
    return OcspResponse(
        der=der,
        tbs=data.dump(),
        signature_algorithm=basic["signature_algorithm"].dump(),
        signature=basic["signature"].native,
        responder_name=read_name(responder.chosen.untag().dump()) if by_name else None,
        responder_key=None if by_name else responder.chosen.native,
        produced=data["produced_at"].native,
        answers=tuple(_answer(single) for single in data["responses"]),
        certificates=tuple(read_certificate(item.dump()) for item in basic["certs"] or ()),
        unknown_critical=_unknown(data["response_extensions"]),
    )


def _unknown(extensions: Any) -> bool:
    return any(item["critical"].native for item in extensions or ())


def _answer(single: Any) -> OcspAnswer:
    identity, status = single["cert_id"], single["cert_status"]
    entry = None
    if status.name == "revoked":
        reason = status.chosen["revocation_reason"].native or "unspecified"
        entry = Entry(status.chosen["revocation_time"].native, str(reason))
    return OcspAnswer(
        hash_name=identity["hash_algorithm"]["algorithm"].native,
        name_hash=identity["issuer_name_hash"].native,
        key_hash=identity["issuer_key_hash"].native,
        serial=identity["serial_number"].native,
        status=status.name,
        entry=entry,
        this_update=single["this_update"].native,
        next_update=single["next_update"].native,
        unknown_critical=_unknown(single["single_extensions"]),
    )


class Responses:
    """Looks certificates up in the responses at hand."""

    def __init__(self, responses: Iterable[OcspResponse], at: datetime, now: datetime, signatures: Signatures) -> None:
        self._responses = list(responses)
        self._at, self._now, self._signatures = at, now, signatures

    def status(self, certificate: Certificate, issuer: Certificate) -> Status:
        """What the responses say about ``certificate`` issued by ``issuer``; revoked wins."""
        notes: dict[Reason, None] = {}
        good: str | None = None
        for response in self._responses:
            for answer in response.answers:
                if not _about(answer, certificate, issuer):
                    continue
                if trouble := self._trouble(response, answer, issuer):
                    notes[trouble] = None
                elif answer.status == "revoked" and answer.entry and answer.entry.revoked <= self._at:
                    return Status(known=True, entry=answer.entry, used=(response.fingerprint,))
                elif answer.status in ("good", "revoked"):
                    good = response.fingerprint
        return Status(known=True, used=(good,)) if good else Status(known=False, notes=tuple(notes))

    def _trouble(self, response: OcspResponse, answer: OcspAnswer, issuer: Certificate) -> Reason | None:
        label = issuer.label
        if response.unknown_critical or answer.unknown_critical:
            return Reason(Code.OCSP_UNUSABLE, label, "critical extension")
        if answer.this_update > self._now or answer.this_update > response.produced:
            return Reason(Code.OCSP_UNUSABLE, label, "thisUpdate")
        if answer.next_update is not None and self._at > answer.next_update:
            return Reason(Code.REVOCATION_STALE, label, answer.next_update.isoformat())
        if answer.next_update is None and (self._at - answer.this_update).total_seconds() > 86_400:
            return Reason(Code.REVOCATION_STALE, label, answer.this_update.isoformat())
        if not self._signed(response, issuer):
            return Reason(Code.OCSP_RESPONDER_UNTRUSTED, label)
        return None

    def _signed(self, response: OcspResponse, issuer: Certificate) -> bool:
        signers = [issuer, *(item for item in response.certificates if self._appointed(item, issuer, response))]
        return any(_is_responder(response, signer) and self._check(response, signer) for signer in signers)

    def _check(self, response: OcspResponse, signer: Certificate) -> bool:
        self._signatures.budget.signature()
        check = check_signature(
            signer.spki, response.signature_algorithm, response.tbs, response.signature, self._signatures.sm2_id
        )
        return check is Check.GOOD

    def _appointed(self, responder: Certificate, issuer: Certificate, response: OcspResponse) -> bool:
        """RFC 6960 clause 4.2.2.2: issued by the very authority, for OCSP signing, in force when it answered."""
        usages: frozenset[str] = responder.get(ext.EXTENDED_USAGE) or frozenset()
        moment = min(response.produced, self._now)
        return (
            not responder.faults
            and OCSP_SIGNING in usages
            and responder.issuer.matches(issuer.subject)
            and responder.not_before <= moment <= responder.not_after
            and self._signatures.check(responder, issuer.spki) is Check.GOOD
        )


def _is_responder(response: OcspResponse, signer: Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name.matches(signer.subject)
    return response.responder_key == _HASHES["sha1"](key_bits(signer.spki))


def _about(answer: OcspAnswer, certificate: Certificate, issuer: Certificate) -> bool:
    digest = _HASHES.get(answer.hash_name)
    if digest is None or answer.serial != certificate.serial:
        return False
    return answer.name_hash == digest(certificate.issuer.der) and answer.key_hash == digest(key_bits(issuer.spki))


def key_bits(spki: bytes) -> bytes:
    """The subject's public key without tag, length and count of unused bits."""
    _, start, stop = read_tlv(spki, 0, len(spki))
    _, _, algorithm_stop = read_tlv(spki, start, stop)
    _, bits, end = read_tlv(spki, algorithm_stop, stop)
    return spki[bits + 1 : end]
