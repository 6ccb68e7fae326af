"""Rules and suppressions over HTTP: nothing without the right that a route asks for, no word that is not understood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from analytics.rules.api import rules_router
from analytics.rules.book import RuleBook
from analytics.rules.desk import RuleDesk, RulePlaces
from analytics.rules.state import Sight
from analytics.rules.suppressing import SuppressionDesk
from analytics.rules.suppression_api import suppressions_router
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import Actor, Decision, current_actor
from tests.browser.fake_rooms import NoEvents
from tests.unit.analytics.rules.test_desk import ANNA, BASE, NOW, RULE, TESTS, Told
from tests.unit.analytics.rules.test_suppression import FILTER

READ, TEST, EDIT, SUPPRESS = "rules.read", "rules.test", "rules.edit", "rules.suppress"
PUBLISHED = {"source": RULE.replace("A known", "Known"), "tests": TESTS, "note": "words", "rule": BASE}
MADE = {"source": FILTER, "owner": "anna", "reason": "our own scanner", "expires": "2026-11-26T08:00:00+08:00"}
ROUTES: tuple[tuple[str, str, dict[str, Any] | None, str, str], ...] = (
    ("GET", "/rules", None, READ, ""),
    ("GET", "/rules/failures", None, READ, ""),
    ("GET", f"/rules/{BASE}", None, READ, f"rule:{BASE}"),
    ("POST", "/rules/check", {"source": RULE, "tests": TESTS}, TEST, ""),
    ("POST", "/rules/backtest", {"source": RULE, "days": 1}, TEST, ""),
    ("POST", "/rules/explain", {"source": RULE, "event": {"destination.port": 4444}}, TEST, ""),
    ("POST", "/rules", PUBLISHED, EDIT, f"rule:{BASE}"),
    ("POST", f"/rules/{BASE}/state", {"state": "canary", "note": "watch"}, EDIT, f"rule:{BASE}"),
    ("POST", f"/rules/{BASE}/restore", {"version": 0, "note": "back"}, EDIT, f"rule:{BASE}"),
    ("GET", "/suppressions", None, READ, ""),
    ("POST", "/suppressions/prove", {"source": FILTER}, TEST, ""),
    ("POST", "/suppressions/preview", {"source": FILTER, "days": 1}, TEST, ""),
    ("POST", "/suppressions", MADE, SUPPRESS, ""),
    ("POST", "/suppressions/S-1/end", {"note": "gone"}, SUPPRESS, "suppression:S-1"),
)  # fmt: skip


class Door:
    """Lets do what is in ``open``; remembers what was asked."""

    def __init__(self, *granted: str) -> None:
        self.open, self.asked = set(granted), list[tuple[str, str, str]]()

    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(action in self.open, "test")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        self.asked.append((actor.id, action, thing))
        if action not in self.open:
            raise AppError(ErrorKind.FORBIDDEN, "infra.web.http", place=action)


def api_of(door: Door, rules: Callable[[], RuleDesk], suppressions: Callable[[], SuppressionDesk]) -> FastAPI:
    routers = rules_router(rules, door), suppressions_router(suppressions, door)
    return build_api(*routers, access=door, version="0", measures=Measures(), home="/ui/")


def ask(api: FastAPI, method: str, path: str, body: Any = None, content: bytes | None = None) -> httpx.Response:
    async def send() -> httpx.Response:
        current_actor.set(ANNA)
        transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, "/api/v1" + path, json=body, content=content)

    return asyncio.run(send())


def nobody() -> Any:
    """A desk that nothing may reach."""
    raise RuntimeError("the desk was asked")


@pytest.fixture
def rules(tmp_path: Path, records: Records) -> RuleDesk:
    folder, clock = tmp_path / "rules", ManualClock(NOW)
    folder.mkdir()
    (folder / "a.yml").write_text(RULE)
    (folder / "a.test.yml").write_text(TESTS)
    return RuleDesk(RuleBook(records, clock), RulePlaces((folder,)), NoEvents(), Told(), lambda: Sight(), clock)


@pytest.mark.parametrize(("method", "path", "body", "action", "thing"), ROUTES)
def test_every_route_demands_its_right_before_the_desk_is_asked(
    method: str, path: str, body: dict[str, Any] | None, action: str, thing: str
) -> None:
    door = Door(*{READ, TEST, EDIT, SUPPRESS} - {action})
    assert ask(api_of(door, nobody, nobody), method, path, body).status_code == 403
    assert door.asked == [(ANNA.id, action, thing)]


def test_the_table_names_every_route() -> None:
    door = Door()
    routers = rules_router(nobody, door), suppressions_router(nobody, door)
    there = {(method, route.path) for router in routers for route in router.routes for method in route.methods}  # type: ignore[attr-defined]
    named = {
        (method, "/api/v1" + path.replace(BASE, "{rule_id}").replace("S-1", "{suppression}"))
        for method, path, *_ in ROUTES
    }
    assert named == there


def test_a_reader_reads_and_changes_nothing(rules: RuleDesk) -> None:
    suppressing = SuppressionDesk(lambda: rules, NoEvents(), ManualClock(NOW))
    api = api_of(Door(READ), lambda: rules, lambda: suppressing)
    for method, path, body, action, _ in ROUTES:
        assert ask(api, method, path, body).status_code == (200 if action == READ else 403), path
    assert rules.rule(BASE).source == RULE
    assert not rules.rule(BASE).history
    assert not suppressing.all()


def test_who_has_the_rights_goes_every_way(rules: RuleDesk) -> None:
    clock = ManualClock(NOW)
    suppressing = SuppressionDesk(lambda: rules, NoEvents(), clock)
    api = api_of(Door(READ, TEST, EDIT, SUPPRESS), lambda: rules, lambda: suppressing)
    answers = {(method, path): ask(api, method, path, body) for method, path, body, *_ in ROUTES}
    unknown = answers.pop(("POST", "/suppressions/S-1/end"))
    assert unknown.status_code == 404
    assert {answer.status_code for answer in answers.values()} == {200, 204}
    assert [one.act for one in rules.rule(BASE).history] == ["restore", "canary", "write"]
    (made,) = suppressing.all()
    assert made.expires.isoformat() == "2026-11-26T00:00:00+00:00"
    assert answers["POST", "/suppressions"].json() == {"suppression": made.id}
    assert ask(api, "POST", f"/suppressions/{made.id}/end", {"note": "gone"}).status_code == 204


WRONG: tuple[tuple[str, Any], ...] = (
    ("/rules/check", {}),
    ("/rules/check", {"source": 3}),
    ("/rules/check", {"source": RULE, "more": 1}),
    ("/rules/backtest", {"source": RULE, "days": "1"}),
    ("/rules/explain", {"source": RULE, "event": []}),
    ("/rules", {"source": RULE}),
    ("/rules", {**PUBLISHED, "state": "loud"}),
    (f"/rules/{BASE}/state", {"state": "gone", "note": "n"}),
    (f"/rules/{BASE}/state", {"state": "canary"}),
    (f"/rules/{BASE}/restore", {"version": "0", "note": "n"}),
    (f"/rules/{BASE}/restore", {"version": -1, "note": "n"}),
    (f"/rules/{BASE}/restore", {"version": 10**30, "note": "n"}),
    ("/suppressions/prove", []),
    ("/suppressions/preview", {"source": FILTER, "days": None}),
    ("/suppressions", {**MADE, "expires": "2026-11-26T08:00:00"}),
    ("/suppressions", {**MADE, "expires": "tomorrow"}),
    ("/suppressions", {name: value for name, value in MADE.items() if name != "owner"}),
    ("/suppressions/S-1/end", {}),
)


@pytest.mark.parametrize(("path", "body"), WRONG)
def test_a_body_that_does_not_fit_is_a_wrong_request(path: str, body: Any) -> None:
    api = api_of(Door(READ, TEST, EDIT, SUPPRESS), nobody, nobody)
    assert ask(api, "POST", path, body).status_code == 400


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"source": "\\ud800"}'])
@pytest.mark.parametrize("path", ["/rules", "/rules/check", "/suppressions", "/suppressions/prove"])
def test_what_is_not_json_is_a_wrong_request(path: str, content: bytes) -> None:
    api = api_of(Door(READ, TEST, EDIT, SUPPRESS), nobody, nobody)
    assert ask(api, "POST", path, content=content).status_code == 400


def test_a_moment_without_its_offset_is_named() -> None:
    api = api_of(Door(SUPPRESS), nobody, nobody)
    answer = ask(api, "POST", "/suppressions", {**MADE, "expires": "2026-11-26T08:00:00"})
    assert "$.expires" in answer.text
