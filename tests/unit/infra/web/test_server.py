"""Over a real socket: HTTPS with the site's certificate, and WebSockets that end with their session."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from infra.web.certificate import site_certificate
from infra.web.server import server_of
from infra.web.serving import Serving


@asynccontextmanager
async def served(app, certificate=None):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = Serving(server_of(app, "127.0.0.1", port, certificate))
    async with asyncio.timeout(20):
        await serving.start()
    try:
        yield port
    finally:
        await serving.stop()


async def test_https_with_the_sites_certificate(shell_of, tmp_path):
    pair = site_certificate(tmp_path)
    context = ssl.create_default_context(cafile=str(pair.certificate))
    async with served(shell_of(secure=True), pair) as port, httpx.AsyncClient(verify=context) as client:
        answer = await client.get(f"https://localhost:{port}/healthz")
        assert answer.json() == {"status": "ok"}
        assert "server" not in answer.headers
        assert "strict-transport-security" in answer.headers


def session(port: int, who: str = "anna", **more: str):
    url = f"ws://127.0.0.1:{port}/ui/_dash-ws-callback"
    headers = {"x-who": who, "origin": f"http://127.0.0.1:{port}", **more}
    return connect(url, additional_headers=headers, proxy=None)


async def test_a_websocket_knows_its_actor_and_ends_with_the_session_within_a_second(shell_of, known, log):
    async with served(shell_of()) as port, session(port) as socket:
        assert await socket.recv() == "anna"
        await socket.send("hello")
        assert await socket.recv() == "hello"
        known.people.clear()
        async with asyncio.timeout(1.0):
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert socket.close_code == 4401
    assert log[-2:] == ["socket ended", "pages down"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
async def test_a_foreign_page_gets_no_websocket(shell_of, origin):
    async with served(shell_of()) as port:
        with pytest.raises(InvalidStatus) as caught:
            async with session(port, origin=origin):
                pass
        assert caught.value.response.status_code == 403


async def test_a_stranger_gets_no_websocket_where_pages_are_closed(shell_of):
    from infra.web.doors import Doors

    async with served(shell_of(doors=Doors(strangers_live=False))) as port:
        with pytest.raises(InvalidStatus):
            async with session(port, who=""):
                pass
