"""The door other systems push business events to."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from collectors.receivers.business_door import PATH, business_routes
from collectors.receivers.http import Doors, application
from tests.unit.collectors.business.written import HEADER, bill, ndjson, row
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink, OneSource


class Site:
    def __init__(self) -> None:
        self.sink, self.refusals = KeepingSink(), CountingRefusals()
        doors = Doors(self.sink, OneSource(), self.refusals, max_body=1 << 20)  # type: ignore[arg-type]
        transport = httpx.ASGITransport(application(business_routes(doors)))
        headers = {"authorization": "Bearer right"}
        self.client = httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()


async def test_the_answer_is_an_account_and_everything_is_kept(site: Site) -> None:
    body = ndjson([bill(1), bill(2, bill_type="x")])
    answer = await site.client.post(PATH, content=body, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["records"], found["accepted"], found["quarantined"]) == (2, 1, 1)
    assert found["first"][0]["field"] == "bill_type"
    assert site.sink.count == 2


async def test_gzipped_gbk_csv_is_taken(site: Site) -> None:
    body = gzip.compress("\n".join([HEADER, row(1)]).encode("gbk"))
    headers = {"content-type": "text/csv", "content-encoding": "gzip"}
    answer = await site.client.post(PATH, content=body, headers=headers)
    assert answer.json()["accepted"] == 1


async def test_without_a_token_nothing_is_taken(site: Site) -> None:
    answer = await site.client.post(PATH, content=ndjson([bill(1)]), headers={"authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert site.sink.frames == []


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [("image/png", b"x", 400), ("application/json", b"{", 400), ("application/xml", b"<a", 400)],
)
async def test_what_cannot_be_read_at_all_is_refused_and_counted(
    site: Site, media: str, body: bytes, status: int
) -> None:
    answer = await site.client.post(PATH, content=body, headers={"content-type": media})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert sum(site.refusals.counts.values()) == 1
