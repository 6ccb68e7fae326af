from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor, Decision
from tests.unit.trust.trustlist.recognition import DAY, EC, NOW, SM2, entry, leaf, signed, version
from tests.unit.trust.validation.adversarial.forge import when
from tests.unit.trust.validation.test_request import Sm2Key
from trust.trustlist.api import verify_router
from trust.trustlist.entry import State, TrustList
from trust.trustlist.publish import ListStore
from trust.trustlist.recognise import from_bundle
from trust.trustlist.verifier import Verifier
from trust.validation.evidence import replay

LEAF, GM = leaf(EC), leaf(SM2, owner=Sm2Key())


class Gate:
    """Lets everything pass, or nothing."""

    open = True

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(self.open, action)

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        if not self.open:
            raise AppError(ErrorKind.FORBIDDEN, "trust.denied", action=action)


class Desk:
    """A site with one published list and its API."""

    def __init__(self, records: Records) -> None:
        self.clock, self.gate = ManualClock(NOW), Gate()
        self.store = ListStore(records, self.clock)
        self.verifier = Verifier(self.store)
        self.latest: TrustList | None = None
        application = FastAPI()
        application.include_router(verify_router(self.verifier, self.gate, self.clock))
        self.application = application

    def publish(self, **changes: Any) -> None:
        entries = [entry("sm2", SM2), entry("ec", EC, **changes)]
        self.latest = version(entries, self.latest, issued=self.clock.now() if self.latest else NOW - DAY)
        self.store.publish(signed(self.latest), "li")

    def call(self, method: str, path: str, form: Any = None) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
                return await client.request(method, path, json=form)

        return asyncio.run(run())

    def ask(self, **form: Any) -> dict[str, Any]:
        answer = self.call("POST", "/api/v1/trust/verify", form)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    yield Desk(records)
    records.close()


def pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----\n"


def test_the_list_judges_where_no_anchors_are_given(desk: Desk) -> None:
    assert desk.ask(documents=[pem(LEAF.der)])["reasons"][0]["code"] == "no_list"
    desk.publish()
    for document in (pem(LEAF.der), base64.b64encode(LEAF.der).decode(), pem(GM.der)):
        found = desk.ask(documents=[document])
        assert found["verdict"] == "valid", found["reasons"]
        assert found["list_version"] == 1
        assert replay(found["evidence"], lists=from_bundle).same


def test_anchors_can_be_given(desk: Desk) -> None:
    for anchors in (pem(EC.der), [pem(EC.der)], [base64.b64encode(EC.der).decode()]):
        assert desk.ask(object=pem(LEAF.der), anchors=anchors)["verdict"] == "valid"
    wrong = desk.ask(object=pem(LEAF.der), anchors=pem(SM2.der))
    assert wrong["verdict"] == "invalid"
    assert {"code", "text_zh", "text_en", "subject"} <= set(wrong["reasons"][0])


def test_a_suspension_is_seen_by_the_next_question(desk: Desk) -> None:
    desk.publish()
    assert desk.ask(documents=[pem(LEAF.der)])["verdict"] == "valid"
    assert desk.ask(documents=[pem(LEAF.der)])["verdict"] == "valid"
    desk.clock.advance(1)
    desk.publish(state=State.SUSPENDED)
    found = desk.ask(documents=[pem(LEAF.der)])
    assert (found["verdict"], found["list_version"]) == ("invalid", 2)
    assert desk.ask(documents=[pem(GM.der)])["verdict"] == "valid"


def test_a_remembered_answer_does_not_outlive_the_certificate(desk: Desk) -> None:
    desk.publish()
    short = leaf(EC, end=when(NOW + timedelta(seconds=20)))
    assert desk.ask(documents=[pem(short.der)])["verdict"] == "valid"
    desk.clock.advance(30)
    assert desk.ask(documents=[pem(short.der)])["verdict"] == "invalid"


def test_other_parameters_are_another_question(desk: Desk) -> None:
    desk.publish()
    assert desk.ask(documents=[pem(LEAF.der)])["verdict"] == "valid"
    assert desk.ask(documents=[pem(LEAF.der)], name="other.cn")["verdict"] == "invalid"
    assert desk.ask(documents=[pem(LEAF.der)], min_level=4)["verdict"] == "invalid"
    assert desk.ask(documents=[pem(LEAF.der)], at="2010-01-01T00:00:00Z")["verdict"] == "invalid"


def test_nonsense_is_invalid_and_wrong_forms_are_refused(desk: Desk) -> None:
    desk.publish()
    assert desk.ask(documents=["nonsense"])["verdict"] == "invalid"
    for form in ({"documents": [pem(LEAF.der)], "profil": "gm"}, {"documents": ["x"], "max_depth": -1}):
        assert desk.call("POST", "/api/v1/trust/verify", form).status_code == 422


def test_the_list_is_shown_and_both_are_guarded(desk: Desk) -> None:
    assert desk.call("GET", "/api/v1/trust/list").json()["version"] is None
    desk.publish()
    shown = desk.call("GET", "/api/v1/trust/list").json()
    assert [row["id"] for row in shown["entries"]] == ["sm2", "ec"]
    desk.gate.open = False
    with pytest.raises(AppError):
        desk.call("GET", "/api/v1/trust/list")
    with pytest.raises(AppError):
        desk.call("POST", "/api/v1/trust/verify", {"documents": ["x"]})
