"""A number for every request: in the context, in the answer, in the log, and on error pages."""

from __future__ import annotations

import logging
from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.ids import new_id

current_request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestId:
    """Gives each request an id of our own making; one that a client sends is not trusted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = new_id()
        token = current_request_id.set(number)

        async def numbered(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                MutableHeaders(scope=message)["x-request-id"] = number
            await send(message)

        try:
            await self._app(scope, receive, numbered)
        finally:
            current_request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Puts the id of the current request onto every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if number := current_request_id.get():
            record.request_id = number
        return True
