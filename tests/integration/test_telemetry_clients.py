"""OpenTelemetry's own exporter, remote-write and the audit webhook deliver; syslog over TLS from openssl."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import json
import ssl
import struct
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import snappy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from collectors.parsers import Parsed, ShippedParsers
from collectors.receivers.doors import ingest_application
from collectors.receivers.http import Doors
from collectors.receivers.syslog_tcp import SyslogTcpReceiver
from infra.events.stream import Stream
from tests.integration.servers import http_server, need, run
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink, OneSource

pytestmark = pytest.mark.integration
TOKEN = {"authorization": "Bearer right"}


def made(sink: KeepingSink) -> Any:
    return ingest_application(Doors(sink, OneSource(), CountingRefusals(), max_body=1 << 20))  # type: ignore[arg-type]


def client(sink: KeepingSink) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(made(sink)), base_url="http://x", headers=TOKEN)


async def test_the_python_exporter_delivers_every_record() -> None:
    sink = KeepingSink()
    async with http_server(made(sink)) as port:

        def send() -> None:
            provider = LoggerProvider(Resource.create({"service.name": "shop", "host.name": "web1"}))
            exporter = OTLPLogExporter(f"http://127.0.0.1:{port}/v1/logs", headers=TOKEN)
            provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
            logger = provider.get_logger("orders")
            for number in range(20):
                logger.emit(
                    LogRecord(
                        timestamp=time.time_ns(),
                        severity_text="WARN",
                        severity_number=SeverityNumber.WARN,
                        body=f"order {number} of 药品",
                        attributes={"http.response.status_code": 503},
                    )
                )
            provider.shutdown()

        await asyncio.to_thread(send)
    documents = [each.document for each in sink.parsed()]
    assert [d["message"] for d in documents] == [f"order {n} of 药品" for n in range(20)]
    assert {d["service.name"] for d in documents} == {"shop"}
    assert {d["host.name"] for d in documents} == {"web1"}
    assert {d["http.response.status_code"] for d in documents} == {503}
    assert {d["log.level"] for d in documents} == {"WARN"}
    assert all(abs(d["@timestamp"].timestamp() - time.time()) < 60 for d in documents)


LOGS = {
    "resourceLogs": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "sshd"}}]},
            "scopeLogs": [
                {
                    "logRecords": [
                        {
                            "timeUnixNano": "1795565000000000000",
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "eee19b7ec3c1b174",
                            "severityText": "INFO",
                            "body": {"stringValue": "Failed password for root from 192.0.2.1 port 22 ssh2"},
                            "attributes": [{"key": "process.pid", "value": {"stringValue": "none"}}],
                        }
                    ]
                }
            ],
        }
    ]
}


async def test_json_export_and_a_message_that_our_tables_know() -> None:
    sink = KeepingSink()
    async with client(sink) as sender:
        body = gzip.compress(json.dumps(LOGS).encode())
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        reply = await sender.post("/v1/logs", content=body, headers=headers)
    assert (reply.status_code, reply.json()) == (200, {})
    (event,) = sink.parsed()
    assert event.document["trace.id"] == "5b8efff798038103d269b633813fc60c"
    assert event.document["span.id"] == "eee19b7ec3c1b174"
    assert event.document["source.ip"] == "192.0.2.1"
    assert event.document["event.outcome"] == "failure"
    assert event.document["otel.process.pid"] == "none"


async def test_metrics_of_every_kind_are_counted_by_data_point() -> None:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    scope = resource.scope_metrics.add()
    gauge = scope.metrics.add(name="queue.length", unit="1")
    for number in range(3):
        gauge.gauge.data_points.add(as_int=number, time_unix_nano=1_795_565_000_000_000_000)
    histogram = scope.metrics.add(name="latency", unit="ms")
    histogram.histogram.data_points.add(count=4, sum=10.0, time_unix_nano=1_795_565_000_000_000_000)
    sink = KeepingSink()
    async with client(sink) as sender:
        headers = {"content-type": "application/x-protobuf"}
        reply = await sender.post("/v1/metrics", content=request.SerializeToString(), headers=headers)
    assert reply.status_code == 200
    assert reply.content == b""
    assert sink.count == 4
    values = [(e.document["yaodun.metric.name"], e.document["yaodun.metric.value"]) for e in sink.parsed()]
    assert values == [
        ("queue.length", 0),
        ("queue.length", 1),
        ("queue.length", 2),
        ("latency.count", 4),
        ("latency.sum", 10),
    ]
    assert {each.stream for each in sink.parsed()} == {Stream.METRICS}


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/logs", b"\xff\xff", {"content-type": "application/x-protobuf"}, 400),
        ("/v1/logs", b"{nope", {"content-type": "application/json"}, 400),
        ("/v1/logs", b"{}", {"content-type": "text/plain"}, 400),
        ("/v1/logs", b'{"resourceLogs":' + b"[" * 2_000, {"content-type": "application/json"}, 400),
        ("/api/v1/write", b"\xff\xff\xff\xff\x7f" + b"x", {}, 413),
        ("/api/v1/write", snappy.compress(b"\0" * (900 << 10)), {}, 400),
        ("/api/v1/write", b"\x05nope", {}, 400),
        ("/api/v1/write", b"", {"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}, 415),
        ("/k8s/audit", b"[]", {}, 400),
        ("/k8s/audit", b'{"items":7}', {}, 400),
    ],
)
async def test_hostile_bodies_are_refused_clearly(path: str, body: bytes, headers: dict[str, str], status: int) -> None:
    sink = KeepingSink()
    async with client(sink) as sender:
        reply = await sender.post(path, content=body, headers=headers)
    assert reply.status_code == status
    assert reply.text
    assert sink.count == 0


async def test_a_full_spool_is_told_in_each_dialect() -> None:
    async with client(KeepingSink(busy=9)) as sender:
        replies = [
            await sender.post("/v1/logs", json=LOGS),
            await sender.post("/api/v1/write", content=snappy.compress(write_request([("a", 1.0, 1)]))),
            await sender.post("/k8s/audit", json={"items": [{}]}),
        ]
    assert [reply.status_code for reply in replies] == [429] * 3
    assert all(reply.headers["retry-after"] for reply in replies)


def write_request(samples: list[tuple[str, float, int]]) -> bytes:
    """A ``WriteRequest`` by protobuf's own encoder, from its published schema."""
    file = descriptor_pb2.FileDescriptorProto(name="remote_test.proto", package="t", syntax="proto3")
    for name, fields in {
        "Label": [("name", 9, 1, ""), ("value", 9, 1, "")],
        "Sample": [("value", 1, 1, ""), ("timestamp", 3, 1, "")],
        "TimeSeries": [("labels", 11, 3, ".t.Label"), ("samples", 11, 3, ".t.Sample")],
        "WriteRequest": [("timeseries", 11, 3, ".t.TimeSeries")],
    }.items():
        message = file.message_type.add(name=name)
        for number, (field, kind, label, type_name) in enumerate(fields, 1):
            made = message.field.add(name=field, number=number, type=kind, label=label)
            if type_name:
                made.type_name = type_name
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    request = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.WriteRequest"))()
    for name, value, moment in samples:
        series = request.timeseries.add()
        for key, text in (("__name__", name), ("instance", "db1:9100"), ("job", "node")):
            series.labels.add(name=key, value=text)
        series.samples.add(value=value, timestamp=moment)
    return bytes(request.SerializeToString())


async def test_remote_write_takes_samples_and_refuses_stale_marks() -> None:
    stale = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
    body = write_request([("up", 1.0, 1_795_565_000_123), ("load", -2.5, 1_795_565_000_123), ("gone", stale, 5)])
    sink = KeepingSink()
    async with client(sink) as sender:
        headers = {"content-encoding": "snappy", "content-type": "application/x-protobuf"}
        reply = await sender.post("/api/v1/write", content=snappy.compress(body), headers=headers)
    assert reply.status_code == 204
    answer = ShippedParsers().parse(sink.frames[0])
    assert sum(each.records for each in answer) == sink.count == 3
    kept = [each.document for each in answer if isinstance(each, Parsed)]
    assert [(d["yaodun.metric.name"], d["yaodun.metric.value"]) for d in kept] == [("up", 1.0), ("load", -2.5)]
    assert kept[0]["@timestamp"] == datetime.datetime.fromtimestamp(1_795_565_000.123, datetime.UTC)
    assert kept[0]["yaodun.metric.labels"] == {"instance": "db1:9100", "job": "node"}
    assert kept[0]["host.name"] == "db1"


async def test_the_audit_webhook_of_kubernetes() -> None:
    items = [
        {
            "kind": "Event",
            "auditID": f"id-{n}",
            "stage": "ResponseComplete",
            "verb": "create",
            "user": {"username": "eve"},
            "sourceIPs": ["192.0.2.9"],
            "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "shop", "name": f"p{n}"},
            "responseStatus": {"code": 201},
            "annotations": {"authorization.k8s.io/decision": "allow"},
            "stageTimestamp": "2026-11-24T23:20:10.123456Z",
        }
        for n in range(3)
    ]
    sink = KeepingSink()
    async with client(sink) as sender:
        reply = await sender.post(
            "/k8s/audit", json={"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": items}
        )
    assert reply.status_code == 200
    events = sink.parsed()
    assert [each.identity for each in events] == [f"id-{n}/ResponseComplete" for n in range(3)]
    assert events[0].document["kubernetes.audit.objectRef.subresource"] == "exec"
    assert events[0].document["event.outcome"] == "success"
    assert events[0].document["source.ip"] == "192.0.2.9"


def certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_syslog_over_tls(tmp_path: Path) -> None:
    openssl = need("openssl", "openssl")
    sink = KeepingSink()
    receiver = SyslogTcpReceiver("127.0.0.1:0", CountingRefusals(), tls=certificate(tmp_path))
    await receiver.start(sink)
    messages = [b"<13>1 2026-11-24T23:20:10Z h app - - - order %d" % n for n in range(100)]
    stream = b"".join(b"%d %s" % (len(message), message) for message in messages)
    try:
        address = receiver.addresses[0].address
        await run(openssl, "s_client", "-quiet", "-no_ign_eof", "-connect", address, stdin=stream)
        await sink.until(100)
    finally:
        await receiver.stop()
    assert [each.document["message"] for each in sink.parsed()] == [f"order {n}" for n in range(100)]
