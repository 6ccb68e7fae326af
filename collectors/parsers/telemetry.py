"""OpenTelemetry logs and metrics and Prometheus samples as documents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from collectors.frames import FrameKind
from collectors.otlp import attributes, data_points, log_records, plain, read_export
from collectors.parsers.ecs_values import file_names, fit, relate
from collectors.parsers.flatten import flatten
from collectors.parsers.json_records import kept_name, read_json
from collectors.parsers.message import read_message
from collectors.parsers.records import Context, parsed, refused
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.tables import shipped_tables
from collectors.remote_write import Sample, read_samples
from infra.events.stream import Event, Stream
from infra.events.table import table

Answer = list[Parsed | Refused]
_RENAMED = {
    "service.instance.id": "host.id",
    "os.type": "host.os.type",
    "log.file.path": "log.file.path",
    "log.file.name": "log.file.path",
    "exception.message": "error.message",
    "client.address": "source.address",
    "net.peer.ip": "source.ip",
    "http.method": "http.request.method",
    "http.status_code": "http.response.status_code",
    "http.url": "url.original",
}
_UNITS = {"1": "", "By": "bytes", "s": "s", "ms": "ms"}


def split_otlp_logs(context: Context) -> Answer:
    """Log records of an export."""
    export = read_export(context.frame.body, FrameKind.OTLP_LOGS, json=False)
    answer: Answer = []
    for resource, scope, record in log_records(export):
        document = _log(context, resource, scope, record)
        answer.append(parsed(document))
    return answer


def _log(context: Context, resource: Any, scope: Any, record: Any) -> Event:
    body = plain(record.body)
    event: Event = {}
    for name, value in {**attributes(resource.attributes), **attributes(record.attributes)}.items():
        _put(event, name, value)
    if moment := _moment(record.time_unix_nano or record.observed_time_unix_nano):
        event["@timestamp"] = moment
    for name, value in (
        ("log.level", record.severity_text),
        ("event.severity", record.severity_number),
        ("log.logger", scope.name),
        ("event.action", record.event_name),
        ("trace.id", record.trace_id.hex()),
        ("span.id", record.span_id.hex()),
    ):
        if value:
            event.setdefault(name, value)
    parser, fields, text = _body(context, body, event)
    event = {**event, **{name: value for name, value in fields.items() if name not in event or name == "@timestamp"}}
    event.setdefault("message", text)
    document = {**context.inherited, **event}
    document["event.original"] = text
    document["yaodun.raw.bytes"] = record.SerializeToString()
    document["yaodun.parser"] = f"otlp/{parser}" if parser else "otlp"
    file_names(document)
    relate(document)
    return document


def _body(context: Context, body: Any, event: Event) -> tuple[str, Event, str]:
    if isinstance(body, dict):
        return "", flatten(body), orjson.dumps(body, default=str).decode()
    if not isinstance(body, str):
        return "", {}, "" if body is None else orjson.dumps(body, default=str).decode()
    if body.lstrip()[:1] == "{":
        try:
            tree = orjson.loads(body)
        except orjson.JSONDecodeError:
            tree = None
        if isinstance(tree, dict) and (known := next(read_json(tree, context.clock), None)):
            return known[0], known[1], body
    path = event.get("log.file.path")
    found = shipped_tables().for_path(path) if isinstance(path, str) else None
    if found is not None and (fields := found.read(body, context.clock)) is not None:
        return found.name, fields, body
    program = event.get("process.name") or event.get("service.name") or ""
    return *read_message(body, program if isinstance(program, str) else "", context.clock), body


def _put(event: Event, name: str, value: Any) -> None:
    """An attribute under its ECS name where it fits there, else under ``otel.`` and its own."""
    name = kept_name(_RENAMED.get(name, name))
    if value is None or name in event:
        return
    if isinstance(value, dict):
        event.update({f"otel.{key}": item for key, item in flatten(value, f"{name}.").items()})
        return
    if table().get(name) is None:
        event[name] = value
        return
    fitting = fit(name, value)
    event[name if fitting is not None else f"otel.{name}"] = value if fitting is None else fitting


def split_otlp_metrics(context: Context) -> Answer:
    """Data points of an export; those with a distribution give their count and sum."""
    export = read_export(context.frame.body, FrameKind.OTLP_METRICS, json=False)
    answer: Answer = []
    for resource, metric, point in data_points(export):
        labels = {**attributes(resource.attributes), **attributes(point.attributes)}
        values = _values(metric.name, point)
        for number, (name, value) in enumerate(values):
            document = _metric(context, name, value, labels)
            document["yaodun.metric.unit"] = _UNITS.get(metric.unit, metric.unit)
            if moment := _moment(point.time_unix_nano):
                document["@timestamp"] = moment
            answer.append(parsed(document, Stream.METRICS, records=0 if number else 1))
    return answer


def _values(name: str, point: Any) -> list[tuple[str, float]]:
    if hasattr(point, "as_double"):
        which = point.WhichOneof("value")
        return [(name, float(getattr(point, which)) if which else 0.0)]
    return [(f"{name}.count", float(point.count)), (f"{name}.sum", float(point.sum))]


def split_remote_write(context: Context) -> Answer:
    """Samples of Prometheus; a stale marker is no value and is refused as such."""
    answer: Answer = []
    for sample in read_samples(context.frame.body):
        if not sample.finite:
            raw = orjson.dumps(sample.labels)
            answer.append(refused("no_value", "yaodun.metric.value", "the sample is not a finite number (stale)", raw))
        else:
            answer.append(parsed(_sample(context, sample), Stream.METRICS))
    return answer


def _sample(context: Context, sample: Sample) -> Event:
    labels = {name: value for name, value in sample.labels.items() if name != "__name__"}
    document = _metric(context, sample.name, sample.value, labels)
    document["@timestamp"] = datetime.fromtimestamp(sample.time_ms / 1000, UTC)
    return document


def _metric(context: Context, name: str, value: float, labels: dict[str, Any]) -> Event:
    document: Event = {
        **context.inherited,
        "event.kind": "metric",
        "event.module": "telemetry",
        "yaodun.metric.name": name,
        "yaodun.metric.value": value,
        "yaodun.metric.labels": labels,
        "yaodun.parser": context.frame.kind,
    }
    instance = labels.get("instance") or labels.get("service.instance.id") or labels.get("host.name")
    if isinstance(instance, str):
        document["yaodun.metric.instance"] = instance
    if isinstance(host := labels.get("host.name") or labels.get("instance"), str):
        document.setdefault("host.name", host.rpartition(":")[0] or host)
    return document


def _moment(nanoseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC) if nanoseconds else None
    except (ValueError, OverflowError, OSError):
        return None
