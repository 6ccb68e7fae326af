"""Serving an ASGI application inside a service that owns its signals."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp


class QuietServer(uvicorn.Server):
    """A server that leaves SIGTERM and SIGINT to the service around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Serving:
    """One listening server. ``start`` returns when it answers, ``stop`` when it has let go of the port."""

    def __init__(self, server: uvicorn.Server) -> None:
        self._server = server
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the port; raises what the server raised where it cannot."""
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise RuntimeError("the server ended before it started")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish running requests for a few seconds, then close."""
        self._server.should_exit = True
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def plain_server(application: ASGIApp, host: str, port: int) -> uvicorn.Server:
    """A server without lifespan, for applications that are doors only."""
    config = uvicorn.Config(
        application, host=host, port=port, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=3, lifespan="off", log_level="warning",
    )  # fmt: skip
    return QuietServer(config)
