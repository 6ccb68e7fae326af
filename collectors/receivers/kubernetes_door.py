"""``POST /k8s/audit``: the webhook of the Kubernetes API server's audit log (``audit.k8s.io/v1`` EventList)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import orjson
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from collectors.frames import FrameKind
from collectors.receivers.http import Delivery, Doors, door
from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame


def kubernetes_routes(doors: Doors) -> Sequence[BaseRoute]:
    """The one route of the webhook."""
    return [Route("/k8s/audit", door(doors, _take, _explain), methods=["POST"])]


async def _take(delivery: Delivery) -> Response:
    try:
        tree = orjson.loads(delivery.body)
        items = tree["items"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise AppError(ErrorKind.INVALID, "collectors.event_list_broken") from None
    if not isinstance(items, list):
        raise AppError(ErrorKind.INVALID, "collectors.event_list_broken")
    if items:
        now = time.time_ns()
        frame = Frame(delivery.source, FrameKind.K8S_AUDIT, len(items), now, delivery.body, peer=delivery.peer)
        await delivery.doors.sink.accept([frame])
    return Response(status_code=200)


def _explain(error: AppError) -> Response:
    return PlainTextResponse(str(error), error.status)
