"""The doors that speak OpenSearch's dialect, so that shippers deliver unchanged: probes, templates, ``_bulk``.

``GET /`` answers version 7.10.2, OpenSearch's own compatibility value: the one number that Filebeat OSS 7.12, Vector
and Logstash's opensearch output all accept. Templates and policies are acknowledged and ignored: the schema is ours.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from collectors.frames import FrameKind
from collectors.receivers.bulk import BulkReader
from collectors.receivers.http import Delivery, Doors, door
from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame
from infra.ids import new_id

_JSON = "application/json; charset=UTF-8"
_ERROR_TYPES = {
    ErrorKind.INVALID: "parse_exception",
    ErrorKind.UNAUTHENTICATED: "security_exception",
    ErrorKind.FORBIDDEN: "security_exception",
    ErrorKind.NOT_FOUND: "resource_not_found_exception",
    ErrorKind.TOO_LARGE: "content_too_long_exception",
    ErrorKind.RATE_LIMITED: "rejected_execution_exception",
    ErrorKind.UNAVAILABLE: "unavailable_shards_exception",
}
_ACKNOWLEDGED = b'{"acknowledged":true}'
_HEALTH = (
    b'{"cluster_name":"yaodun","status":"green","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1,'
    b'"active_primary_shards":1,"active_shards":1,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":0,'
    b'"delayed_unassigned_shards":0,"number_of_pending_tasks":0,"number_of_in_flight_fetch":0,'
    b'"task_max_waiting_in_queue_millis":0,"active_shards_percent_as_number":100.0}'
)


def opensearch_routes(doors: Doors, cluster: str = "yaodun") -> Sequence[BaseRoute]:
    """Routes of the dialect. ``doors.options["product_header"]`` (off by default) adds the header some clients insist
    on.
    """
    reader = BulkReader()
    banner = _banner(cluster)

    async def root(_: Delivery) -> Response:
        return _json(banner, doors)

    async def health(_: Delivery) -> Response:
        return _json(_HEALTH, doors)

    async def acknowledge(delivery: Delivery) -> Response:
        return _json(_ACKNOWLEDGED if delivery.request.method == "PUT" else b"{}", doors)

    async def bulk(delivery: Delivery) -> Response:
        return await _bulk(reader, delivery)

    async def one(delivery: Delivery) -> Response:
        return await _one(reader, delivery)

    def at(path: str, answer: object, *methods: str) -> Route:
        return Route(path, door(doors, answer, _explain), methods=list(methods))  # type: ignore[arg-type]

    return [
        at("/", root, "GET", "HEAD"),
        at("/_cluster/health", health, "GET", "HEAD"),
        at("/_cluster/health/{index}", health, "GET", "HEAD"),
        at("/_template/{name:path}", acknowledge, "GET", "HEAD", "PUT"),
        at("/_index_template/{name:path}", acknowledge, "GET", "HEAD", "PUT"),
        at("/_component_template/{name:path}", acknowledge, "GET", "HEAD", "PUT"),
        at("/_ilm/policy/{name:path}", acknowledge, "GET", "HEAD", "PUT"),
        at("/_ingest/pipeline/{name:path}", acknowledge, "GET", "HEAD", "PUT"),
        at("/_bulk", bulk, "POST", "PUT"),
        at("/{index}/_bulk", bulk, "POST", "PUT"),
        at("/{index}/{type}/_bulk", bulk, "POST", "PUT"),
        at("/{index}/_doc", one, "POST"),
        at("/{index}/_doc/{id}", one, "POST", "PUT"),
        at("/{index}/_create/{id}", one, "POST", "PUT"),
    ]


async def _bulk(reader: BulkReader, delivery: Delivery) -> Response:
    began = time.monotonic()
    index = delivery.request.path_params.get("index", "")
    try:
        result = reader.read(delivery.body, index, new_id())
    except AppError as error:
        error.detail["records"] = max(1, (delivery.body.count(b"\n") + 1) // 2)
        raise
    if result.refused:
        delivery.refuse(result.refused, "append_only")
    now = time.time_ns()
    meta = {"index": index} if index else {}
    await delivery.doors.sink.accept(
        [
            Frame(delivery.source, FrameKind.BULK, count, now, body, peer=delivery.peer, meta=meta)
            for body, count in result.frames
        ]
    )
    return _json(result.reply(int((time.monotonic() - began) * 1000)), delivery.doors)


async def _one(reader: BulkReader, delivery: Delivery) -> Response:
    parameters = delivery.request.path_params
    target = {"_index": parameters["index"], **({"_id": parameters["id"]} if "id" in parameters else {})}
    document = delivery.body.replace(b"\r\n", b" ").replace(b"\n", b" ")
    line = msgspec.json.encode({"create": target})
    result = reader.read(line + b"\n" + document, "", new_id())
    meta = {"index": parameters["index"]}
    body, count = result.frames[0]
    frame = Frame(delivery.source, FrameKind.BULK, count, time.time_ns(), body, peer=delivery.peer, meta=meta)
    await delivery.doors.sink.accept([frame])
    return _json(result.items[0][len(b'{"create":') : -1], delivery.doors, 201)


def _json(body: bytes, doors: Doors, status: int = 200) -> Response:
    response = Response(body, status, media_type=_JSON)
    if doors.options.get("product_header"):
        response.headers["x-elastic-product"] = doors.options["product_header"]
    return response


def _explain(error: AppError) -> Response:
    kind = _ERROR_TYPES.get(error.kind, "exception")
    reason = {"type": kind, "reason": str(error)}
    body = msgspec.json.encode({"error": {"root_cause": [reason], **reason}, "status": error.status})
    return Response(body, error.status, media_type=_JSON)


def _banner(cluster: str) -> bytes:
    version = {
        "distribution": "opensearch",
        "number": "7.10.2",
        "build_type": "tar",
        "build_hash": "unknown",
        "build_date": "2026-01-01T00:00:00Z",
        "build_snapshot": False,
        "lucene_version": "9.0.0",
        "minimum_wire_compatibility_version": "7.10.0",
        "minimum_index_compatibility_version": "7.0.0",
    }
    answer = {
        "name": cluster,
        "cluster_name": cluster,
        "cluster_uuid": "eWFvZHVuLXNvYy1pbmdlc3Q",
        "version": version,
        "tagline": "The OpenSearch Project: https://opensearch.org/",
    }
    return msgspec.json.encode(answer)
