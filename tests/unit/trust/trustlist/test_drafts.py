"""Two people put a version into force with their own keys; a draft nobody signed changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from tests.unit.trust.trustlist.recognition import EC, PEOPLE, SM2, entry, signed, version
from trust.trustlist.drafts import Drafts
from trust.trustlist.entry import State
from trust.trustlist.publish import ListStore, to_sign

LI = Actor(id="u-li", name="li")


@pytest.fixture
def drafts(tmp_path: Path) -> Iterator[Drafts]:
    first = version([entry("sm2", SM2), entry("ec", EC)])
    clock = ManualClock(first.issued)
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    lists = ListStore(records, clock)
    lists.publish(signed(first), "test")
    yield Drafts(records, lists, clock)
    records.close()


def sign(drafts: Drafts, draft: str, name: str) -> str:
    body = drafts.find(draft).body
    return drafts.sign(draft, name, PEOPLE[name].sign(to_sign(body))).state


def test_the_second_signature_puts_it_into_force(drafts: Drafts) -> None:
    draft = drafts.propose(LI, [{"id": "ec", "state": "suspended"}])
    assert draft.changes == ({"entry": "ec", "field": "state", "before": "accepted", "after": "suspended"},)
    names = list(PEOPLE)
    assert sign(drafts, draft.id, names[0]) == "open"
    assert sign(drafts, draft.id, names[0]) == "open"  # the same person twice is one person
    assert drafts.open()[0].signed_by == (names[0],)
    assert sign(drafts, draft.id, names[1]) == "published"
    latest = drafts._lists.history().latest
    assert latest is not None
    assert latest.version == 2
    found = latest.entry("ec")
    assert found is not None
    assert found.state is State.SUSPENDED
    assert drafts.open() == []


def test_only_a_publisher_signs_and_only_this_draft(drafts: Drafts) -> None:
    draft, other = (drafts.propose(LI, [{"id": "ec", "level": level}]) for level in (3, 4))
    names = list(PEOPLE)
    wrong = PEOPLE[names[0]].sign(to_sign(other.body))
    for name, signature in ((names[0], wrong), (names[1], wrong), ("eve", wrong)):
        with pytest.raises(AppError) as caught:
            drafts.sign(draft.id, name, signature)
        assert caught.value.kind is ErrorKind.FORBIDDEN
    assert drafts.find(draft.id).signed_by == ()


@pytest.mark.parametrize("change", [{"id": "none"}, {"id": "ec", "certificates": []}, {"id": "ec", "state": "loved"}])
def test_a_draft_that_could_not_be_published_is_refused_at_once(drafts: Drafts, change: dict[str, object]) -> None:
    with pytest.raises(AppError) as caught:
        drafts.propose(LI, [change])
    assert caught.value.kind is ErrorKind.INVALID
    assert drafts.open() == []


def test_a_dropped_draft_takes_no_signature(drafts: Drafts) -> None:
    draft = drafts.propose(LI, removed=["ec"])
    drafts.drop(LI, draft.id)
    with pytest.raises(AppError) as caught:
        sign(drafts, draft.id, next(iter(PEOPLE)))
    assert caught.value.kind is ErrorKind.CONFLICT
