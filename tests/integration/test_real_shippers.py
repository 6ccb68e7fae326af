"""Real clients deliver unchanged, and every event they send arrives: rsyslog, logger, opensearch-py."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import opensearchpy
import pytest
from opensearchpy.helpers import bulk

from collectors.receivers.http import Doors, application
from collectors.receivers.opensearch_door import opensearch_routes
from collectors.receivers.syslog_tcp import SyslogTcpReceiver
from collectors.receivers.syslog_udp import SyslogUdpReceiver
from tests.integration.servers import http_server, need, run
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink, OneSource

pytestmark = pytest.mark.integration
EVENTS = 2_000


@contextlib.asynccontextmanager
async def receiver(made: SyslogTcpReceiver | SyslogUdpReceiver, sink: KeepingSink) -> AsyncIterator[str]:
    await made.start(sink)
    try:
        yield made.addresses[0].address.rpartition(":")[2]
    finally:
        await made.stop()


@contextlib.asynccontextmanager
async def rsyslog(tmp_path: Path, action: str) -> AsyncIterator[Path]:
    """rsyslogd with one datagram socket as input and ``action`` as its only output."""
    program = need("rsyslogd", "rsyslog rsyslog-elasticsearch")
    entrance = tmp_path / "in.sock"
    (tmp_path / "rsyslog.conf").write_text(
        f'global(workDirectory="{tmp_path}")\n'
        'module(load="imuxsock" SysSock.Use="off")\n'
        f'input(type="imuxsock" Socket="{entrance}" CreatePath="on" RateLimit.Interval="0")\n'
        f"{action}\n"
    )
    process = await asyncio.create_subprocess_exec(
        program, "-n", "-f", str(tmp_path / "rsyslog.conf"), "-i", str(tmp_path / "rsyslog.pid")
    )
    try:
        async with asyncio.timeout(20):
            while not entrance.exists():
                await asyncio.sleep(0.02)
        yield entrance
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def feed(entrance: Path, messages: list[str]) -> None:
    """Datagrams into rsyslog's socket, as a program's syslog() sends them; waits where its queue is full."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setblocking(True)
    with sock:
        sock.connect(str(entrance))
        for message in messages:
            await asyncio.to_thread(sock.send, message.encode())


def numbered(count: int) -> list[str]:
    return [
        f"<38>Nov 24 23:20:10 sshd[{n}]: Failed password for root from 192.0.2.{n % 250} port {n} ssh2"
        for n in range(1, count + 1)
    ]


def ports_seen(sink: KeepingSink) -> list[int]:
    return sorted(each.document["source.port"] for each in sink.parsed())


async def test_rsyslog_over_tcp_with_octet_counting(tmp_path: Path) -> None:
    sink = KeepingSink()
    async with receiver(SyslogTcpReceiver("127.0.0.1:0", CountingRefusals()), sink) as port:
        action = (
            f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted"'
            ' template="RSYSLOG_SyslogProtocol23Format")'
        )
        async with rsyslog(tmp_path, action) as entrance:
            await feed(entrance, numbered(EVENTS))
            await sink.until(EVENTS)
    assert ports_seen(sink) == list(range(1, EVENTS + 1))


async def test_rsyslog_over_tcp_with_line_feeds_while_the_spool_is_busy(tmp_path: Path) -> None:
    sink = KeepingSink(busy=5)
    async with receiver(SyslogTcpReceiver("127.0.0.1:0", CountingRefusals()), sink) as port:
        action = f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp")'
        async with rsyslog(tmp_path, action) as entrance:
            await feed(entrance, numbered(EVENTS))
            await sink.until(EVENTS)
    assert ports_seen(sink) == list(range(1, EVENTS + 1))


async def test_rsyslog_over_udp(tmp_path: Path) -> None:
    sink = KeepingSink()
    async with receiver(SyslogUdpReceiver("127.0.0.1:0", CountingRefusals()), sink) as port:
        action = f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="udp")'
        async with rsyslog(tmp_path, action) as entrance:
            await feed(entrance, numbered(200))
            await sink.until(200)
    assert ports_seen(sink) == list(range(1, 201))


async def test_rsyslog_omelasticsearch(tmp_path: Path) -> None:
    need("rsyslogd", "rsyslog rsyslog-elasticsearch")
    sink = KeepingSink()
    doors = Doors(sink, _Everyone(), CountingRefusals())  # type: ignore[arg-type]
    async with http_server(application(opensearch_routes(doors))) as port:
        action = (
            'module(load="omelasticsearch")\n'
            'template(name="json" type="list" option.jsonf="on") {\n'
            '  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")\n'
            '  property(outname="host" name="hostname" format="jsonf")\n'
            '  property(outname="programname" name="programname" format="jsonf")\n'
            '  property(outname="message" name="msg" format="jsonf")\n}\n'
            f'action(type="omelasticsearch" server="127.0.0.1" serverport="{port}" bulkmode="on" template="json"'
            ' searchIndex="logs-rsyslog" searchType="" uid="yaodun" pwd="right"'
            ' queue.type="linkedlist" queue.dequeuebatchsize="200" action.resumeretrycount="-1")'
        )
        async with rsyslog(tmp_path, action) as entrance:
            await feed(entrance, numbered(EVENTS))
            await sink.until(EVENTS)
    assert ports_seen(sink) == list(range(1, EVENTS + 1))
    assert {each.document["data_stream.dataset"] for each in sink.parsed()} == {"logs-rsyslog"}


class _Everyone:
    async def authenticate(self, headers: dict[str, str]) -> str | None:
        return "rsyslog" if headers.get("authorization") == "Basic eWFvZHVuOnJpZ2h0" else None


@pytest.mark.parametrize(
    "options",
    [
        ["--tcp", "--octet-count", "--rfc5424"],
        ["--tcp", "--octet-count", "--rfc3164"],
        ["--tcp", "--rfc3164"],
        ["--udp", "--rfc5424"],
        ["--udp", "--rfc3164"],
    ],
)
async def test_logger(options: list[str]) -> None:
    program = need("logger", "bsdutils")
    sink = KeepingSink()
    kind = SyslogUdpReceiver if "--udp" in options else SyslogTcpReceiver
    text = "\n".join(f"order {n} of 药品" for n in range(50)).encode()
    async with receiver(kind("127.0.0.1:0", CountingRefusals()), sink) as port:
        await run(program, "--server", "127.0.0.1", "--port", port, "--tag", "shop", *options, stdin=text)
        await sink.until(50)
    documents = [each.document for each in sink.parsed()]
    assert sorted(d["message"] for d in documents) == sorted(text.decode().splitlines())
    assert {d["process.name"] for d in documents} == {"shop"}
    assert {d["log.syslog.severity.code"] for d in documents} == {5}


async def test_opensearch_py_bulk_helper() -> None:
    sink = KeepingSink()
    doors = Doors(sink, OneSource(), CountingRefusals())  # type: ignore[arg-type]
    async with http_server(application(opensearch_routes(doors))) as port:

        def send() -> tuple[int, Any]:
            client = opensearchpy.OpenSearch(
                [{"host": "127.0.0.1", "port": port}], headers={"authorization": "Bearer right"}, http_compress=True
            )
            assert client.info()["version"]["distribution"] == "opensearch"
            documents = ({"_index": "logs-py", "_id": str(n), "message": f"m{n}"} for n in range(EVENTS))
            answer = bulk(client, documents, chunk_size=300)
            client.close()
            return answer

        taken, errors = await asyncio.to_thread(send)
    assert (taken, errors) == (EVENTS, [])
    assert sorted(each.identity for each in sink.parsed()) == sorted(f"logs-py/{n}" for n in range(EVENTS))
    assert json.loads(sink.parsed()[0].document["event.original"])["message"] == "m0"
