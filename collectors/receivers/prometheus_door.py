"""``POST /api/v1/write``: Prometheus remote-write 1.0, snappy-packed protobuf. 204 after fsync; 400 is dropped by the
sender, 429 and 503 are sent again, as the protocol has it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import snappy
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from collectors.frames import FrameKind
from collectors.protobuf_wire import varint
from collectors.receivers.decompression import too_large
from collectors.receivers.http import Delivery, Doors, door
from collectors.remote_write import read_samples
from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame


def prometheus_routes(doors: Doors) -> Sequence[BaseRoute]:
    """The one route of the protocol."""
    return [Route("/api/v1/write", door(doors, _write, _explain, encoded=False), methods=["POST"])]


async def _write(delivery: Delivery) -> Response:
    media = delivery.request.headers.get("content-type", "")
    if "io.prometheus.write.v2" in media:
        return PlainTextResponse("remote-write 1.0 is spoken here; set protobuf_message: prometheus.WriteRequest", 415)
    body = unsnappy(delivery.body, delivery.doors.max_body)
    try:
        count = sum(1 for _ in read_samples(body))
    except (ValueError, UnicodeDecodeError):
        raise AppError(ErrorKind.INVALID, "collectors.protobuf_broken") from None
    if count:
        frame = Frame(delivery.source, FrameKind.REMOTE_WRITE, count, time.time_ns(), body, peer=delivery.peer)
        await delivery.doors.sink.accept([frame])
    return Response(status_code=204)


def unsnappy(body: bytes, limit: int) -> bytes:
    """``body`` unpacked; the size it announces is checked before a byte of it is unpacked."""
    try:
        size, _ = varint(memoryview(body), 0)
        if size > limit:
            raise too_large(limit)
        return bytes(snappy.uncompress(body))
    except AppError:
        raise
    except Exception:  # noqa: BLE001 - the library raises its own and its backend's errors
        raise AppError(ErrorKind.INVALID, "collectors.body_broken", encoding="snappy") from None


def _explain(error: AppError) -> Response:
    return PlainTextResponse(str(error), error.status)
