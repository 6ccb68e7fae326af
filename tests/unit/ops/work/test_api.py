"""Work, inspections and reports over HTTP: each way once, each refusal with its status, nothing without the right."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from infra.clock import rfc3339
from infra.records import Records
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import Actor, current_actor
from ops.inspection.api import inspection_router
from ops.inspection.plans import Plans
from ops.reports.api import reports_router
from ops.work import Drills, Duty
from ops.work.api import work_router
from tests.unit.ops.incidents.test_api import Door
from tests.unit.ops.inspection.test_inspection import Rounds
from tests.unit.ops.reports.test_reports import Desk
from tests.unit.ops.work.test_work import ANNA, BORIS, HOUR, START

WAYS = (
    ("GET", "/orders"), ("POST", "/orders"), ("GET", "/orders/x"), ("POST", "/orders/x"), ("GET", "/changes"),
    ("POST", "/changes"), ("GET", "/changes/x"), ("POST", "/changes/x"), ("GET", "/duty/now"), ("POST", "/duty"),
    ("POST", "/duty/x"), ("GET", "/drills"), ("POST", "/drills"), ("POST", "/drills/x"), ("GET", "/inspections"),
    ("POST", "/inspections"), ("GET", "/inspections/lists"), ("GET", "/inspections/plans"), ("GET", "/inspections/x"),
    ("PUT", "/inspections/plans/x"), ("DELETE", "/inspections/plans/x"), ("GET", "/inspections/x/report"),
    ("GET", "/reports"), ("GET", "/reports/x"),
)  # fmt: skip


class Everybody(Door):
    """Refuses all where told to."""

    shut = False

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        if self.shut:
            self.refused = {action}
        super().demand(actor, action, thing)


class Asking:
    """The API over one database, asked by a person."""

    def __init__(self, records: Records, folder: Path) -> None:
        self.door, rounds, desk = Everybody(), Rounds(records), Desk(records, folder)
        self.clock = rounds.clock
        plans = Plans(rounds.schedules, rounds.inspections, rounds.alerts, rounds.clock)
        duty, drills = Duty(records, self.clock, rounds.audit), Drills(records, self.clock, rounds.audit)
        self.api: FastAPI = build_api(
            work_router(rounds.orders, rounds.changes, duty, drills, self.door),
            inspection_router(rounds.inspections, plans, self.door),
            reports_router(desk.reports, self.door, desk.office.clock),
            access=self.door, version="0", measures=Measures(), home="/ui/",
        )  # fmt: skip

    def __call__(self, method: str, path: str, body: Any = None, actor: Actor = ANNA) -> httpx.Response:
        async def send() -> httpx.Response:
            current_actor.set(actor)
            transport = httpx.ASGITransport(app=self.api, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, "/api/v1" + path, json=body)

        return asyncio.run(send())


@pytest.fixture
def ask(records: Records, tmp_path: Path) -> Asking:
    return Asking(records, tmp_path)


def test_the_way_of_an_order_and_of_a_change(ask: Asking) -> None:
    order = ask("POST", "/orders", {"title": "mend it"}).json()["id"]
    for body in ({"do": "assign", "person": BORIS.id}, {"do": "move", "to": "doing"}, {"do": "comment", "text": "half"},
                 {"do": "move", "to": "done", "result": "mended"}):  # fmt: skip
        assert ask("POST", f"/orders/{order}", body).status_code == 200
    assert len(ask("GET", f"/orders/{order}").json()["notes"]) == 5
    window = {"starts": rfc3339(START), "ends": rfc3339(START + HOUR)}
    asked = {"title": "t", "reason": "r", "plan": "p", "rollback": "b", "scope": {"assets": ["a"]}, **window}
    change = ask("POST", "/changes", asked).json()["id"]
    assert ask("POST", f"/changes/{change}", {"do": "approve"}).status_code == 403
    assert ask("POST", f"/changes/{change}", {"do": "approve"}, BORIS).json()["state"] == "approved"
    assert ask("POST", f"/changes/{change}", {"do": "done", "result": "in"}).json()["state"] == "done"


def test_the_way_of_a_shift_a_drill_and_an_inspection(ask: Asking) -> None:
    rota = {"people": [ANNA.id], "starts": rfc3339(START), "hours": 8, "count": 1}
    (shift,) = ask("POST", "/duty", rota).json()
    assert ask("POST", f"/duty/{shift['id']}", {"do": "offer", "notes": "quiet"}).status_code == 200
    assert ask("POST", f"/duty/{shift['id']}", {"do": "take"}, BORIS).json()["state"] == "over"
    drill = {"title": "t", "scenario": "s", "planned": rfc3339(START), "criteria": [{"name": "fast"}]}
    number = ask("POST", "/drills", drill).json()["id"]
    ask("POST", f"/drills/{number}", {"do": "start"})
    scored = ask("POST", f"/drills/{number}", {"do": "score", "points": {"fast": 50}, "lessons": "train"})
    assert scored.json()["score"] == 50.0
    plan = {"list": "daily", "timing": {"is": "cron", "expression": "30 8 * * *"}}
    assert ask("PUT", "/inspections/plans/mine", plan).status_code == 200
    run = ask("POST", "/inspections", {"list": "daily"}).json()["id"]
    assert ask("GET", f"/inspections/{run}").json()["whole"] is True
    assert run in ask("GET", f"/inspections/{run}/report").text
    report = ask("POST", "/reports", {"period": "weekly", "language": "en"}).json()["id"]
    assert ask("GET", f"/reports/{report}?kind=docx").content[:2] == b"PK"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/orders", {"title": " "}),
        ("/orders", {"title": "x", "due": "nonsense"}),
        ("/orders", {"title": "x", "more": 1}),
        ("/orders", []),
        ("/changes", {"title": "x"}),
        ("/duty", {"people": [], "starts": rfc3339(START), "hours": 8, "count": 1}),
        ("/drills", {"title": "t", "scenario": "s", "planned": rfc3339(START), "criteria": []}),
        ("/inspections", {"list": 3}),
        ("/reports", {"period": "yearly"}),
    ],
)
def test_what_is_wrong_is_refused(ask: Asking, path: str, body: Any) -> None:
    assert ask("POST", path, body).status_code in (400, 422)


def test_without_the_right_nothing_is_read_or_done(ask: Asking) -> None:
    ask.door.shut = True
    bodies = {"/changes/x": {"do": "done"}, "/duty/x": {"do": "take"}, "/reports": {"period": "daily"}}
    for method, path in WAYS:
        answer = ask(method, path, bodies.get(path, {}) if method in ("POST", "PUT") else None)
        assert answer.status_code == 403, (method, path, answer.text)
