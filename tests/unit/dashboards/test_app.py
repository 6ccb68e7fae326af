"""The Dash application on its own inner FastAPI. Each of the nine known traps of Dash 4.4 has its test here or, where a
browser is needed, in ``tests/browser``."""

import asyncio
import importlib.metadata
import inspect
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from dash import Dash
from fastapi import FastAPI
from starlette.types import ASGIApp

from dashboards.app import csp, page_at
from dashboards.design.grid import grid
from dashboards.pages import ALL_PAGES, GRIDS
from dashboards.rooms import Rooms
from dashboards.visit import visit
from infra.web.seams import Actor, current_actor
from infra.web.split import Split

Built = tuple[FastAPI, Dash]
ANALYST = Actor(id="u-analyst", name="A", roles=("analyst",), session="s-1")


@pytest.fixture
async def client(built: Built) -> AsyncIterator[httpx.AsyncClient]:
    """Pages beside an API on one port, as in the product, before anything was asked for."""
    api = FastAPI()

    @api.get("/api/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    app: ASGIApp = Split(api, built[0], "/ui", ())
    token = current_actor.set(ANALYST)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as found:
        yield found
    current_actor.reset(token)


async def call(
    client: httpx.AsyncClient, built: Built, output: str, inputs: dict[str, Any], states: dict[str, Any]
) -> httpx.Response:
    """Send a callback as the browser does."""
    key, spec = next((key, spec) for key, spec in built[1].callback_map.items() if output in key)
    asked = [{**item, "value": inputs.get(f"{item['id']}.{item['property']}")} for item in spec["inputs"]]
    given = [{**item, "value": states.get(f"{item['id']}.{item['property']}")} for item in spec["state"]]
    outputs = [
        {"id": part.rsplit(".", 1)[0], "property": part.rsplit(".", 1)[1]} for part in key.strip(".").split("...")
    ]
    body = {
        "output": key,
        "outputs": outputs,
        "inputs": asked,
        "state": given,
        "changedPropIds": [f"{asked[0]['id']}.{asked[0]['property']}"],
    }
    return await client.post("/ui/_dash-update-component", json=body)


async def test_trap_1_unknown_api_paths_answer_404_not_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/nope")
    assert answer.status_code == 404
    assert "html" not in answer.headers["content-type"]


async def test_trap_2_the_home_and_callbacks_work_under_the_prefix(client: httpx.AsyncClient, built: Built) -> None:
    assert (await client.get("/ui/")).status_code == 200
    assert (await client.get("/ui")).status_code in (200, 307)
    answer = await call(client, built, "page.children", {"url.pathname": "/ui/"}, {"url.search": ""})
    assert answer.status_code == 200
    assert "overview.states" in answer.text


async def test_trap_3_deep_links_answer_with_the_page(client: httpx.AsyncClient) -> None:
    for path in ("/ui/alerts", "/ui/hosts/srv-01", "/ui/hunt?q=a"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "_dash-config" in answer.text


def test_trap_4_every_callback_is_a_coroutine(built: Built) -> None:
    callbacks = {key: spec["callback"] for key, spec in built[1].callback_map.items() if "callback" in spec}
    assert len(callbacks) >= 4
    plain = [key for key, callback in callbacks.items() if not inspect.iscoroutinefunction(inspect.unwrap(callback))]
    assert plain == []


async def test_trap_4_a_slow_room_does_not_stall_the_others(
    client: httpx.AsyncClient, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> object:
        time.sleep(0.6)
        raise RuntimeError("never mind")

    from tests.browser.fake_rooms import FakePosture

    monkeypatch.setattr(FakePosture, "readings", slow)
    waiting = asyncio.create_task(call(client, built, "page.children", {"url.pathname": "/ui/"}, {"url.search": ""}))
    await asyncio.sleep(0.1)
    begun = time.perf_counter()
    assert (await client.get("/api/health")).json() == {"ok": True}
    assert time.perf_counter() - begun < 0.3
    assert (await waiting).status_code == 200


async def test_trap_5_the_first_request_may_be_a_deep_link(client: httpx.AsyncClient) -> None:
    text = (await client.get("/ui/alerts")).text
    for name in ("10-tokens.css", "50-pages.css", "60-yaodun.js", "62-grid.js"):
        assert f"/ui/assets/{name}" in text


async def test_trap_6_grids_ask_for_one_block_at_a_time(rooms: Rooms) -> None:
    assert grid("any", []).dashGridOptions["maxConcurrentDatasourceRequests"] == 1
    found = []
    for page in ALL_PAGES:
        body = json.loads(
            json.dumps((await page.body(visit(rooms, "/ui" + page.path, ""))).to_plotly_json(), default=_plain)
        )
        found += [each for each in _walk(body) if each.get("type") == "AgGrid"]
    assert len(found) == len(GRIDS)
    for each in found:
        assert each["props"]["dashGridOptions"]["maxConcurrentDatasourceRequests"] == 1
        assert each["props"]["enableEnterpriseModules"] is False


def _plain(component: Any) -> Any:
    return component.to_plotly_json()


def _walk(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for item in node for found in _walk(item)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for value in node.values() for found in _walk(value))]


async def test_trap_7_the_grid_follows_the_theme_of_the_root(client: httpx.AsyncClient) -> None:
    dark = (await client.get("/ui/alerts")).text
    client.cookies.set("yaodun_theme", "light")
    light = (await client.get("/ui/alerts")).text
    assert 'data-theme="dark" data-ag-theme-mode="dark"' in dark
    assert 'data-theme="light" data-ag-theme-mode="light"' in light


def test_trap_8_no_legacy_dash_testing_drags_in_selenium() -> None:
    installed = {name.lower() for name in importlib.metadata.packages_distributions()}
    assert "selenium" not in installed
    assert "playwright" in installed


async def test_trap_9_a_failing_callback_prints_nothing_and_leaks_nothing(
    client: httpx.AsyncClient, built: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await call(
        client,
        built,
        "notices.children",
        {"command.data": {"name": "no.such.thing", "args": {}}},
        {"url.pathname": "/ui/", "url.search": ""},
    )
    assert answer.status_code == 200
    assert "no.such.thing" in answer.text
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    assert "Traceback" not in answer.text


async def test_trap_9_one_application_per_process(built: Built) -> None:
    from dash import get_app

    assert get_app() is built[1]
    assert built[1]._on_error is not None


def test_no_model_context_door_is_open(built: Built) -> None:
    assert not any("mcp" in str(getattr(route, "path", "")) for route in built[0].routes)


def test_the_policy_allows_no_eval_and_no_inline_script(built: Built) -> None:
    policy = dict(part.strip().split(" ", 1) for part in csp(built[1]).split(";"))
    assert "unsafe" not in policy["script-src"]
    assert policy["script-src"].startswith("'self' 'sha256-")
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"


async def test_only_pages_with_a_grid_bring_its_script(client: httpx.AsyncClient) -> None:
    overview, alerts = (await client.get("/ui/")).text, (await client.get("/ui/alerts")).text
    script = '<script src="/ui/_dash-component-suites/dash_ag_grid'
    assert script not in overview
    assert script in alerts
    assert not re.search(r"<script[^>]*(plotly|mantine|cytoscape)", overview)
    assert not re.search(r"<script[^>]*dash_table", overview + alerts)


async def test_a_page_may_be_kept_from_a_visitor(
    client: httpx.AsyncClient, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infra.web.seams import Decision
    from tests.browser.fake_rooms import AllowAll

    monkeypatch.setattr(AllowAll, "decide", lambda *_: Decision(allowed=False, rule="none"))
    answer = await call(client, built, "page.children", {"url.pathname": "/ui/audit"}, {"url.search": ""})
    assert "audit.count" not in answer.text
    assert "没有这个页面" in json.dumps(answer.json(), ensure_ascii=False)


def test_addresses_and_pages() -> None:
    assert [page_at(path).name for path in ("/", "/alerts", "/hosts/srv-01", "/hunt", "/nowhere")] == [
        "overview",
        "alerts",
        "hosts",
        "search",
        "missing",
    ]
    assert len({page.path for page in ALL_PAGES}) == len(ALL_PAGES)


async def test_the_language_of_the_address_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ui/?lang=en")
    assert '<html lang="en"' in answer.text
    assert "yaodun_language=en" in answer.headers["set-cookie"]
    client.cookies.set("yaodun_language", "en")
    assert '<html lang="en"' in (await client.get("/ui/alerts")).text
    assert '<html lang="zh-CN"' in (await client.get("/ui/alerts?lang=zh")).text
    assert (await client.get("/ui/alerts?lang=xx")).headers.get("set-cookie") is None


@pytest.mark.parametrize("path", ["/ui/", "/ui/alerts?stack=flat", "/ui/health"])
async def test_the_first_page_comes_with_the_layout(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get("/ui/_dash-layout", headers={"referer": f"http://site{path}"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    name = page_at(path.partition("?")[0].removeprefix("/ui").rstrip("/") or "/").parts[0].name
    assert name in answer.text
    stores = json.loads(answer.text)["props"]["children"]
    seen = next(item["props"]["data"] for item in stores if item["props"].get("id") == "seen")
    assert seen["path"] == path.partition("?")[0]


@pytest.mark.parametrize("referer", ["", "http://elsewhere/ui/", "http://site/api/v1/alerts", "http://["])
async def test_a_layout_asked_for_from_elsewhere_has_no_page(client: httpx.AsyncClient, referer: str) -> None:
    answer = await client.get("/ui/_dash-layout", headers={"referer": referer} if referer else {})
    assert answer.status_code == 200
    assert "skeleton" in answer.text
    assert "overview.headline" not in answer.text
