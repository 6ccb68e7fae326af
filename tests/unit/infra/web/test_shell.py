"""The shell as a whole: who gets where, what every answer carries, and what hostile requests meet."""

import asyncio
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.web.headers import API_POLICY
from tests.unit.infra.web.conftest import POLICY, run_lifespan

ORIGIN = {"origin": "http://127.0.0.1:8600"}


async def test_the_actor_is_in_the_context_of_api_and_pages(client):
    assert (await client.get("/api/v1/me")).json() == {"name": "anna"}
    assert (await client.get("/ui/alerts")).json() == {"page": "alerts", "name": "anna"}


async def test_strangers_are_kept_before_the_doors(client_of):
    stranger = client_of("")
    answer = await stranger.get("/api/v1/me")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    answer = await stranger.get("/ui/alerts?q=a%20b&x=1")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/ui/sign-in?next=/ui/alerts%3Fq%3Da%2520b%26x%3D1",
    )
    assert (await stranger.get("/metrics")).status_code == 401
    assert (await stranger.get("/api/v1/openapi.json")).status_code == 401
    assert (await stranger.get("/nothing")).status_code == 401
    for path in ("/ui/sign-in", "/ui/welcome", "/ui/assets/x.css", "/healthz"):
        assert (await stranger.get(path)).status_code == 200, path


@pytest.mark.parametrize(
    "path", ["/ui/sign-in/../alerts", "/ui/sign-in%2f..%2falerts", "/ui/assets", "/UI/sign-in", "/ui/sign-in/"]
)
async def test_paths_that_only_look_open_are_not(client_of, path):
    answer = await client_of("").get(path)
    assert answer.status_code in (303, 401)


async def test_pages_may_be_closed_to_strangers_altogether(client_of):
    from infra.web.doors import Doors

    body = {"headers": {**ORIGIN}, "json": {}}
    assert (await client_of("").post("/ui/_dash-update-component", **body)).status_code == 200
    closed = client_of("", doors=Doors(strangers_live=False))
    assert (await closed.post("/ui/_dash-update-component", **body)).status_code == 401


async def test_nothing_is_swallowed_by_a_catch_all(client):
    answer = await client.get("/api/nope")
    assert (answer.status_code, answer.json()["code"]) == (404, "infra.web.no_page")
    assert (await client.get("/uix")).status_code == 404
    assert (await client.put("/api/v1/me", headers=ORIGIN, json={})).status_code == 405


async def test_every_answer_carries_the_security_headers(client_of):
    client, stranger = client_of(), client_of("")
    answers = [
        await client.get("/api/v1/me"),
        await client.get("/api/v1/broken"),
        await client.get("/api/nope"),
        await stranger.get("/api/v1/me"),
        await client.post("/api/v1/form", json={}),
        await client.get("/healthz", headers={"host": "evil.example"}),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["content-security-policy"] == API_POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-request-id"]) == 26
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


async def test_pages_have_their_own_policy_and_https_adds_hsts(client_of):
    client = client_of(secure=True)
    page = await client.get("/ui/alerts")
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert "cache-control" not in (await client.get("/ui/assets/x.css")).headers


async def test_an_error_of_ours_tells_nothing_but_its_number(client):
    answer = await client.get("/api/v1/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_problems_speak_the_readers_language(client):
    english = await client.get("/api/nope", headers={"accept-language": "en-GB,en;q=0.9,zh;q=0.5"})
    chinese = await client.get("/api/nope", headers={"accept-language": "fr, zh;q=0.5"})
    cookie = await client.get("/api/nope", headers={"accept-language": "zh", "cookie": "a=b; yaodun_language=en"})
    assert english.json()["title"] == cookie.json()["title"] == "Not found"
    assert chinese.json()["title"] == "未找到"


async def test_a_rejected_value_is_not_echoed(client):
    answer = await client.post(
        "/api/v1/form", headers=ORIGIN, json={"password": "hunter2-hunter2", "age": "hunter2-hunter2"}
    )
    assert (answer.status_code, answer.json()["place"]) == (400, "body.age")
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    "body", [b'{"password":"x","age":NaN}', b'{"a":' * 5000, b"[" * 100_000, b"\xff\xfe", b"", b"null"]
)
async def test_bad_json_is_a_400(client, body):
    headers = {**ORIGIN, "content-type": "application/json"}
    assert (await client.post("/api/v1/form", headers=headers, content=body)).status_code == 400


# foreign pages


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (ORIGIN, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8601"}, 403),
        ({"origin": "https://127.0.0.1:8600"}, 403),
        ({"origin": "http://127.0.0.1:8600.evil.example"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://evil.example", "authorization": "good"}, 200),
    ],
)
async def test_origin(client, headers, status):
    answer = await client.post("/api/v1/sink", headers=headers, json={"a": 1})
    assert answer.status_code == status


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_a_form_cannot_write_even_from_our_own_origin_without_the_header(client, kind):
    headers = {**ORIGIN, "content-type": kind}
    answer = await client.post("/ui/_dash-update-component", headers=headers, content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (403, "infra.web.header_missing")
    headers["x-yaodun"] = "1"
    assert (await client.post("/ui/_dash-update-component", headers=headers, content=b"{}")).status_code == 200


# names, sizes, rate


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8600", "localhost:1", "[::1]:8600", "10.1.2.3", "yaodun.example", "LOCALHOST"]
)
async def test_names_it_answers_to(client_of, host):
    client = client_of(names=("yaodun.example",))
    assert (await client.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "a b", "127.0.0.1:8600:9", "[::1", "x" * 300]
)
async def test_names_it_does_not_answer_to(client_of, host):
    answer = await client_of(names=("yaodun.example",)).get("/healthz", headers={"host": host})
    assert answer.status_code == 400


async def test_bodies_have_a_limit_by_path(client_of):
    client = client_of(body_limits={"/api/v1/": 100, "/api/v1/sink": 5000})
    small, large = {"k": "x" * 200}, {"k": "x" * 6000}
    assert (await client.post("/api/v1/sink", headers=ORIGIN, json=small)).status_code == 200
    assert (await client.post("/api/v1/sink", headers=ORIGIN, json=large)).status_code == 413
    assert (await client.post("/api/v1/form", headers=ORIGIN, json=small)).status_code == 413


async def test_a_body_of_unknown_length_is_counted(client_of):
    async def chunks():
        for _ in range(100):
            yield b" " * 100

    client = client_of(body_limits={"/api/v1/sink": 5000})
    headers = {**ORIGIN, "content-type": "application/json"}
    answer = await client.post("/api/v1/sink", headers=headers, content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "infra.web.body_large")


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "", "9" * 5000])
async def test_hostile_lengths(client, length):
    headers = {**ORIGIN, "content-type": "application/json", "content-length": length}
    answer = await client.post("/api/v1/sink", headers={k: v.encode() for k, v in headers.items()}, content=b"{}")
    assert answer.status_code in (400, 413)


async def test_headers_have_a_limit(client):
    assert (await client.get("/healthz", headers={"cookie": "x" * 40_000})).status_code == 413


async def test_a_client_that_asks_too_often_is_told_to_wait(client_of):
    client = client_of(requests_per_s=0.001, burst=3)
    answers = [await client.get("/api/v1/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert (await client.get("/api/v1/me", headers={"authorization": "good"})).status_code == 200


# life, health, metrics


async def test_both_lifespans_are_entered_and_left(shell_of, log):
    end, task, sent = await run_lifespan(shell_of())
    async with asyncio.timeout(10):
        while not sent:
            await asyncio.sleep(0)
        assert (sent, log) == (["lifespan.startup.complete"], ["pages up"])
        end.set()
        await task
    assert (sent[-1], log) == ("lifespan.shutdown.complete", ["pages up", "pages down"])


async def test_health_and_metrics(client):
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    await client.get("/api/nope")
    text = (await client.get("/metrics")).text
    assert 'yaodun_http_requests_total{method="GET",status="404"} 1' in text
    assert "yaodun_http_request_seconds_count 2" in text


async def test_openapi_for_those_who_are_signed_in(client):
    document = (await client.get("/api/v1/openapi.json")).json()
    assert "/api/v1/me" in document["paths"]
    assert (await client.get("/docs")).status_code == 404


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(
    path=st.text(max_size=40),
    headers=st.dictionaries(
        st.sampled_from(
            ["cookie", "origin", "accept-language", "sec-fetch-site", "content-type", "range", "if-none-match"]
        ),
        st.binary(max_size=60).filter(lambda value: not set(value) & set(b"\r\n\x00")),
    ),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"]),
)
async def test_no_request_is_answered_with_a_500(client, path, headers, method):
    answer = await client.request(method, "/" + quote(path, safe="/"), headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and method != "HEAD":
        assert json.loads(answer.content)["status"] == answer.status_code
