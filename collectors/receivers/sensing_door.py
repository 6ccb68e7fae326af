"""``POST /sensing/{topic}``: a reading of a device or gateway, its payload as it came, read by its topic's decoder."""

from __future__ import annotations

import time
from collections.abc import Sequence

from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from collectors.frames import FrameKind
from collectors.receivers.http import Delivery, Doors, door
from collectors.sensing.payload import MAX_PAYLOAD
from collectors.sensing.readings import Arrival, pack_arrivals
from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame

MAX_TOPIC = 512


def sensing_routes(doors: Doors) -> Sequence[BaseRoute]:
    """The one route."""
    return [Route("/sensing/{topic:path}", door(doors, _take, _explain), methods=["POST", "PUT"])]


async def _take(delivery: Delivery) -> Response:
    topic = str(delivery.request.path_params["topic"]).encode()
    if not 0 < len(topic) <= MAX_TOPIC:
        raise AppError(ErrorKind.INVALID, "collectors.sensing.topic", place="path")
    if len(delivery.body) > MAX_PAYLOAD:
        raise AppError(ErrorKind.TOO_LARGE, "collectors.sensing.payload_large", limit_kib=MAX_PAYLOAD >> 10)
    now = time.time_ns()
    body = pack_arrivals([Arrival(topic, delivery.body, now)])
    await delivery.doors.sink.accept([Frame(delivery.source, FrameKind.READINGS, 1, now, body, peer=delivery.peer)])
    return Response(status_code=202)


def _explain(error: AppError) -> Response:
    return PlainTextResponse(str(error), error.status)
