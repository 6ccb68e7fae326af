"""Playbooks over HTTP, from the library to a rollback; what is refused to whom; the seam towards work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from infra.clock import SystemClock
from infra.errors import AppError, ErrorKind
from infra.events import Signal, Why
from infra.exchange import Level
from infra.ledger import record
from infra.records import Records
from infra.text import Language, use_language
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import Actor, current_actor
from ops.alerts import Alerts
from ops.runs import RunDesk
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.api import playbooks_router
from playbooks.inbox import RunTodos
from playbooks.library.shelf import shelf
from playbooks.model.signatures import sign
from playbooks.room import PlaybookRoom
from tests.unit.playbooks.building import LI, WANG, ZHAO, Bench, book, do, key
from tests.unit.playbooks.model.test_signatures import anchor
from tests.unit.playbooks.samples import IDENTITY, full
from trust.access import Access

KEY = ed25519.Ed25519PrivateKey.generate()
Ask = Callable[..., httpx.Response]


@pytest.fixture
def room(records: Records, tmp_path: Path) -> PlaybookRoom:
    known = actuators_of(Surroundings(tmp_path))
    room = PlaybookRoom(
        records, Access(records), SystemClock(), anchors=lambda: anchor(KEY), actuators=lambda: known
    )  # fmt: skip
    assert room.shelve() == len(shelf())
    assert room.shelve() == 0
    return room


@pytest.fixture
def ask(room: PlaybookRoom, records: Records) -> Ask:
    access = Access(records)
    api = build_api(playbooks_router(room, access), access=access, version="t", measures=Measures(), home="/ui/")

    def asked(method: str, path: str, actor: Actor = LI, **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            token = current_actor.set(actor)
            try:
                transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
                async with httpx.AsyncClient(transport=transport, base_url="http://t/api/v1") as client:
                    return await client.request(method, path, **more)
            finally:
                current_actor.reset(token)

        return asyncio.run(send())

    return asked


def signed() -> dict[str, Any]:
    tree = book({"b1": {"on_completion": "a1"}, "a1": do("ask", "e1", "manual"), "e1": {}})
    return sign(tree, KEY, signee="x", identity=IDENTITY, at=datetime(2026, 1, 1, tzinfo=UTC))


def test_library_validation_and_dry_run(ask: Ask) -> None:
    listed = ask("GET", "/playbooks").json()
    assert len(listed) == len(shelf())
    block = next(each for each in listed if "__address__" in each["inputs"] and each["title"] == "暴力破解处置")
    assert ask("GET", f"/playbooks/{block['id']}").json()["name"] == "暴力破解处置"
    assert ask("POST", "/playbooks/validate", json=full()).json()["level"] == "strict"
    bad = ask("POST", "/playbooks/validate", json=full() | {"name": 7}).json()
    assert [each["path"] for each in bad["errors"]] == ["/name"]
    assert ask("POST", "/playbooks/validate", content=b"{").status_code == 400
    assert ask("POST", "/playbooks", json=full() | {"name": 7}).status_code == 400
    assert ask("GET", "/playbooks/none").status_code == 404


def test_a_run_from_start_to_answer(ask: Ask, room: PlaybookRoom, records: Records) -> None:
    sha256 = ask("POST", "/playbooks", json=signed()).json()["sha256"]
    begun = ask("POST", "/runs", json={"playbook": sha256})
    assert begun.status_code == 201
    run = begun.json()["run"]
    Bench(records).go()
    (wait,) = ask("GET", f"/runs/waits?run={run}").json()
    assert ask("POST", f"/runs/waits/{wait['id']}/answer", json={"answer": "nonsense"}).status_code == 400
    assert ask("POST", f"/runs/waits/{wait['id']}/answer", WANG, json={"answer": "done"}).status_code == 204
    Bench(records).go()
    assert ask("GET", f"/runs/{run}").json()["state"] == "done"
    assert ask("POST", f"/runs/{run}/act", json={"action": "rollback"}).status_code == 204
    assert [each["run"] for each in ask("GET", "/runs?state=running").json()] == [run]
    assert ask("GET", f"/runs/{run}/attempts").json() == []


def test_live_only_signed_and_only_by_those_who_may(ask: Ask) -> None:
    shipped = shelf()[0].playbook.id
    assert ask("POST", "/runs", json={"playbook": shipped, "simulate": False}).status_code == 403
    inputs = {"subject": "x"} if "__subject__" in shelf()[0].playbook.playbook_variables else {}
    assert ask("POST", "/runs", json={"playbook": shipped, "simulate": True, "inputs": inputs}).status_code in (
        201,
        400,
    )
    auditor, nobody = Actor(id="a", name="a", roles=("auditor",)), Actor(id="n", name="n")
    assert ask("POST", "/runs", auditor, json={"playbook": shipped, "simulate": True}).status_code == 403
    assert ask("GET", "/runs", auditor).status_code == 200
    for path in ("/playbooks", "/runs", "/runs/waits"):
        assert ask("GET", path, nobody).status_code == 403
    assert ask("POST", "/runs", json={"playbook": shipped, "simulate": "yes"}).status_code in (400, 422)


@pytest.mark.parametrize("signed_first", [True, False])
def test_of_several_copies_the_one_that_may_run_is_taken(room: PlaybookRoom, signed_first: bool) -> None:
    plain = book({"b1": {"on_completion": "a1"}, "a1": do("ask", "e1", "manual"), "e1": {}})
    for tree in (signed(), plain) if signed_first else (plain, signed()):
        room.keep(LI, tree)
    assert room.reading.run(room.start(LI, plain["id"], {}, simulate=False)).state == "running"


@pytest.mark.parametrize("signed_first", [True, False])
def test_a_newer_version_is_never_passed_over_for_an_older_signed_one(room: PlaybookRoom, signed_first: bool) -> None:
    steps = {"b1": {"on_completion": "a1"}, "a1": do("block", "e1"), "e1": {}}
    newer = book(steps, modified="2026-02-01T00:00:00.000Z", name="Newer")
    kept = [room.keep(LI, tree) for tree in ((signed(), newer) if signed_first else (newer, signed()))]
    last = kept[1] if signed_first else kept[0]
    assert room.document(newer["id"])["name"] == "Newer"
    effects = room.rehearse(newer["id"], {})
    assert effects == room.rehearse(last, {})
    assert effects
    run = room.start(LI, newer["id"], {}, simulate=True)
    assert room.reading.run(run).sha256 == last
    with pytest.raises(AppError) as caught:
        room.start(LI, newer["id"], {}, simulate=False)
    assert caught.value.kind is ErrorKind.FORBIDDEN
    resigned = room.keep(LI, sign(newer, KEY, signee="x", identity=IDENTITY, at=datetime(2026, 2, 1, tzinfo=UTC)))
    assert room.reading.run(room.start(LI, newer["id"], {}, simulate=False)).sha256 == resigned


def test_a_dry_run_looks_into_the_newest_version_of_what_is_called(room: PlaybookRoom) -> None:
    call = {"playbook_id": book({"b1": {"on_completion": "e1"}, "e1": {}}, number=2)["id"], "on_completion": "e1"}
    outer = book({"b1": {"on_completion": "c1"}, "c1": call, "e1": {}})
    room.keep(LI, outer)
    for month, name, step in ((3, "Alpha", "a2"), (2, "Omega", "a1")):
        steps = {"b1": {"on_completion": step}, step: do("block", "e1"), "e1": {}}
        room.keep(LI, book(steps, number=2, name=name, modified=f"2026-0{month}-01T00:00:00.000Z"))
    [effect] = room.rehearse(outer["id"], {})
    assert effect["step"].endswith(key("a2"))


def called(month: int, step: str, text: str) -> dict[str, Any]:
    steps = {"b1": {"on_completion": step}, step: do(text, "e1"), "e1": {}}
    return book(steps, number=2, modified=f"2026-0{month}-01T00:00:00.000Z")


def calling(version: str = "") -> dict[str, Any]:
    call = {"playbook_id": called(2, "a1", "x")["id"], "on_completion": "e1"}
    call |= {"playbook_version": version} if version else {}
    return book({"b1": {"on_completion": "c1"}, "c1": call, "e1": {}})


@pytest.mark.parametrize(
    ("version", "done"),
    [
        ("2026-02-01T00:00:00.000Z", ["older"]),
        ("2026-03-01T00:00:00.000Z", ["newer"]),
        ("", ["newer"]),
        ("2026-04-01T00:00:00.000Z", []),
    ],
)
def test_a_dry_run_and_a_run_call_the_same_version(
    room: PlaybookRoom, records: Records, version: str, done: list[str]
) -> None:
    for tree in (called(2, "a1", "older"), called(3, "a2", "newer")):
        room.keep(LI, tree)
    outer = room.keep(LI, calling(version))
    [effect] = room.rehearse(outer, {})
    assert effect["step"].endswith(key("c1") if not done else key("a1" if done == ["older"] else "a2"))
    assert ("not in the library" in effect["target"]) != bool(done)
    bench = Bench(records)
    run = room.desk.start(LI, outer, {}, simulate=False)
    bench.go()
    assert (bench.hand.texts, bench.reading.run(run).state) == (done, "done" if done else "failed")


@pytest.mark.parametrize("inner_signed", [True, False])
def test_a_called_playbook_runs_live_only_where_it_is_signed(
    room: PlaybookRoom, records: Records, inner_signed: bool
) -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    room.keep(LI, sign(called(2, "a1", "older"), KEY, signee="x", identity=IDENTITY, at=at))
    newer = called(3, "a2", "newer")
    room.keep(LI, sign(newer, KEY, signee="x", identity=IDENTITY, at=at) if inner_signed else newer)
    outer = room.keep(LI, sign(calling(), KEY, signee="x", identity=IDENTITY, at=at))
    bench = Bench(records, admit=room.admit)
    run = room.start(LI, outer, {}, simulate=False)
    bench.go()
    view = bench.reading.run(run)
    assert bench.hand.texts == (["newer"] if inner_signed else []), "never an older signed one in its place"
    assert view.state == ("done" if inner_signed else "failed")
    assert room.start(LI, outer, {}, simulate=True)


def test_who_agreed_is_shown_with_the_step(room: PlaybookRoom, records: Records) -> None:
    guard = {"approval": {"roles": ["operator"], "count": 1}}
    tree = book({"b1": {"on_completion": "a1"}, "a1": do("x", "e1", guard=guard), "e1": {}})
    bench = Bench(records)
    run = bench.start(tree)
    bench.go()
    assert [step.agreed for step in room.view(run).steps] == [()]
    wait = bench.wait(run)
    room.desk.approve(WANG, wait.id, wait.binding, agree=True)
    bench.go()
    assert [(step.state, step.agreed) for step in room.view(run).steps] == [("done", (WANG.id,))]


def test_an_approval_is_work_of_those_who_may_give_it(room: PlaybookRoom, records: Records) -> None:
    guard = {"approval": {"roles": ["operator"], "count": 2, "expires_s": 600}}
    tree = book({"b1": {"on_completion": "a1"}, "a1": do("x", "e1", guard=guard, name="封锁地址"), "e1": {}})
    bench = Bench(records)
    run = bench.start(tree, WANG)
    bench.go()
    inbox, auditor = RunTodos(room, Access(records)), Actor(id="a", name="a", roles=("auditor",))
    [asked] = inbox.todos(ZHAO)
    assert (asked.href, asked.room, asked.level) == (f"/ui/playbooks?run={run}", "playbooks", Level.HIGH)
    assert asked.due is not None
    assert "封锁地址" in asked.title
    with use_language(Language.EN):
        assert "Block the address" in inbox.todos(ZHAO)[0].title
    assert [list(inbox.todos(each)) for each in (WANG, LI, auditor)] == [[], [], []]
    wait = bench.wait(run)
    assert (wait.requester, wait.apart, wait.needed) == (WANG.id, True, 2)
    room.desk.approve(ZHAO, wait.id, wait.binding, agree=True)
    assert list(inbox.todos(ZHAO)) == [], "one person has one word"
    assert (bench.wait(run).said, bench.wait(run).spoke) == (1, (ZHAO.id,))


def test_a_case_that_knows_rules_by_id_is_offered_what_answers_their_names(
    room: PlaybookRoom, records: Records
) -> None:
    rule = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a02"
    entities = [("ip", "192.0.2.7")]
    assert room.fitting([rule], entities)[0].title != "暴力破解处置"
    now = datetime(2026, 2, 1, tzinfo=UTC)
    Alerts(records, SystemClock(), record).absorb([
        Signal(
            id="s1", time=now, rule_id=rule, rule_name="SSH password guessing from one address", detector="rules",
            level=Level.HIGH, event_ids=("e1",), entity_type="ip", entity_value="192.0.2.7",
            why=(Why("source.ip", "x", "x"),),
        )
    ])  # fmt: skip
    found = room.fitting([rule], entities)
    assert {"暴力破解处置", "暴力破解处置（须他人批准）"} <= {each.title for each in found[:3]}
    assert all("SSH password guessing" in each.why for each in found)


def test_work_sees_it_through_its_seam(room: PlaybookRoom, records: Records) -> None:
    desk: RunDesk = room
    (fit, *_) = desk.fitting(["brute-force"], [("ip", "192.0.2.7")])
    assert (fit.title, fit.inputs, fit.acts) == ("暴力破解处置", {"__address__": "192.0.2.7"}, True)
    run = desk.start(LI, fit.playbook, fit.inputs, simulate=True)
    Bench(records).go()
    view = desk.view(run)
    assert (view.state, {step.state for step in view.steps}) == ("done", {"done"})
    effects = desk.rehearse(fit.playbook, fit.inputs)
    assert ("block-address", "192.0.2.7") in {(row["kind"], row["target"]) for row in effects}
    with pytest.raises(AppError):
        desk.view("none")
