"""One port, two applications: pages under their prefix, everything else to the API; both lifespans are entered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

Lifespan = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens what an application needs while it runs."""


class Split:
    """Dispatches by path without rewriting it; runs ``lifespans`` in order at start, backwards at the end.

    Starlette does not run the lifespan of a mounted application, and Dash loses its request context when it is mounted
    on a prefix: hence no mount.
    """

    def __init__(self, api: ASGIApp, pages: ASGIApp | None, prefix: str, lifespans: tuple[Lifespan, ...]) -> None:
        self._api = api
        self._pages = pages
        self._prefix = prefix
        self._lifespans = lifespans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if self._pages is not None and (path == self._prefix or path.startswith(self._prefix + "/")):
            await self._pages(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with AsyncExitStack() as stack:
                for lifespan in self._lifespans:
                    await stack.enter_async_context(lifespan())
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})
