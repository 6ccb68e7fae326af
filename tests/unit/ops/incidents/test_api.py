"""Incidents over HTTP: the way of an analyst, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import Actor, Decision, current_actor
from ops.incidents.api import incidents_router
from tests.unit.ops.incidents.cases import ANNA, Office


class Door:
    """Lets everybody do everything but what is in ``refused``."""

    def __init__(self) -> None:
        self.refused: set[str] = set()

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(action not in self.refused, "test")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        if action in self.refused:
            raise AppError(ErrorKind.FORBIDDEN, "infra.web.http", place=action)


@pytest.fixture
def office(records: Records, tmp_path: Path) -> Office:
    return Office(records, tmp_path)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def api(office: Office, door: Door) -> FastAPI:
    router = incidents_router(office.desk, door)
    return build_api(router, access=door, version="0", measures=Measures(), home="/ui/")


def ask(api: FastAPI, method: str, path: str, **given: Any) -> httpx.Response:
    """One request by the analyst."""

    async def send() -> httpx.Response:
        token = current_actor.set(ANNA)
        transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.request(method, "/api/v1/incidents" + path, **given)
        current_actor.reset(token)
        return answer

    return asyncio.run(send())


def test_the_way_of_an_analyst(api: FastAPI, office: Office) -> None:
    made = ask(api, "POST", "", json={"alerts": [office.alert(1)]})
    assert made.status_code == 201
    number = made.json()["id"]
    moved = ask(api, "POST", f"/{number}/changes?seen=2", json={"is": "moved", "to": "triage"})
    assert moved.json()["state"] == "triage"
    assert ask(api, "POST", f"/{number}/evidence?name=a.log", content=b"bytes").status_code == 201
    assert ask(api, "POST", f"/{number}/evidence/events").status_code == 201
    seen = ask(api, "GET", f"/{number}").json()
    assert seen["next"] == ["contain", "closed"]
    first, second = seen["case"]["evidence"]
    assert ask(api, "GET", f"/{number}/evidence/{first['blob']}").content == b"bytes"
    assert b"r1" in ask(api, "GET", f"/{number}/evidence/{second['blob']}").content
    assert ask(api, "POST", f"/{number}/evidence/{first['blob']}/verify").json() == {"whole": True}
    assert number in ask(api, "GET", f"/{number}/report").text
    assert ask(api, "GET", f"/{number}/report?kind=docx").content[:2] == b"PK"
    assert ask(api, "GET", f"/{number}/export?kind=stix").json()["type"] == "bundle"
    assert ask(api, "GET", "?state=triage").json()["total"] == 1
    assert len(ask(api, "GET", f"/{number}/events").json()) == 8


@pytest.mark.parametrize(
    ("method", "path", "given", "status"),
    [
        ("GET", "/INC-none", {}, 404),
        ("POST", "", {"json": {}}, 400),
        ("POST", "/{}/changes", {"json": {"is": "moved", "to": "recover"}}, 409),
        ("POST", "/{}/changes", {"json": {"is": "moved", "to": "nowhere"}}, 400),
        ("POST", "/{}/changes", {"json": {"is": "taken", "blob": "0" * 64, "name": "x", "size": 1}}, 400),
        ("POST", "/{}/changes", {"json": {"is": "said", "text": "x" * 9000}}, 400),
        ("POST", "/{}/changes", {"json": {"is": "said", "text": "x", "more": 1}}, 400),
        ("POST", "/{}/changes", {"content": b'{"is": "measured", "values": {"personal_records": NaN}}'}, 400),
        ("POST", "/{}/changes", {"json": {"is": "said", "text": "a\0b"}}, 400),
        ("GET", "/%00", {}, 404),
        ("POST", "/{}/changes?seen=0", {"json": {"is": "said", "text": "x"}}, 409),
        ("POST", "/{}/merge", {"json": {"others": ["{}"]}}, 404),
        ("GET", "/{}/export?kind=pdf", {}, 400),
        ("GET", "/{}/report?kind=pdf", {}, 400),
        ("GET", "/{}/evidence/../../etc", {}, 404),
        ("GET", "/{}/evidence/" + "0" * 64, {}, 404),
    ],
)
def test_what_is_wrong_is_refused_with_a_reason(
    api: FastAPI, office: Office, method: str, path: str, given: dict[str, Any], status: int
) -> None:
    number = office.incidents.open(ANNA, title="x").id
    head = {"headers": {"content-type": "application/json"}} if "content" in given else {}
    answer = ask(api, method, path.format(number), **given, **head)
    assert answer.status_code == status, answer.text
    assert office.incidents.get(number).events == 1


def test_without_the_right_nothing_is_read_or_done(api: FastAPI, office: Office, door: Door) -> None:
    number = office.incidents.open(ANNA, title="x").id
    door.refused = {"incidents.read", "incidents.work"}
    for method, path in (("GET", ""), ("GET", f"/{number}"), ("GET", f"/{number}/report"),
                         ("POST", f"/{number}/evidence?name=x"), ("POST", f"/{number}/evidence/events")):  # fmt: skip
        assert ask(api, method, path).status_code == 403
    assert ask(api, "POST", f"/{number}/changes", json={"is": "said", "text": "x"}).status_code == 403
    assert office.incidents.get(number).events == 1
