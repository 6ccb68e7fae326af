"""A site of fake rooms on a port: ``python -m tests.browser.site --mode full --port 23456``."""

from __future__ import annotations

import argparse
import logging
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.app import build_dash, csp
from dashboards.rooms import Rooms
from infra.clock import SystemClock
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import ANONYMOUS, Actor, current_actor
from infra.web.split import Split
from ops.evaluation.api import evaluation_router
from ops.filing.api import filing_router
from ops.grading.api import grading_router
from ops.portal.sheets.api import sheets_router
from ops.rulepacks import shipped_packs
from tests.browser.fake_events import event_store
from tests.browser.fake_rooms import fake_rooms

SECOND = Actor(id="u-forensic", name="取证员子", roles=("owner",), session="s-2")
"""Who the cookie ``yaodun_second`` stands for."""
ANALYST = Actor(id="u-analyst", name="值班员甲", roles=("analyst",), session="s-1")


class Signed:
    """Stands for the outer shell: an actor for every request, security headers on every answer."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self.app, self.policy = app, policy

    def _person(self, scope: Scope) -> Actor:
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        return SECOND if "yaodun_second" in cookies else ANALYST

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entrance = scope["type"] == "http" and scope["path"] == "/ui/sign-in"
        known = scope["type"] in ("http", "websocket") and not entrance
        current_actor.set(self._person(scope) if known else ANONYMOUS)

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", self.policy.encode())]
            await send(message)

        await self.app(scope, receive, headed)


def site(rooms: Rooms) -> ASGIApp:
    """The pages over these rooms, as the shell serves them."""
    inner, dash = build_dash(rooms)
    app: ASGIApp = Split(graded_api(rooms), inner, "/ui", ()) if rooms.graded else inner
    return Signed(app, csp(dash))


def graded_api(rooms: Rooms) -> FastAPI:
    """The API the pages of graded protection fetch files from and send files to."""
    graded, access = rooms.graded, rooms.authorizer
    assert graded is not None
    return build_api(
        filing_router(graded.filings, access, graded.blobs, graded.papers),
        sheets_router(graded.sheets),
        evaluation_router(
            graded.evaluations, graded.findings, graded.controls, shipped_packs(), access, graded.materials
        ),
        grading_router(access, rooms.clock, graded.gradings),
        access=access, version="t", measures=Measures(), home="/ui/",
    )  # fmt: skip


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The application on a free port of this process; its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.05)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="full", choices=("full", "first", "empty", "broken"))
    parser.add_argument("--port", type=int, default=23456)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    clock = SystemClock()
    events = None
    if given.mode in ("full", "first"):
        events = event_store(Path(tempfile.mkdtemp(prefix="site-")), clock)
    rooms = fake_rooms(given.mode, clock, events)
    if rooms.rules and given.mode == "full":
        rooms.rules().ruleset()
    uvicorn.run(site(rooms), port=given.port, log_level="info", ws="websockets-sansio")


if __name__ == "__main__":
    main()
