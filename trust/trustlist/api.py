"""``POST /api/v1/trust/verify`` and ``GET /api/v1/trust/list``: the verifier over HTTP."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

import msgspec
import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from infra.clock import Clock, parse_rfc3339, rfc3339
from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from trust.crypto.curve import DEFAULT_ID
from trust.trustlist.drafts import Draft, Drafts
from trust.trustlist.entry import Entry, Purpose
from trust.trustlist.verifier import Verifier
from trust.validation.profile import ProfileName
from trust.validation.read import read_anchors
from trust.validation.request import Document, Request

MAX_PART = 48 << 20
Part = Annotated[str, Field(max_length=MAX_PART)]
Parts = Annotated[list[Part], Field(max_length=1000)]
Short = Annotated[str, Field(max_length=512)]


class VerifyForm(BaseModel):
    """What to verify. ``documents`` holds PEM or base64 of DER, the object first, its pool after it; ``object`` and
    ``pool`` say the same in two fields. ``content`` is base64 of what was signed. Without ``anchors`` the trust list
    judges."""

    model_config = ConfigDict(extra="forbid")

    documents: Parts = []
    object: Part = ""
    pool: Parts = []
    anchors: Part | Parts | None = None
    crls: Parts = []
    ocsp: Parts = []
    content: Part | None = None
    at: Short | None = None
    name: Short | None = None
    usage: Short | None = None
    policies: Annotated[list[Short], Field(max_length=100)] = []
    require_explicit_policy: bool = False
    inhibit_policy_mapping: bool = False
    inhibit_any_policy: bool = False
    max_depth: Annotated[int, Field(ge=0, le=1000)] | None = None
    profile: ProfileName = ProfileName.PATH
    sm2_id: Short | None = None
    purpose: Purpose | None = None
    min_level: Annotated[int, Field(ge=0, le=4)] = 0


class DraftForm(BaseModel):
    """Changes of entries by id, entries to add (certificates in ``pem``), ids to remove."""

    model_config = ConfigDict(extra="forbid")

    changes: Annotated[list[dict[str, Any]], Field(max_length=500)] = []
    add: Annotated[list[dict[str, Any]], Field(max_length=100)] = []
    remove: Annotated[list[Short], Field(max_length=500)] = []
    days: Annotated[int, Field(ge=1, le=400)] = 180


class SignatureForm(BaseModel):
    """A publisher's signature, base64."""

    model_config = ConfigDict(extra="forbid")

    publisher: Short
    signature: Annotated[str, Field(max_length=20_000)]


def verify_router(verifier: Verifier, access: Authorizer, clock: Clock) -> APIRouter:
    """The routes; ``trust.verify`` is demanded to verify, ``trust.read`` to see the list."""
    router = APIRouter(prefix="/api/v1/trust", tags=["trust"])

    @router.post("/verify")
    async def verify(form: VerifyForm) -> Response:
        access.demand(current_actor.get(), "trust.verify")
        request = request_of(form, clock.now())
        verdict = await run_in_threadpool(verifier.verify, request)
        return _json(verdict.plain())

    @router.get("/list")
    async def trust_list() -> Response:
        access.demand(current_actor.get(), "trust.read")
        newest = (await run_in_threadpool(verifier.history)).latest
        if newest is None:
            return _json({"version": None, "entries": []})
        head = {"version": newest.version, "issued": newest.issued, "next_update": newest.next_update}
        return _json({**head, "sha256": newest.sha256, "entries": [plain_entry(entry) for entry in newest.entries]})

    return router


def drafts_router(drafts: Drafts, access: Authorizer) -> APIRouter:
    """``/api/v1/trust/drafts``: proposals for the next version of the list, signatures, and giving one up."""
    router = APIRouter(prefix="/api/v1/trust/drafts", tags=["trust"])

    @router.get("")
    async def waiting() -> Response:
        access.demand(current_actor.get(), "trust.read", "trustlist")
        return _json({"items": [plain_draft(one) for one in await run_in_threadpool(drafts.open)]})

    @router.get("/{draft}")
    async def one(draft: str) -> Response:
        access.demand(current_actor.get(), "trust.read", f"draft:{draft}")
        return _json(plain_draft(await run_in_threadpool(drafts.find, draft)))

    @router.post("")
    async def propose(form: DraftForm) -> Response:
        actor = current_actor.get()
        access.demand(actor, "trust.list", "trustlist")
        added = [entry_of(fields) for fields in form.add]
        made = await run_in_threadpool(drafts.propose, actor, form.changes, added, form.remove, form.days)
        return _json(plain_draft(made))

    @router.post("/{draft}/signatures")
    async def sign(draft: str, form: SignatureForm) -> Response:
        access.demand(current_actor.get(), "trust.read", f"draft:{draft}")
        signature = _decode(form.signature, "signature")
        return _json(plain_draft(await run_in_threadpool(drafts.sign, draft, form.publisher, signature)))

    @router.delete("/{draft}")
    async def drop(draft: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "trust.list", f"draft:{draft}")
        await run_in_threadpool(drafts.drop, actor, draft)
        return Response(status_code=204)

    return router


def entry_of(fields: dict[str, Any]) -> Entry:
    """An entry as written by people: certificates in PEM, everything else as in a list's document."""
    given = dict(fields)
    encoded = [base64.b64encode(c.der).decode() for c in read_anchors(str(given.pop("pem", "")).encode(), "pem")]
    try:
        return msgspec.convert({"certificates": encoded, **given}, Entry)
    except msgspec.ValidationError as error:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.refused", problem=str(error)[:200]) from None


def plain_draft(draft: Draft) -> dict[str, Any]:
    """A draft for people and scripts; ``body`` in base64 is what a publisher signs (after the purpose prefix)."""
    return {
        "id": draft.id,
        "version": draft.list.version,
        "sha256": draft.list.sha256,
        "author": draft.author,
        "created": draft.created,
        "state": draft.state,
        "signed_by": list(draft.signed_by),
        "needed": draft.needed,
        "changes": list(draft.changes),
        "body": base64.b64encode(draft.body).decode(),
    }


def plain_entry(entry: Entry) -> dict[str, Any]:
    """An entry for people and scripts: without the certificates' octets."""
    return {
        "id": entry.id,
        "name": entry.name,
        "state": str(entry.state),
        "since": entry.since,
        "until": entry.until,
        "usages": [str(usage) for usage in entry.usages],
        "level": entry.level,
        "permitted": list(entry.permitted),
        "excluded": list(entry.excluded),
        "revocation": str(entry.revocation),
        "certificates": len(entry.certificates),
    }


def request_of(form: VerifyForm, now: datetime) -> Request:
    """The request of a form; ``AppError(INVALID)`` names the field."""
    moment = parse_rfc3339(rfc3339(now))
    parts = [form.object, *form.pool] if form.object else form.documents
    anchors = form.anchors if isinstance(form.anchors, str | None) else "\n".join(map(_pem, form.anchors))
    return Request(
        documents=_documents("documents", parts),
        now=moment,
        at=parse_rfc3339(form.at, "at") if form.at else moment,
        anchors=Document("anchors", anchors.encode()) if anchors is not None else None,
        crls=_documents("crls", form.crls),
        responses=_documents("ocsp", form.ocsp),
        content=_decode(form.content, "content") if form.content is not None else None,
        name=form.name,
        usage=form.usage,
        policies=tuple(form.policies),
        require_explicit=form.require_explicit_policy,
        inhibit_mapping=form.inhibit_policy_mapping,
        inhibit_any=form.inhibit_any_policy,
        max_depth=form.max_depth,
        profile=form.profile,
        sm2_id=DEFAULT_ID if form.sm2_id is None else form.sm2_id.encode(),
        purpose=form.purpose,
        min_level=form.min_level,
    )


def _pem(part: str) -> str:
    return part if "-----BEGIN" in part else f"-----BEGIN CERTIFICATE-----\n{part}\n-----END CERTIFICATE-----"


def _documents(field: str, parts: list[str]) -> tuple[Document, ...]:
    return tuple(Document(f"{field}[{number}]", part.encode()) for number, part in enumerate(parts))


def _decode(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.not_base64", place=field) from None


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")
