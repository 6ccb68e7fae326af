"""``POST /v1/logs`` and ``/v1/metrics``: OTLP/HTTP 1.x in protobuf and JSON. Answers in the media type it was asked
in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from collectors.frames import FrameKind
from collectors.otlp import count_points, count_records, read_export
from collectors.receivers.http import Delivery, Doors, door
from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_CODES = {ErrorKind.INVALID: 3, ErrorKind.UNAUTHENTICATED: 16, ErrorKind.RATE_LIMITED: 8, ErrorKind.TOO_LARGE: 8}
_UNAVAILABLE = 14


def otlp_routes(doors: Doors) -> Sequence[BaseRoute]:
    """The routes of logs and metrics."""

    async def logs(delivery: Delivery) -> Response:
        return await _take(delivery, FrameKind.OTLP_LOGS, count_records)

    async def metrics(delivery: Delivery) -> Response:
        return await _take(delivery, FrameKind.OTLP_METRICS, count_points)

    return [
        Route("/v1/logs", door(doors, logs, _explain), methods=["POST"]),
        Route("/v1/metrics", door(doors, metrics, _explain), methods=["POST"]),
    ]


async def _take(delivery: Delivery, kind: FrameKind, count_of: Callable[[Any], int]) -> Response:
    json = _wants_json(delivery.request)
    export = read_export(delivery.body, kind, json=json)
    count = count_of(export)
    if count:
        body = export.SerializeToString() if json else delivery.body
        await delivery.doors.sink.accept(
            [Frame(delivery.source, kind, count, time.time_ns(), body, peer=delivery.peer)]
        )
    return Response(b"{}" if json else b"", media_type=_JSON if json else _PROTOBUF)


def _wants_json(request: Request) -> bool:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in (_JSON, _PROTOBUF):
        return media == _JSON
    raise AppError(ErrorKind.INVALID, "collectors.otlp_media_type", media=media[:64])


def _explain(error: AppError) -> Response:
    """A ``google.rpc.Status`` in JSON, which clients read whatever they sent; only the status code decides about a
    retry.
    """
    code = _CODES.get(error.kind, _UNAVAILABLE)
    return Response(msgspec.json.encode({"code": code, "message": str(error)}), error.status, media_type=_JSON)
