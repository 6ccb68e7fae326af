"""The PKI over HTTP: requests, approvals, issue, renewal, revocation, lists. Everything is asked of the signer, which
checks it again; this side only knows who asks."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from trust.registration.desk import RequestState
from trust.trustlist.status import StatusStore
from trust.validation.read import pem_blocks

Ask = Callable[..., Any]
"""Asks the signer: operation and arguments by name."""
Short = Annotated[str, Field(max_length=200)]
Octets = Annotated[str, Field(max_length=200_000)]


class Form(BaseModel):
    """Nothing but what is asked for."""

    model_config = ConfigDict(extra="forbid")


class RequestForm(Form):
    """A request: PKCS#10 in PEM or base64, where to, under which profile; subject and names where they differ."""

    csr: Octets
    authority: Short
    profile: Short
    subject: Annotated[str, Field(max_length=1000)] = ""
    names: Annotated[list[Short], Field(max_length=100)] = []


class DecisionForm(Form):
    """A signed statement (see ``yaodun approve``), both parts in base64."""

    statement: Octets
    signature: Octets


class RevokeForm(Form):
    """Why a certificate is taken back, and since when its key may have been misused."""

    reason: Short = "unspecified"
    invalid_since: datetime | None = None


class RenewForm(Form):
    """A new key as PKCS#10, or nothing to keep the key."""

    csr: Octets = ""


class PublishForm(Form):
    """Which list to publish."""

    partition: Annotated[int, Field(ge=0, le=4096)] = 0
    delta: bool = False


def pki_router(ask: Ask, access: Authorizer) -> APIRouter:
    """``/api/v1/pki``: ``trust.read`` to look, one right for each act."""
    router = APIRouter(prefix="/api/v1/pki", tags=["pki"])
    _looking(router, ask, access)
    _requests(router, ask, access)
    _certificates(router, ask, access)
    return router


def _looking(router: APIRouter, ask: Ask, access: Authorizer) -> None:
    async def look(operation: str, **arguments: Any) -> Response:
        access.demand(current_actor.get(), "trust.read", "pki")
        return _json(await _asked(ask, operation, **arguments))

    @router.get("/status")
    async def status() -> Response:
        return await look("status")

    @router.get("/authorities")
    async def authorities() -> Response:
        return await look("authorities")

    @router.get("/profiles")
    async def profiles() -> Response:
        return await look("profiles")

    @router.get("/approvers")
    async def approvers() -> Response:
        return await look("approvers")

    @router.get("/expiry")
    async def expiry() -> Response:
        return await look("expiry")

    @router.get("/requests")
    async def requests(state: RequestState | None = None) -> Response:
        return await look("requests", state=state)

    @router.get("/requests/{request}/checks")
    async def checks(request: str) -> Response:
        return await look("examine", request=request)

    @router.get("/certificates")
    async def certificates(
        authority: str = "", revoked: bool | None = None, before: datetime | None = None, text: str = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200, offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:  # fmt: skip
        wanted = {"authority": authority, "revoked": revoked, "before": before, "text": text[:200]}
        return await look("certificates", **wanted, limit=limit, offset=offset)


def _requests(router: APIRouter, ask: Ask, access: Authorizer) -> None:
    @router.post("/requests")
    async def submit(form: RequestForm) -> Response:
        actor = current_actor.get()
        access.demand(actor, "trust.request", f"profile:{form.profile}")
        values = {"authority": form.authority, "profile": form.profile, "subject": form.subject, "names": form.names}
        return _json(await _asked(ask, "submit", csr=octets_of(form.csr), asker=actor.name, **values), 201)

    @router.post("/requests/{request}/decision")
    async def decide(request: str, form: DecisionForm) -> Response:
        access.demand(current_actor.get(), "trust.approve", f"request:{request}")
        return _json(await _asked(ask, "decide", statement=form.statement, signature=form.signature))

    @router.post("/requests/{request}/issue")
    async def issue(request: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "trust.issue", f"request:{request}")
        return _json(await _asked(ask, "issue", request=request, actor=actor.name), 201)


def _certificates(router: APIRouter, ask: Ask, access: Authorizer) -> None:
    @router.get("/certificates/{intent}")
    async def fetch(intent: str) -> Response:
        access.demand(current_actor.get(), "trust.read", f"certificate:{intent}")
        found = await _asked(ask, "fetch", intent=intent)
        return Response(pem("CERTIFICATE", found["certificate"]), media_type="application/x-pem-file")

    @router.post("/authorities/{authority}/certificates/{serial}/revoke")
    async def revoke(authority: str, serial: str, form: RevokeForm) -> Response:
        actor = current_actor.get()
        access.demand(actor, "trust.revoke", f"certificate:{serial}")
        values = {"reason": form.reason, "invalid_since": form.invalid_since, "actor": actor.name}
        return _json(await _asked(ask, "revoke", authority=authority, serial=serial, **values))

    @router.post("/authorities/{authority}/certificates/{serial}/renew")
    async def renew(authority: str, serial: str, form: RenewForm) -> Response:
        actor = current_actor.get()
        access.demand(actor, "trust.request", f"certificate:{serial}")
        csr = octets_of(form.csr) if form.csr else ""
        values = {"authority": authority, "serial": serial, "csr": csr}
        return _json(await _asked(ask, "renew", asker=actor.name, **values), 201)

    @router.post("/authorities/{authority}/crl")
    async def publish(authority: str, form: PublishForm) -> Response:
        actor = current_actor.get()
        access.demand(actor, "trust.publish", f"authority:{authority}")
        values = {"partition": form.partition, "delta": form.delta, "actor": actor.name}
        return _json(await _asked(ask, "publish", authority=authority, **values))


def repository_router(ask: Ask, status: StatusStore) -> APIRouter:
    """``/pki/<authority>.crt``, ``.crl`` and ``-delta.crl``: open to everybody; lists are there without the signer."""
    router = APIRouter(prefix="/pki", tags=["pki"])

    @router.get("/{authority}.crt")
    async def certificate(authority: str) -> Response:
        rows = await _asked(ask, "authorities")
        found = next((row for row in rows if authority in (row["id"], row["name"])), None)
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_authority", authority=authority[:60])
        return Response(base64.b64decode(found["certificate"]), media_type="application/pkix-cert")

    @router.get("/{authority}.crl")
    async def crl(authority: str) -> Response:
        name, _, part = authority.partition(".")
        delta = name.endswith("-delta")
        source = f"authority:{name.removesuffix('-delta')}/{part or 0}"
        der = await run_in_threadpool(status.of_source, source, delta)
        if der is None:
            raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_list", authority=authority[:60])
        return Response(der, media_type="application/pkix-crl")

    return router


async def _asked(ask: Ask, operation: str, **arguments: Any) -> Any:
    return await run_in_threadpool(partial(ask, operation, **arguments))


def octets_of(text: str) -> str:
    """Base64 of the octets of PEM or base64 text, for the signer."""
    if "-----BEGIN" not in text:
        return "".join(text.split())
    blocks = pem_blocks(text.encode())
    if not blocks:
        raise AppError(ErrorKind.INVALID, "trust.ca.request_unreadable")
    return base64.b64encode(blocks[0][1]).decode()


def pem(label: str, encoded: str) -> str:
    """PEM with lines of 64 characters around base64."""
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value, default=str), status_code=status, media_type="application/json")
