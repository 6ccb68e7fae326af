"""OTLP exports: read from protobuf or JSON, counted, and walked record by record."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from collectors.frames import FrameKind
from infra.errors import AppError, ErrorKind

MAX_DEPTH = 20


def read_export(body: bytes, kind: FrameKind, *, json: bool) -> Any:
    """The request message of ``kind``; ``AppError(INVALID)`` where ``body`` is none."""
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError

    message = _message(kind)
    try:
        if not json:
            message.ParseFromString(body)
        else:
            json_format.Parse(body, message, ignore_unknown_fields=True, max_recursion_depth=MAX_DEPTH * 4)
            _mend_ids(message, kind)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, ValueError, RecursionError):
        raise AppError(ErrorKind.INVALID, "collectors.otlp_broken") from None
    return message


def _message(kind: FrameKind) -> Any:
    if kind is FrameKind.OTLP_LOGS:
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

        return ExportLogsServiceRequest()
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    return ExportMetricsServiceRequest()


def _mend_ids(message: Any, kind: FrameKind) -> None:
    """OTLP writes ids in hex where protobuf's JSON expects base64: what was misread as base64 is turned back."""
    if kind is not FrameKind.OTLP_LOGS:
        return
    for _, _, record in log_records(message):
        for field in ("trace_id", "span_id"):
            if value := getattr(record, field):
                setattr(record, field, bytes.fromhex(base64.b64encode(value).decode()))


def count_records(export: Any) -> int:
    """How many log records there are."""
    return sum(len(scope.log_records) for resource in export.resource_logs for scope in resource.scope_logs)


def log_records(export: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Resource, scope and record of each."""
    for resource in export.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                yield resource.resource, scope.scope, record


def count_points(export: Any) -> int:
    """How many data points there are."""
    return sum(1 for _ in data_points(export))


def data_points(export: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Resource, metric and data point of each."""
    for resource in export.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                if kind:
                    for point in getattr(metric, kind).data_points:
                        yield resource.resource, metric, point


def attributes(pairs: Any) -> dict[str, Any]:
    """Attributes as plain values."""
    return {pair.key: plain(pair.value) for pair in pairs}


def plain(value: Any, depth: int = 0) -> Any:
    """An ``AnyValue`` as text, number, truth, list or dict; None where it is empty or nested too deep."""
    kind = value.WhichOneof("value")
    if kind is None or depth > MAX_DEPTH:
        return None
    if kind == "array_value":
        return [plain(item, depth + 1) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: plain(pair.value, depth + 1) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind)
