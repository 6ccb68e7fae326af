"""Two web processes beside each other: a session that is ended is cut in both, without anybody asking."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from infra.feed import Feed
from infra.records import open_records
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.server import server_of
from infra.web.serving import Serving
from infra.web.shell import ShellOptions, build_shell
from tests.fresh import records_url
from tests.unit.trust.identity.conftest import GOOD, actor_of
from trust.access import Access
from trust.identity import Identity
from trust.identity.authenticate import WebAuthenticator
from trust.identity.seal import Sealer
from trust.identity.tokens import Tokens


def pages() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.websocket("/ui/_dash-ws-callback")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    return app


@asynccontextmanager
async def web_process(database):
    """What one web process has of its own: a database connection, an authenticator, a feed, a server."""
    records = open_records(database)
    access, feed = Access(records), Feed(records)
    authenticator = WebAuthenticator(records, Tokens(records, access), secure=False)
    authenticator.listen(feed)
    api = build_api(access=access, version="0", measures=Measures())
    shell = build_shell(api, pages(), authenticator, ShellOptions(secure=False), Measures())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = Serving(server_of(shell, "127.0.0.1", port, None))
    feed.start()
    await serving.start()
    try:
        yield port
    finally:
        await serving.stop()
        await asyncio.to_thread(feed.stop)
        records.close()


@pytest.mark.parametrize("way", ["disabled", "ended", "reset"])
async def test_an_ended_session_is_cut_everywhere(records, passwords, way):
    identity = Identity(records, Access(records), Sealer(bytes(32)), passwords=passwords)
    first = identity.redeem_link(identity.open_first_start().secret, name="sys", password=GOOD)
    identity.redeem_link(first.links[0].secret, name="sec", password=GOOD)
    security = actor_of(identity.sign_in("sec", GOOD, "", "192.0.2.1"))
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.2")
    reset = identity.link(security, signed.person.id)
    async with AsyncExitStack() as stack:
        sockets = []
        for _ in range(2):
            port = await stack.enter_async_context(web_process(records_url(records)))
            headers = {"cookie": f"yaodun={signed.secret}", "origin": f"http://127.0.0.1:{port}"}
            url = f"ws://127.0.0.1:{port}/ui/_dash-ws-callback"
            sockets.append(await stack.enter_async_context(connect(url, additional_headers=headers, proxy=None)))
        for open_socket in sockets:
            await open_socket.send("here?")
            assert await open_socket.recv() == "here?"
        started = time.monotonic()
        if way == "disabled":
            identity.set_disabled(security, signed.person.id, True)
        elif way == "ended":
            identity.end_session(security, signed.session)
        else:
            identity.redeem_link(reset.secret, password="Blaue-Veilchen-88")
        for open_socket in sockets:
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(open_socket.recv(), 5)
            assert open_socket.close_code == 4401
        assert time.monotonic() - started < 3.0  # under a second on a machine that is not overloaded
