"""Commands: what keys, buttons and forms ask for; what goes wrong becomes a notice, never a broken page."""

import pytest

from dashboards.commands import run
from dashboards.rooms import Rooms
from dashboards.rooms.alerts import State
from dashboards.visit import Visit, visit
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor, current_actor
from tests.browser.fake_rooms import AllowAll

ME = Actor(id="u-me", name="Me", roles=("analyst",), session="s")


@pytest.fixture
def look(rooms: Rooms) -> Visit:
    token = current_actor.set(ME)
    found = visit(rooms, "/ui/alerts", "")
    current_actor.reset(token)
    return found


def row(look: Visit, alert_id: str) -> object:
    return look.rooms.alerts.card(alert_id).row


async def test_closing_asks_for_a_classification_and_a_reason(look: Visit) -> None:
    for args in (
        {"ids": ["A-00001"], "comment": "x"},
        {"ids": ["A-00001"], "verdict": "benign", "comment": " "},
        {"ids": ["A-00001"], "verdict": "nice", "comment": "x"},
    ):
        outcome, notice = await run(look, "alerts.close", args)
        assert outcome.topics == ()
        assert "notice bad" in str(notice)
    outcome, _ = await run(look, "alerts.close", {"ids": ["A-00001"], "verdict": "benign", "comment": "planned work"})
    assert row(look, "A-00001").state is State.CLOSED  # type: ignore[attr-defined]
    assert outcome.undo


async def test_bulk_reaches_the_members_of_a_stack_under_the_filter(look: Visit) -> None:
    first = look.rooms.alerts.card("A-00002").row
    outcome, _ = await run(look, "alerts.acknowledge", {"ids": [f"rule~{first.rule}", "A-00003"]})
    assert "alerts" in outcome.topics
    assert row(look, "A-00003").state is State.ACKNOWLEDGED  # type: ignore[attr-defined]


async def test_undo_brings_back_what_was(look: Visit) -> None:
    before = row(look, "A-00004")
    outcome, _ = await run(look, "alerts.assign", {"ids": ["A-00004"], "owner": "me"})
    assert row(look, "A-00004").owner == "u-me"  # type: ignore[attr-defined]
    assert outcome.undo
    await run(look, outcome.undo[0], {"token": outcome.undo[1]})
    assert row(look, "A-00004") == before


async def test_nothing_selected_says_how_to_select(look: Visit) -> None:
    _, notice = await run(look, "alerts.acknowledge", {"ids": []})
    assert "先用 X 选择" in str(notice)


async def test_rights_are_asked_again_when_acting(look: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AppError(ErrorKind.FORBIDDEN, "dashboards.alerts.may_not")

    monkeypatch.setattr(AllowAll, "demand", refuse)
    before = row(look, "A-00005")
    for name in (
        "alerts.acknowledge",
        "alerts.assign",
        "alerts.comment",
        "alerts.close",
        "alerts.reopen",
        "alerts.undo",
    ):
        args = {"ids": ["A-00005"], "comment": "x", "verdict": "benign", "token": "undo-0"}
        _, notice = await run(look, name, args)
        assert "notice bad" in str(notice)
    assert row(look, "A-00005") == before


async def test_a_new_account_shows_its_link_once(look: Visit) -> None:
    outcome, shown = await run(look, "users.create", {"name": "wang", "display": "王", "roles": ["analyst"]})
    assert outcome.shown is shown
    assert "data-show-dialog" in str(shown)
    _, again = await run(look, "users.create", {"name": "wang", "display": "", "roles": []})
    assert "已被占用" in str(again)


async def test_unknown_commands_are_named_and_cut(look: Visit) -> None:
    _, notice = await run(look, "x" * 500, {})
    assert "x" * 40 in str(notice)
    assert "x" * 41 not in str(notice)
