"""Sign-in by certificate over HTTP, and whose certificates are whose."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool as ask

from infra.clock import rfc3339
from infra.errors import AppError, ErrorKind
from infra.web.cookie import set_cookie
from infra.web.proxy import certificate_of
from infra.web.rate import client_address
from infra.web.seams import current_actor
from trust.identity.account import SignedIn
from trust.identity.bindings import Bindings
from trust.identity.certificate_sign_in import CertificateSignIn, Visitor
from trust.settings import Identities
from trust.validation.read import pem_blocks

Text = Annotated[str, Field(max_length=60_000)]


class AnswerForm(BaseModel):
    """The answer to a challenge: signature in base64, the certificate and its pool in PEM or base64."""

    model_config = ConfigDict(extra="forbid")

    challenge: Annotated[str, Field(max_length=60)]
    signature: Text
    certificate: Text
    pool: Annotated[list[Text], Field(max_length=10)] = []


class BindingForm(BaseModel):
    """What to bind: scheme and value; for a certificate scheme ``fingerprint`` and its PEM."""

    model_config = ConfigDict(extra="forbid")

    scheme: Annotated[str, Field(max_length=40)]
    value: Text


def certificate_router(sign_in: CertificateSignIn, settings: Identities, *, secure: bool) -> APIRouter:
    """``POST /api/v1/session/challenge``, ``/certificate`` and ``/proxy``; open to strangers."""
    router = APIRouter(prefix="/api/v1/session", tags=["session"])

    @router.post("/challenge")
    async def challenge(request: Request) -> Response:
        site = f"{'https' if secure else 'http'}://{request.headers.get('host', '')[:200]}"
        row, made = await ask(sign_in.challenge, site)
        return _json({"id": row, "text": made.text, "until": rfc3339(made.until)}, 201)

    @router.post("/certificate")
    async def answer(form: AnswerForm, request: Request) -> Response:
        parts = [*certificates(form.certificate), *(der for text in form.pool for der in certificates(text))]
        signature = octets(form.signature, "signature")
        done = await ask(sign_in.answer, form.challenge, signature, parts[0], parts[1:], _visitor(request))
        return _opened(done)

    @router.post("/proxy")
    async def proxy(request: Request) -> Response:
        certificate = certificate_of(request.scope)
        if certificate is None:
            raise AppError(ErrorKind.UNAUTHENTICATED, "trust.sign_in.no_proxy")
        return _opened(await ask(sign_in.by_proxy, certificate, (), _visitor(request)))

    def _opened(done: SignedIn) -> Response:
        answer = _json({"person": done.person, "expires": done.expires, "second_factor_due": False}, 201)
        cookie = set_cookie(done.secret, secure=secure, max_age_s=settings.session_hours * 3600)
        answer.headers.append("set-cookie", cookie)
        return answer

    return router


def bindings_router(bindings: Bindings) -> APIRouter:
    """``/api/v1/users/<id>/certificates``."""
    router = APIRouter(prefix="/api/v1/users/{person}/certificates", tags=["users"])

    @router.get("")
    async def bound(person: str) -> Response:
        return _json({"items": await ask(bindings.of, current_actor.get(), person)})

    @router.post("")
    async def bind(person: str, form: BindingForm) -> Response:
        return _json(await ask(bindings.bind, current_actor.get(), person, form.scheme, form.value), 201)

    @router.delete("")
    async def release(person: str, scheme: str, value: str) -> Response:
        await ask(bindings.release, current_actor.get(), person, scheme, value)
        return Response(status_code=204)

    return router


def _visitor(request: Request) -> Visitor:
    return Visitor(client_address(request.scope), request.headers.get("user-agent", "")[:200])


def certificates(text: str) -> list[bytes]:
    """DER of PEM or base64; ``AppError(INVALID)``."""
    if "-----BEGIN" in text:
        found = [der for label, der in pem_blocks(text.encode()) if label == "CERTIFICATE"]
        if found:
            return found
        raise AppError(ErrorKind.INVALID, "trust.trustlist.not_base64", place="certificate")
    return [octets(text, "certificate")]


def octets(text: str, field: str) -> bytes:
    """The octets of base64, white space forgiven; ``AppError(INVALID)`` names the field."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.not_base64", place=field) from None


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")
