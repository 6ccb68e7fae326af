"""A request to verify, and its answer: the one function behind the command, the API and the offline verifier.

In: ``Request`` (octets and parameters).  Out: ``Verdict`` with an evidence bundle that repeats it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, KeyKind, check_signature
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.der import encode_pair, tlv
from trust.validation import cms
from trust.validation.budget import Budget
from trust.validation.certificate import Certificate
from trust.validation.codes import Code
from trust.validation.crl import Crl
from trust.validation.extension import ANY_POLICY
from trust.validation.judge import Material, PathRule, Question, judge
from trust.validation.ocsp import OcspResponse
from trust.validation.path import Parameters
from trust.validation.profile import PROFILES, ProfileName
from trust.validation.read import Items, read_anchors, read_items
from trust.validation.verdict import Outcome, Reason, Verdict, describe, outcome_of


@dataclass(frozen=True, slots=True)
class Document:
    """Octets with the place they came from."""

    place: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to verify. The first document is the object; the others are its pool.

    ``anchors`` None means: the trust list judges. ``at`` is the moment judged, ``now`` the clock's.
    """

    documents: tuple[Document, ...]
    now: datetime
    at: datetime
    anchors: Document | None = None
    crls: tuple[Document, ...] = ()
    responses: tuple[Document, ...] = ()
    content: bytes | None = None
    name: str | None = None
    usage: str | None = None
    policies: tuple[str, ...] = ()
    require_explicit: bool = False
    inhibit_mapping: bool = False
    inhibit_any: bool = False
    max_depth: int | None = None
    profile: ProfileName = ProfileName.PATH
    sm2_id: bytes = DEFAULT_ID
    revocation: bool | None = None
    purpose: str | None = None
    min_level: int = 0


@dataclass(frozen=True, slots=True)
class AnchorGroup:
    """Anchors judged together: one SM2 user id, one extra rule (the trust list's), what a good verdict then says."""

    anchors: tuple[Certificate, ...]
    sm2_id: bytes = DEFAULT_ID
    rule: PathRule | None = None
    revocation: bool = False
    max_age: timedelta | None = None
    facts: Callable[[tuple[Certificate, ...]], dict[str, Any]] | None = None
    level: str = ""
    profile: ProfileName | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """A request with its octets read."""

    request: Request
    object: Items
    pool: tuple[Certificate, ...]
    crls: tuple[Crl, ...]
    responses: tuple[OcspResponse, ...]
    groups: tuple[AnchorGroup, ...]
    notes: tuple[Reason, ...] = ()


def gather(request: Request, groups: tuple[AnchorGroup, ...] = ()) -> Gathered:
    """Read every document; what cannot be read becomes a note, except the anchors: ``AppError(INVALID)``."""
    if not request.documents:
        raise AppError(ErrorKind.INVALID, "trust.validation.nothing_to_verify")
    notes: list[Reason] = []
    items = [read_items(document.data, document.place) for document in request.documents]
    for item in items:
        notes.extend(Reason(Code.UNREADABLE, "", text, advice=True) for _, text in item.faults)
    crls = _lists(request.crls, notes)
    responses = _responses(request.responses, notes)
    extra = [crl for item in items for crl in item.crls]
    pool = [certificate for item in items for certificate in _all_certificates(item)]
    if request.anchors is not None:
        anchors = read_anchors(request.anchors.data, request.anchors.place)
        groups = (AnchorGroup(tuple(anchors), request.sm2_id),)
    return Gathered(request, items[0], tuple(pool), (*crls, *extra), tuple(responses), groups, tuple(notes))


def _lists(documents: tuple[Document, ...], notes: list[Reason]) -> list[Crl]:
    found: list[Crl] = []
    for document in documents:
        items = read_items(document.data, document.place)
        if not items.crls:
            notes.append(Reason(Code.CRL_UNREADABLE, "", document.place, advice=True))
        found.extend(items.crls)
    return found


def _responses(documents: tuple[Document, ...], notes: list[Reason]) -> list[OcspResponse]:
    found: list[OcspResponse] = []
    for document in documents:
        items = read_items(document.data, document.place)
        if not items.responses:
            notes.append(Reason(Code.OCSP_UNREADABLE, "", document.place, advice=True))
        found.extend(items.responses)
    return found


def _all_certificates(item: Items) -> list[Certificate]:
    found = list(item.certificates)
    for message in item.messages:
        try:
            found.extend(cms.read_message(message).certificates)
        except AppError:
            continue
    return found


def answer(gathered: Gathered) -> Verdict:
    """The verdict about the object of the request; an object that cannot be read is invalid."""
    verdict = _answer(gathered)
    return replace_verdict(verdict, reasons=(*verdict.reasons, *gathered.notes)) if gathered.notes else verdict


def _answer(gathered: Gathered) -> Verdict:
    item = gathered.object
    if item.first_fault:
        return _unreadable(item.first_fault)
    if item.messages:
        return _read_and_judge_message(gathered, item.messages[0])
    if item.certificates:
        return _judge_certificate(gathered, item.certificates[0])
    if item.raw and gathered.request.content is not None:
        return _judge_raw(gathered, item.raw[0])
    return _unreadable(gathered.request.documents[0].place)


def _unreadable(detail: str) -> Verdict:
    return Verdict(outcome=Outcome.INVALID, reasons=(Reason(Code.UNREADABLE, "", detail),))


def _read_and_judge_message(gathered: Gathered, data: bytes) -> Verdict:
    try:
        message = cms.read_message(data)
    except AppError as error:
        return _unreadable(str(error))
    return _judge_message(gathered, message)


def _judge_certificate(gathered: Gathered, leaf: Certificate, crls: tuple[Crl, ...] = ()) -> Verdict:
    if not gathered.groups:
        return Verdict(outcome=Outcome.INDETERMINATE, reasons=(Reason(Code.NO_LIST, leaf.label),), chain=(leaf,))
    best: Verdict | None = None
    for group in gathered.groups:
        verdict = _judge_group(gathered, group, leaf, crls)
        if verdict.outcome is Outcome.VALID:
            return verdict
        if best is None or _reached(verdict) > _reached(best):
            best = verdict
    assert best is not None
    return best


def _reached(verdict: Verdict) -> tuple[bool, bool, int]:
    """Which failure tells more: one with a path, one whose issuer is known, one with fewer reasons."""
    known = all(reason.code is not Code.ISSUER_UNKNOWN for reason in verdict.reasons)
    return _has_path(verdict), known, -sum(not reason.advice for reason in verdict.reasons)


def _judge_group(gathered: Gathered, group: AnchorGroup, leaf: Certificate, extra: tuple[Crl, ...]) -> Verdict:
    request = gathered.request
    crls = (*gathered.crls, *extra)
    material = Material(group.anchors, gathered.pool, crls, gathered.responses)
    required = (
        request.revocation
        if request.revocation is not None
        else bool(crls or gathered.responses or request.crls or request.responses)
    )
    question = Question(
        path=Parameters(
            at=request.at,
            profile=PROFILES[group.profile or request.profile],
            policies=frozenset(request.policies) or frozenset({ANY_POLICY}),
            require_explicit=request.require_explicit,
            inhibit_mapping=request.inhibit_mapping,
            inhibit_any=request.inhibit_any,
            max_depth=request.max_depth,
            sm2_id=group.sm2_id,
        ),
        now=request.now,
        name=request.name,
        usage=request.usage,
        revocation=required or group.revocation,
        max_age=group.max_age,
        rule=group.rule,
        budget=Budget,
    )
    verdict = judge(leaf, material, question)
    facts = group.facts(verdict.chain) if group.facts else {}
    return replace_verdict(verdict, level=group.level, facts=facts) if _has_path(verdict) else verdict


def _has_path(verdict: Verdict) -> bool:
    return all(reason.code is not Code.NO_PATH for reason in verdict.reasons)


def replace_verdict(verdict: Verdict, **changes: object) -> Verdict:
    """The verdict with some fields changed."""
    return msgspec.structs.replace(verdict, **changes)


def _judge_message(gathered: Gathered, message: cms.SignedMessage) -> Verdict:
    if not message.signers:
        return Verdict(outcome=Outcome.INVALID, reasons=(Reason(Code.NO_SIGNER),))
    verdicts = [_judge_signer(gathered, message, signer) for signer in message.signers]
    worst = max(verdicts, key=lambda verdict: _SEVERITY[verdict.outcome])
    facts = {
        **worst.facts,
        "object": "gm-cms" if message.chinese else "cms",
        "signers": [_signer_facts(signer, verdict) for signer, verdict in zip(message.signers, verdicts, strict=True)],
    }
    return replace_verdict(worst, facts=facts)


_SEVERITY = {Outcome.VALID: 0, Outcome.INDETERMINATE: 1, Outcome.INVALID: 2}


def _signer_facts(signer: cms.Signer, verdict: Verdict) -> dict[str, object]:
    return {
        "verdict": str(verdict.outcome),
        "certificate": describe(verdict.chain[0]) if verdict.chain else None,
        "signing_time": signer.signing_time.isoformat() if signer.signing_time else None,
    }


def _judge_signer(gathered: Gathered, message: cms.SignedMessage, signer: cms.Signer) -> Verdict:
    found = [certificate for certificate in gathered.pool if signer.is_for(certificate)]
    if not found:
        return Verdict(outcome=Outcome.INDETERMINATE, reasons=(Reason(Code.SIGNER_CERTIFICATE_MISSING),))
    content = gathered.request.content
    verdict = _judge_certificate(gathered, found[0], message.crls)
    used = _group_of(gathered, verdict)
    trouble = cms.check_signer(message, signer, found[0], content, used)
    return _joined(verdict, trouble)


def _group_of(gathered: Gathered, verdict: Verdict) -> bytes:
    """The SM2 user id of the group the chain ended in; the request's own where there was no chain."""
    for group in gathered.groups:
        if verdict.chain and verdict.chain[-1] in group.anchors:
            return group.sm2_id
    return gathered.request.sm2_id


def _joined(verdict: Verdict, trouble: list[Reason]) -> Verdict:
    reasons = (*trouble, *verdict.reasons)
    return replace_verdict(verdict, reasons=reasons, outcome=outcome_of(reasons))


def _judge_raw(gathered: Gathered, signature: bytes) -> Verdict:
    certificates = [certificate for certificate in gathered.pool if not certificate.is_ca] or list(gathered.pool)
    if not certificates:
        return Verdict(outcome=Outcome.INDETERMINATE, reasons=(Reason(Code.SIGNER_CERTIFICATE_MISSING),))
    signer = certificates[0]
    verdict = _judge_certificate(gathered, signer)
    trouble = _raw_trouble(gathered, signer, signature, _group_of(gathered, verdict))
    return replace_verdict(_joined(verdict, trouble), facts={**verdict.facts, "object": "raw"})


def _raw_trouble(gathered: Gathered, signer: Certificate, signature: bytes, sm2_id: bytes) -> list[Reason]:
    content = gathered.request.content
    if content is None:
        return [Reason(Code.CONTENT_MISSING, signer.label)]
    identifier = _RAW_ALGORITHMS.get(signer.key.kind) if signer.key else None
    if identifier is None:
        return [Reason(Code.SIGNATURE_UNSUPPORTED, signer.label)]
    pair = signer.key is not None and signer.key.kind in (KeyKind.SM2, KeyKind.EC) and len(signature) == 64
    if pair and signature[:1] != b"\x30":
        signature = encode_pair(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    check = check_signature(signer.spki, identifier, content, signature, sm2_id)
    if check is not Check.GOOD:
        return [Reason(Code.MESSAGE_SIGNATURE_BAD, signer.label, str(check))]
    usage = signer.key_usage
    if usage is not None and not usage & {"digital_signature", "non_repudiation"}:
        return [Reason(Code.SIGNER_USAGE, signer.label)]
    return []


_RAW_ALGORITHMS = {
    KeyKind.SM2: tlv(0x30, bytes.fromhex("06082a811ccf55018375")),
    KeyKind.EC: tlv(0x30, bytes.fromhex("06082a8648ce3d040302")),
    KeyKind.RSA: tlv(0x30, bytes.fromhex("06092a864886f70d01010b0500")),
    KeyKind.ED25519: tlv(0x30, bytes.fromhex("06032b6570")),
}
"""What a bare signature is checked as: SM2 with SM3, ECDSA and RSA (PKCS#1 v1.5) with SHA-256, Ed25519."""
