"""A shell around a small API and small pages, with an authenticator the tests rule."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from pydantic import BaseModel

from infra.errors import AppError, ErrorKind
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import ANONYMOUS, Actor, Decision, current_actor
from infra.web.shell import ShellOptions, build_shell

ANNA = Actor(id="u1", name="anna", roles=("analyst",), session="s1")
POLICY = "default-src 'none'; script-src 'self' 'sha256-abc='"


class Known:
    """``x-who: anna`` is a session; ``authorization: good`` a token."""

    def __init__(self) -> None:
        self.people: dict[str, Actor] = {"anna": ANNA}

    async def authenticate(self, headers: Mapping[str, str]) -> Actor:
        if headers.get("authorization") == "good":
            return Actor(id="t1", name="script", kind="token", roles=("auditor",))
        return self.people.get(headers.get("x-who", ""), ANONYMOUS)


class SignedInOnly:
    """Lets everybody who is signed in do everything."""

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(allowed=bool(actor.id), rule="test")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        if not actor.id:
            raise AppError(ErrorKind.UNAUTHENTICATED, "infra.web.sign_in_first", place=action)


class Form(BaseModel):
    password: str
    age: int


def small_router() -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    @router.get("/me")
    async def me() -> dict[str, str]:
        return {"name": current_actor.get().name}

    @router.post("/form")
    async def form(form: Form) -> dict[str, int]:
        return {"age": form.age}

    @router.post("/sink")
    async def sink(body: dict[str, object]) -> dict[str, int]:
        return {"keys": len(body)}

    @router.get("/broken")
    async def broken() -> None:
        raise ValueError("secret inside")

    @router.get("/refused")
    async def refused() -> None:
        raise AppError(ErrorKind.CONFLICT, "infra.web.no_page", place="here")

    return router


def small_pages(log: list[str]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_):
        log.append("pages up")
        yield
        log.append("pages down")

    pages = FastAPI(openapi_url=None, lifespan=lifespan)

    @pages.get("/ui/{path:path}")
    async def page(path: str) -> dict[str, str]:
        return {"page": path, "name": current_actor.get().name}

    @pages.post("/ui/_dash-update-component")
    async def callback() -> dict[str, str]:
        return {"name": current_actor.get().name}

    @pages.websocket("/ui/_dash-ws-callback")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(current_actor.get().name)
        async for text in websocket.iter_text():
            await websocket.send_text(text)
        log.append("socket ended")

    return pages


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def log():
    return []


@pytest.fixture
def measures():
    return Measures()


@pytest.fixture
def shell_of(known, log, measures):
    def build(**options):
        api = build_api(small_router(), access=SignedInOnly(), version="0", measures=measures)
        named = {"secure": False, "pages_policy": POLICY, **options}
        return build_shell(api, small_pages(log), known, ShellOptions(**named), measures)

    return build


@pytest.fixture
def client_of(shell_of):
    def build(who: str = "anna", **options) -> httpx.AsyncClient:
        secure = options.get("secure", False)
        base = "https://127.0.0.1:8600" if secure else "http://127.0.0.1:8600"
        transport = httpx.ASGITransport(shell_of(**options), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base, headers={"x-who": who})

    return build


@pytest.fixture
def client(client_of):
    return client_of()


async def run_lifespan(app) -> tuple[asyncio.Event, asyncio.Task, list[str]]:
    """Start an application's lifespan; set the event to end it."""
    end, sent = asyncio.Event(), []
    first = True

    async def receive():
        nonlocal first
        if first:
            first = False
            return {"type": "lifespan.startup"}
        await end.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message):
        sent.append(message["type"])

    return end, asyncio.create_task(app({"type": "lifespan"}, receive, send)), sent
