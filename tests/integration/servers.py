"""Real servers for integration tests, on ports the system chooses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.types import ASGIApp


@contextlib.asynccontextmanager
async def http_server(app: ASGIApp) -> AsyncIterator[int]:
    """``app`` behind a real uvicorn; gives the port."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[sock]))
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        await task


def need(program: str, package: str) -> str:
    """The path of ``program``, or a skip that names the package to install."""
    import shutil

    import pytest

    path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
    if path is None:
        pytest.skip(f"{program} is not here: apt-get install {package}")
    return path


async def run(*command: str, stdin: bytes | None = None, timeout_s: float = 60.0) -> None:
    """Runs ``command``; its failure is the test's."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(timeout_s):
        _, errors = await process.communicate(stdin)
    assert process.returncode == 0, errors.decode(errors="replace")
