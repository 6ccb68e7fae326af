"""Real JavaScript clients deliver unchanged: opensearch-js, OpenTelemetry's exporter, winston-elasticsearch."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from collectors.receivers.doors import ingest_application
from collectors.receivers.http import Doors
from tests.integration.servers import http_server, need
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink, OneSource

pytestmark = pytest.mark.integration
SCRIPTS = Path(__file__).parent / "js"
EVENTS = 300


async def ship(script: str, sink: KeepingSink, options: dict[str, str] | None = None) -> dict[str, Any]:
    """Runs a client against a real server; what it said at the end."""
    node = need("node", "nodejs")
    modules = Path(os.environ.get("YAODUN_JS_MODULES") or SCRIPTS / "node_modules")
    if not modules.is_dir():
        pytest.skip("the JavaScript clients are not here: npm ci --prefix tests/integration/js")
    doors = Doors(sink, OneSource(), CountingRefusals(), options=options or {})  # type: ignore[arg-type]
    runnable = modules.parent / script
    if runnable.parent != SCRIPTS:
        runnable.write_bytes((SCRIPTS / script).read_bytes())
    async with http_server(ingest_application(doors)) as port:
        process = await asyncio.create_subprocess_exec(
            node,
            str(runnable),
            f"http://127.0.0.1:{port}",
            "right",
            str(EVENTS),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    answer: dict[str, Any] = json.loads(out)
    return answer


def messages(sink: KeepingSink) -> list[str]:
    return sorted((each.document["message"] for each in sink.parsed()), key=lambda text: int(text.split()[1]))


EXPECTED = [f"js {number}" for number in range(EVENTS)]


async def test_opensearch_js() -> None:
    sink = KeepingSink()
    assert await ship("opensearch.mjs", sink) == {"successful": EVENTS, "failed": 0}
    assert messages(sink) == EXPECTED
    assert {each.identity for each in sink.parsed()} == {f"logs-js/{number}" for number in range(EVENTS)}


async def test_the_javascript_exporter_of_opentelemetry() -> None:
    sink = KeepingSink()
    await ship("otlp.mjs", sink)
    assert messages(sink) == EXPECTED


async def test_winston_elasticsearch_with_the_product_header_it_insists_on() -> None:
    sink = KeepingSink()
    answer = await ship("winston.mjs", sink, {"product_header": "Elasticsearch"})
    assert answer == {"problems": []}
    assert messages(sink) == EXPECTED
