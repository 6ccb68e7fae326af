"""The HTTP doors for shippers: one ASGI application, every request authenticated as a source, nothing answered before
fsync."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from collectors.receivers.decompression import decompress, too_large
from collectors.receivers.seams import Refusals, SourceAuthenticator
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink

MAX_BODY = 32 << 20
"""Largest body, unpacked, in bytes."""
RETRY_AFTER_S = 1
_log = logging.getLogger(__name__)

Answer = Callable[["Delivery"], Awaitable[Response]]
Explain = Callable[[AppError], Response]


@dataclass(slots=True)
class Doors:
    """What every door of the application works with."""

    sink: EventSink
    authenticator: SourceAuthenticator
    refusals: Refusals
    max_body: int = MAX_BODY
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Delivery:
    """One authenticated request: where it comes from and its unpacked body."""

    doors: Doors
    request: Request
    source: str
    body: bytes

    @property
    def peer(self) -> str:
        """Address of the sender."""
        return self.request.client.host if self.request.client else ""

    def refuse(self, records: int, reason: str) -> None:
        """Charge ``records`` that will not be taken to this source."""
        self.doors.refusals.refuse(self.source, max(1, records), reason)


def door(
    doors: Doors, answer: Answer, explain: Explain, *, encoded: bool = True
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint: authenticates, reads the body within bounds, answers; failures are told in the dialect of
    ``explain``."""

    async def endpoint(request: Request) -> Response:
        source = None
        try:
            source = await doors.authenticator.authenticate(
                {key.lower(): text for key, text in request.headers.items()}
            )
            if source is None:
                raise AppError(ErrorKind.UNAUTHENTICATED, "collectors.source_token_needed")
            return await answer(Delivery(doors, request, source, await _body(request, doors.max_body, encoded=encoded)))
        except AppError as error:
            if source is not None and error.kind in (ErrorKind.INVALID, ErrorKind.TOO_LARGE):
                doors.refusals.refuse(source, error.detail.get("records", 1), error.message_key)
            return _marked(explain(error), error)
        except ClientDisconnect:
            return Response(status_code=400)

    return endpoint


def application(routes: Sequence[BaseRoute]) -> Starlette:
    """The ASGI application of ``routes``."""
    return Starlette(routes=list(routes))


async def _body(request: Request, limit: int, *, encoded: bool) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
    body = b"".join(parts)
    return decompress(body, request.headers.get("content-encoding", ""), limit) if encoded else body


def _marked(response: Response, error: AppError) -> Response:
    if error.kind in (ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE):
        response.headers["retry-after"] = str(RETRY_AFTER_S)
    if error.kind is ErrorKind.UNAUTHENTICATED:
        response.headers["www-authenticate"] = 'Basic realm="yaodun", charset="UTF-8"'
    return response
