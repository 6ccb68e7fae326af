"""Grading, filing, controls, evaluation and records over HTTP: the way of an owner, and what is refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from infra.blobs import FolderBlobs
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import Actor, Decision, current_actor
from ops.controls.api import controls_router
from ops.controls.service import Controls
from ops.evaluation.api import evaluation_router
from ops.evaluation.plan import Evaluations
from ops.evaluation.rectification import Rectification
from ops.filing.api import filing_router
from ops.filing.exchange import to_json
from ops.filing.papers import Papers
from ops.filing.service import Filings
from ops.grading.api import grading_router
from ops.recordfiling.api import records_router
from ops.recordfiling.service import SystemRecords
from ops.rulepacks import shipped_packs
from tests.unit.ops.controls.sites import all_facts, profile
from tests.unit.ops.filing.forms import FORM, complete

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


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
def door() -> Door:
    return Door()


@pytest.fixture
def api(records: Records, tmp_path: Path, door: Door) -> FastAPI:
    clock = ManualClock(NOW)
    controls = Controls(records, clock)
    findings = Rectification(records, clock)
    blobs = FolderBlobs(tmp_path / "blobs")
    return build_api(
        grading_router(door, clock),
        filing_router(Filings(records, clock, FORM), door, blobs, Papers(FORM, blobs, clock)),
        controls_router(controls, door),
        evaluation_router(Evaluations(records, clock, shipped_packs()), findings, controls, shipped_packs(), door),
        records_router(SystemRecords(records, clock), door),
        access=door, version="t", measures=Measures(), home="/ui/",
    )  # fmt: skip


class Client:
    """Asks the application as the owner, without a network."""

    def __init__(self, api: FastAPI) -> None:
        self._api = api

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            current_actor.set(Actor(id="u1", name="owner"))
            transport = httpx.ASGITransport(app=self._api, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **given)

        return asyncio.run(go())

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self._ask("POST", path, **given)

    def put(self, path: str, **given: Any) -> httpx.Response:
        return self._ask("PUT", path, **given)


@pytest.fixture
def client(api: FastAPI) -> Client:
    return Client(api)


def test_grading(client: Client) -> None:
    body = b"{name: x, s: [{harmed: nation, degree: general}], a: [{harmed: citizens, degree: general}]}"
    (answer,) = client.post("/api/v1/grading", content=body).json()
    assert (answer["level"], answer["differs"]) == (4, True)
    report = client.post("/api/v1/grading/report", content=body)
    assert report.content.startswith(b"PK")
    assert client.post("/api/v1/grading", content=b"nonsense: [").status_code == 400


def test_a_filing_is_imported_read_and_exported(client: Client) -> None:
    made = client.post("/api/v1/filings/import?unit=u1", files={"file": ("f.json", to_json(complete()))})
    assert made.status_code == 201
    seen = client.get("/api/v1/filings/F-2026-1").json()
    assert seen["problems"] == []
    assert seen["filing"]["state"] == "draft"
    for kind in ("docx", "xlsx", "json"):
        assert client.get(f"/api/v1/filings/F-2026-1/export?kind={kind}").status_code == 200
    assert client.get("/api/v1/filings/F-2026-1/export?kind=pdf").status_code == 400
    assert client.get("/api/v1/filings/F-2026-1/export?kind=package").status_code == 404
    assert [one["id"] for one in client.get("/api/v1/filings?state=draft").json()] == ["F-2026-1"]


def test_values_steps_and_their_refusals(client: Client, door: Door) -> None:
    assert (
        client.post("/api/v1/filings", json={"id": "F1", "unit": "u1", "objects": {"trace": ["flow"]}}).status_code
        == 201
    )
    put = {"table": "T1", "values": {"unit_name": "某局", "unit_type": "2"}}
    assert client.put("/api/v1/filings/F1/values", json=put).status_code == 200
    wrong = client.put("/api/v1/filings/F1/values", json={"table": "T1", "values": {"unit_type": "77"}})
    assert wrong.status_code == 400
    assert "unit_type" in wrong.text
    assert client.post("/api/v1/filings/F1/steps", json={"action": "grade"}).status_code == 200
    assert client.post("/api/v1/filings/F1/steps", json={"action": "review", "file_sha256": "ab"}).status_code == 403
    assert client.post("/api/v1/filings/F1/prefill").status_code == 503
    door.refused.add("filing.read")
    assert client.get("/api/v1/filings/F1").status_code == 403


def test_controls_show_units_evidence_and_people(client: Client, records: Records) -> None:
    body = {"s": 3, "a": 3, "assets": profile().assets, "high_continuity": True}
    assert client.put("/api/v1/controls/trace", json=body).json()["ready_percent"] == 0
    Controls(records, ManualClock(NOW)).keep("trace", all_facts(profile()))
    (one,) = client.get("/api/v1/controls").json()
    assert one["verdicts"]["compliant"] == 60
    assert len(client.get("/api/v1/controls/trace").json()) == 211
    unit = client.get("/api/v1/controls/trace/units/L3-SMC1-10").json()
    assert unit["evidence"][0]["sha256"]
    judgement = {"unit": "L3-PES1-01", "verdict": "compliant", "reason": "看过", "valid_until": "2026-09-01T00:00:00Z"}
    assert client.post("/api/v1/controls/trace/judgements", json=judgement).status_code == 201
    assert client.get("/api/v1/controls/trace/risks").json() == []
    assert client.get("/api/v1/controls/none").status_code == 404
    assert client.get("/api/v1/controls/trace/units/L9").status_code == 404
    assert client.put("/api/v1/controls/trace", json={"s": 3}).status_code == 400


def test_scores_findings_and_plan(client: Client) -> None:
    client.put("/api/v1/controls/trace", json={"s": 3, "a": 3})
    assert [each["template"] for each in client.get("/api/v1/evaluations/score/trace").json()] == [
        "2019",
        "2021",
        "2025",
    ]
    made = client.post("/api/v1/findings", json={"object_id": "trace", "title": "x", "risk": "high"}).json()
    steps = f"/api/v1/findings/{made['id']}/steps"
    plan = {"action": "plan", "owner": "o", "due": "2026-07-01", "cause": "c", "fix": "f"}
    assert client.post(steps, json=plan).json()["state"] == "planned"
    assert client.post(steps, json={"action": "mend"}).status_code == 400
    assert len(client.get("/api/v1/findings?object_id=trace").json()) == 1
    new = {"object_id": "trace", "body": "甲", "planned_from": "2026-06-01", "planned_to": "2026-07-01"}
    assert client.post("/api/v1/evaluations", json=new).json()["template"] == "2025"
    assert len(client.get("/api/v1/evaluations?object_id=trace").json()["evaluations"]) == 1
    assert client.get("/api/v1/evaluations/protection-plan/trace").content.startswith(b"PK")


def test_records(client: Client) -> None:
    body = {"system": "trace", "name": "追溯", "unit": "u1", "unit_code": "NMPA", "column": 9,
            "conformance": {"sso": True, "users": True, "authentication": True, "audit": True}}  # fmt: skip
    made = client.post("/api/v1/records", json=body).json()
    assert client.post(f"/api/v1/records/{made['id']}/steps", json={"action": "unit_review"}).status_code == 200
    assert client.post(f"/api/v1/records/{made['id']}/steps", json={"action": "bureau_review"}).status_code == 403
    assert client.get("/api/v1/records/verify/YJ-NMPA-2026-00010").status_code in (400, 404)
    assert client.post("/api/v1/records", json={"system": "x"}).status_code == 400
    assert len(client.get("/api/v1/records").json()) == 1
