"""Evidence: everything a verdict rested on, as one JSON value, and the replay that must find the same again.

The bundle needs no network, no store and no clock of the replayer: moment and now are in it. A part larger than
1 MiB is named by its hash and given again at the replay.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import orjson

from infra.clock import rfc3339
from infra.errors import AppError, ErrorKind
from trust.validation.profile import ProfileName
from trust.validation.request import AnchorGroup, Document, Gathered, Request, answer, gather
from trust.validation.verdict import Verdict

FORMAT = "yaodun-evidence-1"
INLINE = 1 << 20
MAX_BUNDLE = 64 << 20

ListReader = Callable[[Mapping[str, Any], Request], tuple[AnchorGroup, ...]]
"""Turns the trust list kept in a bundle back into anchors (``trust.trustlist``)."""


def bundle(request: Request, verdict: Verdict, trust_list: dict[str, Any] | None = None) -> dict[str, Any]:
    """The evidence of ``verdict``: inputs, parameters, result, and a hash over all of it."""
    body: dict[str, Any] = {
        "format": FORMAT,
        "documents": [_document(item) for item in request.documents],
        "anchors": _document(request.anchors) if request.anchors else None,
        "crls": [_document(item) for item in request.crls],
        "responses": [_document(item) for item in request.responses],
        "content": _octets(request.content) if request.content is not None else None,
        "parameters": _parameters(request),
        "list": trust_list,
        "result": result_of(verdict),
    }
    return {**body, "sha256": _digest(body)}


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _octets(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    if len(data) <= INLINE:
        found["data"] = base64.b64encode(data).decode()
    return found


def _document(document: Document) -> dict[str, Any]:
    return {"place": document.place, **_octets(document.data)}


def _parameters(request: Request) -> dict[str, Any]:
    return {
        "now": rfc3339(request.now),
        "at": rfc3339(request.at),
        "name": request.name,
        "usage": request.usage,
        "policies": list(request.policies),
        "require_explicit": request.require_explicit,
        "inhibit_mapping": request.inhibit_mapping,
        "inhibit_any": request.inhibit_any,
        "max_depth": request.max_depth,
        "profile": str(request.profile),
        "sm2_id": request.sm2_id.hex(),
        "revocation": request.revocation,
        "purpose": request.purpose,
        "min_level": request.min_level,
    }


def result_of(verdict: Verdict) -> dict[str, Any]:
    """The part of a verdict a replay must meet."""
    return {
        "verdict": str(verdict.outcome),
        "codes": [str(reason.code) for reason in verdict.reasons if not reason.advice],
        "chain": [certificate.fingerprint for certificate in verdict.chain],
        "list_version": verdict.list_version,
    }


class Replay(msgspec.Struct, frozen=True):
    """What a replay found: the verdict, and whether it is the recorded one."""

    verdict: Verdict
    same: bool
    recorded: dict[str, Any]


def replay(
    evidence: Mapping[str, Any], given: Mapping[str, bytes] | None = None, lists: ListReader | None = None
) -> Replay:
    """Judge again from the bundle alone; ``given`` maps hashes of large parts to their octets.

    ``AppError(INVALID)`` where the bundle was altered or a part is missing.
    """
    body = {key: value for key, value in evidence.items() if key != "sha256"}
    if body.get("format") != FORMAT or evidence.get("sha256") != _digest(body):
        raise AppError(ErrorKind.INVALID, "trust.validation.evidence_altered")
    try:
        request = _request(body, given or {})
    except (KeyError, TypeError, ValueError):
        raise AppError(ErrorKind.INVALID, "trust.validation.evidence_altered") from None
    trust_list = body.get("list")
    groups = lists(trust_list, request) if trust_list is not None and lists is not None else ()
    verdict = answer(gather(request, groups))
    if trust_list is not None:
        verdict = msgspec.structs.replace(verdict, list_version=int(trust_list["version"]))
    return Replay(verdict, result_of(verdict) == body["result"], body["result"])


def _request(body: Mapping[str, Any], given: Mapping[str, bytes]) -> Request:
    parameters = dict(body["parameters"])
    now, at = (datetime.fromisoformat(parameters.pop(key)) for key in ("now", "at"))
    sm2_id = bytes.fromhex(parameters.pop("sm2_id"))
    profile = ProfileName(parameters.pop("profile"))
    policies = tuple(parameters.pop("policies"))
    anchors = body["anchors"]
    content = body["content"]
    return Request(
        documents=tuple(_read(item, given) for item in body["documents"]),
        anchors=_read(anchors, given) if anchors else None,
        crls=tuple(_read(item, given) for item in body["crls"]),
        responses=tuple(_read(item, given) for item in body["responses"]),
        content=_data(content, given) if content else None,
        profile=profile,
        sm2_id=sm2_id,
        policies=policies,
        now=now,
        at=at,
        **parameters,
    )


def _read(item: Mapping[str, Any], given: Mapping[str, bytes]) -> Document:
    return Document(str(item["place"]), _data(item, given))


def _data(item: Mapping[str, Any], given: Mapping[str, bytes]) -> bytes:
    data = base64.b64decode(item["data"]) if "data" in item else given.get(item["sha256"])
    if data is None:
        raise AppError(ErrorKind.INVALID, "trust.validation.evidence_part_missing", sha256=item["sha256"])
    if hashlib.sha256(data).hexdigest() != item["sha256"]:
        raise AppError(ErrorKind.INVALID, "trust.validation.evidence_altered")
    return data


def verify(gathered: Gathered, trust_list: dict[str, Any] | None = None) -> Verdict:
    """The verdict about a gathered request, with its evidence."""
    verdict = answer(gathered)
    if trust_list is not None:
        verdict = msgspec.structs.replace(verdict, list_version=int(trust_list["version"]))
    return msgspec.structs.replace(verdict, evidence=bundle(gathered.request, verdict, trust_list))
