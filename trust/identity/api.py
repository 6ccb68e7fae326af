"""Sign-in and accounts over HTTP. Every change is judged by ``Identity`` itself; here is only the form."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.concurrency import run_in_threadpool as ask

from infra.errors import AppError, ErrorKind
from infra.web.cookie import clear_cookie, set_cookie
from infra.web.rate import client_address
from infra.web.seams import ANONYMOUS, Authorizer, current_actor
from trust.identity.service import Identity
from trust.identity.tokens import Tokens
from trust.settings import Identities

Short = Annotated[str, Field(max_length=256)]
Secret = Annotated[SecretStr, Field(max_length=1024)]


class Form(BaseModel):
    """Nothing but what is asked for."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Credentials(Form):
    """A sign-in."""

    name: Short
    password: Secret
    code: Annotated[str, Field(max_length=32)] = ""


class Redemption(Form):
    """The use of a one-time link."""

    link: Secret
    name: Short = ""
    display: Short = ""
    password: Secret


class Inspection(Form):
    """A one-time link, not used yet."""

    link: Secret


class PasswordChange(Form):
    """The own password, old and new."""

    old: Secret
    new: Secret


class Code(Form):
    """A one-time code."""

    code: Annotated[str, Field(max_length=32)]


class NewUser(Form):
    """An account to make."""

    name: Short
    display: Short = ""
    roles: Annotated[list[Short], Field(max_length=20)] = []


class UserChange(Form):
    """What to change of an account; what is absent stays."""

    roles: Annotated[list[Short], Field(max_length=20)] | None = None
    disabled: bool | None = None


class NewTokenForm(Form):
    """A token to make: for a source, or with roles."""

    source: Short = ""
    roles: Annotated[list[Short], Field(max_length=20)] = []
    name: Short = ""
    days: int = 90


def json_of(value: Any, status: int = 200) -> Response:
    """A JSON answer of msgspec structs."""
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def session_router(identity: Identity, settings: Identities, *, secure: bool) -> APIRouter:
    """``/api/v1/session``: sign in (POST), who am I (GET), sign out (DELETE); links, password, second factor."""
    router = APIRouter(prefix="/api/v1/session", tags=["session"])

    @router.post("")
    async def sign_in(form: Credentials, request: Request) -> Response:
        agent = request.headers.get("user-agent", "")
        password = form.password.get_secret_value()
        done = await ask(identity.sign_in, form.name, password, form.code, client_address(request.scope), agent)
        answer = json_of(
            {"person": done.person, "expires": done.expires, "second_factor_due": done.second_factor_due}, 201
        )
        cookie = set_cookie(done.secret, secure=secure, max_age_s=settings.session_hours * 3600)
        answer.headers.append("set-cookie", cookie)
        return answer

    @router.get("")
    async def who() -> Response:
        actor = current_actor.get()
        first = await ask(identity.first_start_state)
        known = {"id": actor.id, "name": actor.name, "kind": actor.kind, "roles": actor.roles} if actor.id else None
        return json_of({"actor": known, "first_start": first.needed})

    @router.delete("")
    async def sign_out() -> Response:
        actor = current_actor.get()
        if actor.session:
            await ask(identity.sign_out, actor)
        return Response(status_code=204, headers={"set-cookie": clear_cookie(secure=secure)})

    _own_account(router, identity)
    return router


def _own_account(router: APIRouter, identity: Identity) -> None:
    @router.post("/password")
    async def password(form: PasswordChange) -> Response:
        actor = _person()
        await ask(identity.change_password, actor, form.old.get_secret_value(), form.new.get_secret_value())
        return Response(status_code=204)

    @router.post("/second-factor")
    async def begin() -> Response:
        return json_of(await ask(identity.begin_second_factor, _person()), 201)

    @router.post("/second-factor/confirm")
    async def confirm(form: Code) -> Response:
        await ask(identity.confirm_second_factor, _person(), form.code)
        return Response(status_code=204)


def link_router(identity: Identity) -> APIRouter:
    """``/api/v1/link``: what a one-time link is for, and its use; open to strangers, who have nothing else."""
    router = APIRouter(prefix="/api/v1/link", tags=["session"])

    @router.post("/inspect")
    async def inspect(form: Inspection) -> Response:
        return json_of(await ask(identity.inspect_link, form.link.get_secret_value()))

    @router.post("/redeem")
    async def redeem(form: Redemption) -> Response:
        def use() -> Any:
            return identity.redeem_link(
                form.link.get_secret_value(),
                name=form.name,
                display=form.display,
                password=form.password.get_secret_value(),
            )

        return json_of(await ask(use), 201)

    return router


def users_router(identity: Identity, access: Authorizer) -> APIRouter:
    """``/api/v1/users``, ``/api/v1/roles``, ``/api/v1/sessions``: accounts, for those who manage them."""
    router = APIRouter(prefix="/api/v1", tags=["users"])

    @router.get("/users")
    async def people() -> Response:
        access.demand(current_actor.get(), "users.read")
        return json_of({"items": await ask(identity.people)})

    @router.post("/users")
    async def create(form: NewUser) -> Response:
        actor = current_actor.get()
        return json_of(await ask(identity.create, actor, form.name, form.display, tuple(form.roles)), 201)

    @router.patch("/users/{person}")
    async def change(person: str, form: UserChange) -> Response:
        actor = current_actor.get()
        if form.roles is not None:
            await ask(identity.set_roles, actor, person, tuple(form.roles))
        if form.disabled is not None:
            await ask(identity.set_disabled, actor, person, form.disabled)
        return Response(status_code=204)

    @router.post("/users/{person}/link")
    async def link(person: str) -> Response:
        return json_of(await ask(identity.link, current_actor.get(), person), 201)

    @router.delete("/users/{person}/second-factor")
    async def second_factor(person: str) -> Response:
        await ask(identity.remove_second_factor, current_actor.get(), person)
        return Response(status_code=204)

    _roles_and_sessions(router, identity, access)
    return router


def _roles_and_sessions(router: APIRouter, identity: Identity, access: Authorizer) -> None:
    @router.get("/roles")
    async def roles() -> Response:
        access.demand(current_actor.get(), "users.read")
        return json_of({"items": await ask(identity.roles)})

    @router.get("/sessions")
    async def sessions(person: str | None = None) -> Response:
        actor = current_actor.get()
        access.demand(actor, "self.session" if person == actor.id else "sessions.read")
        return json_of({"items": await ask(identity.sessions, person)})

    @router.delete("/sessions/{session}")
    async def end(session: str) -> Response:
        await ask(identity.end_session, current_actor.get(), session)
        return Response(status_code=204)


def tokens_router(tokens: Tokens, access: Authorizer) -> APIRouter:
    """``/api/v1/tokens``: credentials of scripts and shippers; a secret is in the answer to its POST only."""
    router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

    @router.get("")
    async def everything() -> Response:
        access.demand(current_actor.get(), "tokens.read")
        return json_of({"items": await ask(tokens.list)})

    @router.post("")
    async def create(form: NewTokenForm) -> Response:
        actor = _person()
        if bool(form.source) == bool(form.roles):
            raise AppError(ErrorKind.INVALID, "trust.token_needs", place="source, roles")
        if form.source:
            return json_of(await ask(tokens.create_source, actor, form.source, form.days), 201)
        made = await ask(tokens.create_api, actor, form.name or "+".join(form.roles), form.roles, form.days)
        return json_of(made, 201)

    @router.delete("/{token}")
    async def revoke(token: str) -> Response:
        await ask(tokens.revoke, current_actor.get(), token)
        return Response(status_code=204)

    return router


def _person() -> Any:
    """The person who asks; a token does not manage credentials."""
    actor = current_actor.get()
    if actor.kind != "person" or actor == ANONYMOUS:
        kind = ErrorKind.FORBIDDEN if actor.id else ErrorKind.UNAUTHENTICATED
        raise AppError(kind, "trust.people_only", place=actor.name or "session")
    return actor
