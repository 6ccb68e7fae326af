"""``POST /api/v1/business``: business events pushed by other systems, in any of the formats, answered with an account.

Every record is kept: the good ones become events, the others go to quarantine, and the answer says which and why.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from collectors.business.account import Account, Counting
from collectors.business.formats import Delivery as Written
from collectors.business.formats import format_of_media, lines_of
from collectors.receivers.http import Delivery, Doors, door
from infra.errors import AppError
from infra.events.frame import Frame

PATH = "/api/v1/business"


def business_routes(doors: Doors) -> Sequence[BaseRoute]:
    """The one route."""
    return [Route(PATH, door(doors, _take, _explain), methods=["POST"])]


async def _take(delivery: Delivery) -> Response:
    media = delivery.request.headers.get("content-type", "application/x-ndjson")
    received = datetime.now(UTC)
    written = Written(io.BytesIO(delivery.body), format_of_media(media), "body", received, {})
    frames, account = await asyncio.to_thread(_read, written, delivery)
    if frames:
        await delivery.doors.sink.accept(frames)
    return Response(msgspec.json.encode(account), media_type="application/json")


def _read(written: Written, delivery: Delivery) -> tuple[list[Frame], Account]:
    counting = Counting(delivery.source, written.received, lax=written.lax, peer=delivery.peer)
    return list(counting.frames(lines_of(written))), counting.account


def _explain(error: AppError) -> Response:
    problem = {"type": "about:blank", "title": error.kind.value, "status": error.status, "detail": str(error)}
    return Response(msgspec.json.encode(problem), error.status, media_type="application/problem+json")
