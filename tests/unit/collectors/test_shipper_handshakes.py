"""Shippers that cannot be installed: the requests of their published sources, and what they judge replies by."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from collectors.receivers.doors import ingest_application
from collectors.receivers.http import Doors
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink, OneSource


class Site:
    def __init__(self) -> None:
        self.sink = KeepingSink()
        doors = Doors(self.sink, OneSource(), CountingRefusals())  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(ingest_application(doors)),
            base_url="http://ingest",
            headers={"authorization": "Bearer right"},
        )


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()


async def test_fluent_bit(site: Site) -> None:
    """plugins/out_opensearch: no probe; a reply beyond its buffer is searched for the text below."""
    body = b'{"create":{"_index":"fluent-bit"}}\n{"@timestamp":"2026-11-24T23:20:10.000Z","log":"one"}\n' * 3
    headers = {"user-agent": "Fluent-Bit", "content-type": "application/x-ndjson", "content-encoding": "gzip"}
    reply = await site.client.post("/_bulk", content=gzip.compress(body), headers=headers)
    assert reply.status_code == 200
    assert '"errors":false,"items":[' in reply.text[:512]
    assert site.sink.count == 3
    assert {each.document["message"] for each in site.sink.parsed()} == {"one"}


async def test_vector(site: Site) -> None:
    """src/sinks/elasticsearch: version, health, then bulk; success is the absence of ``"errors":true``."""
    version = (await site.client.get("/")).json()["version"]["number"]
    assert int(version.split(".")[0]) >= 7
    assert (await site.client.get("/_cluster/health")).status_code == 200
    body = b'{"create":{"_index":"vector-2026.11.24"}}\n{"message":"one","host":"h1"}\n'
    reply = await site.client.post("/_bulk?timeout=60s", content=body, headers={"content-type": "application/x-ndjson"})
    assert reply.status_code == 200
    assert '"errors":true' not in reply.text
    deletion = b'{"delete":{"_index":"a","_id":"1"}}\n'
    refused = await site.client.post("/_bulk", content=deletion)
    assert '"errors":true' in refused.text
    assert refused.json()["items"][0]["delete"]["error"].keys() >= {"type", "reason"}


async def test_logstash_opensearch_output(site: Site) -> None:
    """http_client.rb, pool.rb, template_manager.rb: health by HEAD, a major it has a template for, template, bulk."""
    assert (await site.client.head("/")).status_code == 200
    root = (await site.client.get("/")).json()
    assert root["cluster_uuid"]
    assert int(root["version"]["number"].split(".")[0]) in (1, 2, 7)
    known = (await site.client.head("/_template/logstash")).status_code
    if known == 404:
        assert (await site.client.put("/_template/logstash", json={})).status_code == 200
    body = b'{"index":{"_id":null,"_index":"logstash-2026.11.24","routing":null}}\n{"message":"one","@version":"1"}\n'
    reply = await site.client.post("/_bulk", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 200
    assert [item["index"]["status"] for item in reply.json()["items"]] == [201]


async def test_filebeat_oss(site: Site) -> None:
    """libbeat/esleg and idxmgmt: version below 8, template and lifecycle, then bulk with ``Connection: close``."""
    version = (await site.client.get("/")).json()["version"]["number"]
    assert re.fullmatch(r"7\.\d+\.\d+", version)
    assert (await site.client.get("/_xpack")).status_code in (400, 404)
    assert (await site.client.head("/_template/filebeat-7.12.1")).status_code in (200, 404)
    assert (await site.client.put("/_ilm/policy/filebeat", json={"policy": {}})).status_code == 200
    body = b'{"index":{"_index":"filebeat-7.12.1"}}\n{"message":"one","ecs":{"version":"1.8.0"}}\n'
    headers = {"content-type": "application/json; charset=UTF-8", "connection": "close"}
    reply = await site.client.post("/_bulk", content=body, headers=headers)
    assert reply.json()["errors"] is False
    (event,) = site.sink.parsed()
    assert event.document["yaodun.parser"] == "ecs"


async def test_syslog_ng_http(site: Site) -> None:
    """Measured: no probe, newline-delimited JSON, ``syslog-ng .../libcurl``; 2xx is success, others are sent again."""
    document = b'{"PROGRAM":"sshd","MESSAGE":"Invalid user x from 192.0.2.1","HOST":"h1"}'
    body = b'{"index":{"_index":"syslog-ng","_type":"_doc"}}\n%s\n' % document
    reply = await site.client.post("/_bulk", content=body, headers={"user-agent": "syslog-ng 3.38.1/libcurl"})
    assert reply.status_code == 200
    (event,) = site.sink.parsed()
    assert event.document["source.ip"] == "192.0.2.1"
