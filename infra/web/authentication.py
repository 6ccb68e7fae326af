"""Who is asking, for HTTP and WebSocket alike: sets ``current_actor``, and keeps strangers before the doors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.errors import AppError, ErrorKind
from infra.web.doors import Doors
from infra.web.seams import Actor, Authenticator, current_actor

CUT_AFTER_S = 0.4
"""How often an open WebSocket asks whether its session still stands; with the authenticator's half second of memory a
session that was ended is cut within a second."""
SIGNED_OUT = 4401
"""WebSocket close code: sign in again."""


class Authentication:
    """Asks the authenticator; a stranger gets a redirection to sign in, or a 401."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, doors: Doors) -> None:
        self._app = app
        self._authenticator = authenticator
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = joined(Headers(scope=scope))
        actor = await self._authenticator.authenticate(headers)
        if not actor.id and not self._doors.is_open(scope["path"]):
            await self._send_away(scope, receive, send)
            return
        token = current_actor.set(actor)
        try:
            if scope["type"] == "websocket" and actor.session:
                await self._watched(scope, receive, send, headers, actor)
            else:
                await self._app(scope, receive, send)
        finally:
            current_actor.reset(token)

    async def _send_away(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and self._doors.is_page(path):
            query = scope.get("query_string", b"").decode("latin-1")
            wanted = quote(path + ("?" + query if query else ""), safe="/")
            answer = RedirectResponse(f"{self._doors.sign_in}?next={wanted}", status_code=303)
            await answer(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": ""})
            return
        raise AppError(ErrorKind.UNAUTHENTICATED, "infra.web.sign_in_first", place=path[:200])

    async def _watched(
        self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str], actor: Actor
    ) -> None:
        """Run the WebSocket; when the session ends, the application sees a disconnection, the browser a close."""
        ended = asyncio.Event()
        watch = asyncio.create_task(self._until_ended(headers, actor, ended))
        try:
            await self._app(scope, _cut(receive, ended), _cut_off(send, ended))
        finally:
            watch.cancel()
            if ended.is_set():
                await _close(send)

    async def _until_ended(self, headers: Mapping[str, str], actor: Actor, ended: asyncio.Event) -> None:
        while True:
            await asyncio.sleep(CUT_AFTER_S)
            now = await self._authenticator.authenticate(headers)
            if (now.id, now.session, now.roles) != (actor.id, actor.session, actor.roles):
                ended.set()
                return


def joined(headers: Headers) -> dict[str, str]:
    """Headers by lower-case name; several of one name joined as HTTP says (cookies with a semicolon)."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        separator = "; " if name == "cookie" else ", "
        found[name] = f"{found[name]}{separator}{value}" if name in found else value
    return found


def _cut(receive: Receive, ended: asyncio.Event) -> Receive:
    async def until() -> Message:
        waiting = asyncio.ensure_future(receive())
        over = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait((waiting, over), return_when=asyncio.FIRST_COMPLETED)
            if not ended.is_set() and waiting.done():
                return waiting.result()
            return {"type": "websocket.disconnect", "code": SIGNED_OUT, "reason": ""}
        finally:
            over.cancel()
            waiting.cancel()

    return until


def _cut_off(send: Send, ended: asyncio.Event) -> Send:
    async def unless(message: Message) -> None:
        if not ended.is_set():
            await send(message)

    return unless


async def _close(send: Send) -> None:
    try:
        await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": ""})
    except (RuntimeError, OSError):
        return  # the other side was quicker
