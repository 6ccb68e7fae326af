"""NDJSON over HTTP until it is on disk, beside decoding the same lines: both on one core, alternating."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench import Row, figure

_EVENTS = 6_000
_ROUNDS = 7
_REPEATS = 10
_CORE = 0
_SERVER = """
import asyncio, socket, sys
from pathlib import Path
import uvicorn
from collectors.receivers.doors import ingest_application
from collectors.receivers.http import Doors
from infra.spool import SpoolWriter

class Everyone:
    async def authenticate(self, headers):
        return "bench"

class Nobody:
    def refuse(self, source, records, reason):
        raise SystemExit(reason)

sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen(64)
print(sock.getsockname()[1], flush=True)
application = ingest_application(Doors(SpoolWriter(Path(sys.argv[1])), Everyone(), Nobody()))
config = uvicorn.Config(application, log_level="error", lifespan="off")
asyncio.run(uvicorn.Server(config).serve(sockets=[sock]))
"""


@figure("ack_vs_orjson")
def acknowledged() -> Iterator[Row]:
    """Events acknowledged after fsync per second of processor time of the server, beside those decoded per second of
    processor time; the time of the clock says the same on an idle machine and nothing on a busy one."""
    documents = [_document(number) for number in range(_EVENTS)]
    body = b"".join(b'{"create":{"_index":"bench"}}\n' + document + b"\n" for document in documents)
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, allowed - {_CORE} or allowed)
    acks: list[float] = []
    decodes: list[float] = []
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        server = subprocess.Popen(
            ["taskset", "-c", str(_CORE), sys.executable, "-c", _SERVER, str(Path(folder) / "spool")],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            for round_ in range(_ROUNDS + 1):
                before = _on_core_s(server.pid)
                for _ in range(_REPEATS):
                    _post(port, body)
                ack = _REPEATS * _EVENTS / (_on_core_s(server.pid) - before)
                decode = _decode(documents)
                if round_:
                    acks.append(ack)
                    decodes.append(decode)
        finally:
            server.terminate()
            server.wait()
            os.sched_setaffinity(0, allowed)
    ack, decode = statistics.median(acks), statistics.median(decodes)
    yield Row(
        "ack_vs_orjson", ack / decode, "ratio", "orjson.loads of the same lines on one core", decode, ack / decode
    )


def _document(number: int) -> bytes:
    event = {
        "@timestamp": "2026-11-24T23:20:10.123Z",
        "message": f"GET /api/v1/licences/{number} 200 " + "0123456789abcdef" * 30,
        "host": {"name": "web1", "ip": ["192.0.2.10"]},
        "http": {"request": {"method": "GET"}, "response": {"status_code": 200, "body": {"bytes": number}}},
        "source": {"ip": f"198.51.100.{number % 250}", "port": 1024 + number % 60_000},
        "user_agent": {"original": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"},
    }
    return json.dumps(event).encode()


def _on_core_s(pid: int) -> float:
    """Seconds that the threads of ``pid`` were on a core, exact to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _post(port: int, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/_bulk", body, {"content-type": "application/x-ndjson"})
    reply = connection.getresponse()
    answer = reply.read()
    connection.close()
    if reply.status != 200 or b'"errors":false' not in answer[:64]:
        raise RuntimeError(answer[:200])


def _decode(documents: list[bytes]) -> float:
    began = time.process_time()
    for document in documents:
        orjson.loads(document)
    return len(documents) / (time.process_time() - began)
