"""``/api/v1/approvals``: what waits for approval, and the voices."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool as ask

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from trust.approval.approvals import Approvals, plain
from trust.approval.matter import MatterState
from trust.approval.statement import Decision

Octets = Annotated[str, Field(max_length=20_000)]


class SignedForm(BaseModel):
    """A signed statement, both parts in base64."""

    model_config = ConfigDict(extra="forbid")
    statement: Octets
    signature: Octets


class VoiceForm(BaseModel):
    """Yes or no, said in a web session."""

    model_config = ConfigDict(extra="forbid")
    decision: Decision


def approvals_router(approvals: Approvals, access: Authorizer) -> APIRouter:
    """The routes; reading needs ``approval.read``, a voice the right of the matter's kind or a signature."""
    router = APIRouter(prefix="/api/v1/approvals", tags=["approvals"])

    @router.get("")
    async def everything(state: MatterState | None = None) -> Response:
        access.demand(current_actor.get(), "approval.read", "approvals")
        return _json({"items": [plain(one) for one in await ask(approvals.all, state)]})

    @router.get("/{matter}")
    async def one(matter: str) -> Response:
        access.demand(current_actor.get(), "approval.read", f"approval:{matter}")
        return _json(plain(await ask(approvals.find, matter)))

    @router.post("/{matter}/decision")
    async def decide(matter: str, form: SignedForm) -> Response:
        access.demand(current_actor.get(), "approval.read", f"approval:{matter}")
        statement, signature = _octets(form.statement), _octets(form.signature)
        return _json(plain(await ask(approvals.decide, statement, signature)))

    @router.post("/{matter}/voice")
    async def voice(matter: str, form: VoiceForm) -> Response:
        return _json(plain(await ask(approvals.say, current_actor.get(), matter, form.decision)))

    return router


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.not_base64", place="statement") from None


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, default=str), media_type="application/json")
