"""The doors that shippers of OpenSearch and Elasticsearch knock at, tested from the shippers' side."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import zstandard

from collectors.parsers.shipped import ShippedParsers
from collectors.receivers.http import Doors, application
from collectors.receivers.opensearch_door import opensearch_routes
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink, OneSource

BODY = (
    b'{"create":{"_index":"logs-app"}}\n{"message":"one"}\n'
    b'{"index":{"_index":"logs-app","_id":"7"}}\n{"message":"two"}\n'
)


class Site:
    def __init__(self) -> None:
        self.sink = KeepingSink()
        self.refusals = CountingRefusals()
        doors = Doors(self.sink, OneSource(), self.refusals, max_body=1 << 20)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(application(opensearch_routes(doors))),
            base_url="http://ingest",
            headers={"authorization": "Bearer right"},
        )


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()


async def test_probes_answer_what_shippers_judge_by(site: Site) -> None:
    root = (await site.client.get("/")).json()
    assert root["version"]["number"] == "7.10.2"
    assert root["version"]["distribution"] == "opensearch"
    assert root["cluster_uuid"]
    assert (await site.client.head("/")).status_code == 200
    assert (await site.client.get("/_cluster/health?wait_for_status=yellow")).json()["status"] == "green"


async def test_reply_is_compact_and_in_the_order_that_is_searched_for(site: Site) -> None:
    reply = await site.client.post("/_bulk", content=BODY, headers={"content-type": "application/x-ndjson"})
    assert reply.status_code == 200
    assert reply.text.startswith('{"took":')
    assert '"errors":false,"items":[' in reply.text
    items = reply.json()["items"]
    assert [next(iter(item)) for item in items] == ["create", "index"]
    assert [next(iter(item.values()))["status"] for item in items] == [201, 201]
    assert items[1]["index"]["_id"] == "7"


async def test_documents_arrive_with_the_identity_the_client_gave(site: Site) -> None:
    await site.client.post("/_bulk", content=BODY)
    first, second = site.sink.parsed()
    assert first.document["message"] == "one"
    assert first.document["event.original"] == '{"message":"one"}'
    assert first.identity == ""
    assert second.identity == "logs-app/7"
    assert {frame.source for frame in site.sink.frames} == {"web-shipper"}


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json; charset=utf-8"},
        {"content-type": "application/vnd.elasticsearch+x-ndjson; compatible-with=8"},
        {"content-encoding": "gzip"},
        {"content-encoding": "zstd"},
    ],
)
async def test_media_types_and_encodings_of_the_shippers(site: Site, headers: dict[str, str]) -> None:
    pack = {"gzip": gzip.compress, "zstd": zstandard.compress}.get(headers.get("content-encoding", ""), bytes)
    reply = await site.client.post("/logs-web/_bulk?timeout=1m", content=pack(BODY), headers=headers)
    assert reply.json()["errors"] is False
    assert site.sink.count == 2


async def test_index_of_the_path_is_the_default(site: Site) -> None:
    await site.client.post("/logs-web/_bulk", content=b'{"index":{}}\n{"message":"x"}\n')
    (event,) = site.sink.parsed()
    assert event.document["data_stream.dataset"] == "logs-web"


async def test_templates_are_acknowledged(site: Site) -> None:
    assert (await site.client.put("/_template/filebeat-7.12.1", content=b"{}")).json() == {"acknowledged": True}
    assert (await site.client.head("/_index_template/logs")).status_code == 200


async def test_updates_and_deletes_are_refused_per_item_and_counted(site: Site) -> None:
    body = b'{"update":{"_index":"a","_id":"1"}}\n{"doc":{}}\n{"delete":{"_index":"a","_id":"1"}}\n' + BODY
    reply = (await site.client.post("/_bulk", content=body)).json()
    assert reply["errors"] is True
    assert [next(iter(item.values()))["status"] for item in reply["items"]] == [400, 400, 201, 201]
    assert site.refusals.counts == {("web-shipper", "append_only"): 2}
    assert site.sink.count == 2


async def test_without_a_token_nothing_is_taken(site: Site) -> None:
    reply = await site.client.post("/_bulk", content=BODY, headers={"authorization": "Bearer wrong"})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Basic")
    assert site.sink.count == 0
    assert "wrong" not in reply.text


async def test_a_full_spool_is_429_with_retry_after_and_nothing_is_taken(site: Site) -> None:
    site.sink.busy = 1
    reply = await site.client.post("/_bulk", content=BODY)
    assert reply.status_code == 429
    assert int(reply.headers["retry-after"]) >= 1
    assert site.sink.count == 0
    assert not site.refusals.counts


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (gzip.compress(b" " * (4 << 20)), {"content-encoding": "gzip"}, 413),
        (b"x" * (2 << 20), {}, 413),
        (b"\x1f\x8b broken", {"content-encoding": "gzip"}, 400),
        (b"", {}, 400),
        (b"not json\n{}\n", {}, 400),
        (b'{"create":{}}\n', {}, 400),
        (b'{"create":{}}\n\n{"a":1}\n', {}, 400),
        (b"[" * 100_000 + b"\n{}\n", {}, 400),
        (b'{"launch":{}}\n{}\n', {}, 400),
    ],
)
async def test_hostile_bodies_get_a_clear_refusal(
    site: Site, body: bytes, headers: dict[str, str], status: int
) -> None:
    reply = await site.client.post("/_bulk", content=body, headers=headers)
    assert reply.status_code == status
    assert reply.json()["error"]["reason"]
    assert site.sink.count == 0
    assert sum(site.refusals.counts.values()) >= 1


BROKEN = {
    "malformed": b"{not json",
    "nan": b'{"a":NaN}',
    "deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "nested": b'{"a":' * 40 + b"1" + b"}" * 40,
    "wide": json.dumps({f"k{n}": n for n in range(3_000)}).encode(),
    "not an object": b"[1,2]",
    "invalid utf-8": b'{"a":"\xff\xfe"}',
    "huge": b'{"a":"' + b"x" * (1 << 20) + b'"}',
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_document_is_one_quarantined_record_and_its_neighbours_live(kind: str) -> None:
    site = Site()
    site.refusals.counts.clear()
    doors = Doors(site.sink, OneSource(), site.refusals, max_body=8 << 20)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(application(opensearch_routes(doors)))
    body = b'{"create":{"_index":"a"}}\n%s\n' % BROKEN[kind] + BODY
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        reply = await client.post("/_bulk", content=body, headers={"authorization": "Bearer right"})
    assert reply.status_code == 200
    answer = [each for frame in site.sink.frames for each in ShippedParsers().parse(frame)]
    assert [type(each).__name__ for each in answer] == ["Refused", "Parsed", "Parsed"]
    assert sum(each.records for each in answer) == site.sink.count == 3
    await site.client.aclose()


async def test_one_document_by_its_address(site: Site) -> None:
    reply = await site.client.post("/logs-a/_doc/9", content=b'{\n  "message": "x"\n}')
    assert reply.status_code == 201
    (event,) = site.sink.parsed()
    assert event.document["message"] == "x"
    assert event.identity == "logs-a/9"


async def test_a_long_uniform_body_is_answered_item_by_item(site: Site) -> None:
    for index in ("a", "odd {number} name"):
        site.sink.frames.clear()
        action = json.dumps({"create": {"_index": index}}).encode()
        body = b"".join(b'%s\n{"n":%d,"fill":"%s"}\n' % (action, n, b"x" * 300) for n in range(2_500))
        items = (await site.client.post("/_bulk", content=body)).json()["items"]
        assert len({item["create"]["_id"] for item in items}) == 2_500
        assert {item["create"]["_index"] for item in items} == {index}
        assert [each.document["n"] for each in site.sink.parsed()] == list(range(2_500))
