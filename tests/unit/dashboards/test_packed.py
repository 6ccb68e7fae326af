"""Files are packed once and the same for every asker; what is not a file is left alone."""

import gzip

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboards.packed import Packed

TEXT = "body { color: var(--text); }\n" * 100


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def client(asked: list[str]) -> httpx.AsyncClient:
    async def style(request: Request) -> Response:
        asked.append(str(request.url))
        return PlainTextResponse(TEXT, media_type="text/css")

    async def page(_: Request) -> Response:
        return PlainTextResponse("page")

    inner = Starlette(routes=[Route("/files/a.css", style), Route("/page", page)])
    app = Packed(inner, ("/files/",))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://site")


async def test_a_file_is_packed_once_and_kept_for_a_year(client: httpx.AsyncClient, asked: list[str]) -> None:
    first = await client.get("/files/a.css?m=1", headers={"accept-encoding": "gzip"})
    second = await client.get("/files/a.css?m=1", headers={"accept-encoding": "gzip", "if-none-match": "x"})
    assert first.text == second.text == TEXT
    assert first.headers["content-encoding"] == "gzip"
    assert int(first.headers["content-length"]) == len(gzip.compress(TEXT.encode(), 6, mtime=0)) < len(TEXT)
    assert "immutable" in first.headers["cache-control"]
    assert len(asked) == 1


async def test_who_cannot_unpack_gets_it_plain(client: httpx.AsyncClient) -> None:
    answer = await client.get("/files/a.css?m=1", headers={"accept-encoding": "identity"})
    assert answer.text == TEXT
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "accept-encoding"


async def test_a_file_without_fingerprint_is_not_kept_by_browsers(client: httpx.AsyncClient) -> None:
    assert "immutable" not in (await client.get("/files/a.css")).headers.get("cache-control", "")


async def test_missing_files_and_pages_pass(client: httpx.AsyncClient) -> None:
    assert (await client.get("/files/none.css")).status_code == 404
    assert (await client.get("/page")).text == "page"
