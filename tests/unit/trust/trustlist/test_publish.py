from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.clock import ManualClock
from infra.errors import AppError
from infra.ledger import Ledger, Sequencer
from infra.records import Records, open_records
from infra.records.migrate import migrate
from tests.unit.trust.trustlist.recognition import DAY, EC, NOW, PEOPLE, PUBLISHERS, RSA, entry, signed, version
from trust.crypto.sm2 import PrivateKey
from trust.trustlist.entry import Signature, SignedList, State
from trust.trustlist.publish import History, ListStore, to_sign
from trust.trustlist.scope import read_scope

FIRST = version([entry("ec", EC)])
SECOND = version([entry("ec", EC, state=State.SUSPENDED)], FIRST, issued=NOW)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = open_records(tmp_path / "records.db")
    migrate(made.engine)
    yield made
    made.close()


def test_versions_are_kept_and_told_to_the_ledger(records: Records) -> None:
    store = ListStore(records, ManualClock(NOW))
    assert store.history().latest is None
    store.publish(signed(FIRST), "li")
    assert store.history().latest == FIRST
    store.publish(signed(SECOND, "wang", "zhao"), "wang")
    assert store.history().versions == [FIRST, SECOND]
    while Sequencer(records, ManualClock(NOW)).turn():
        pass
    leaves = Ledger(records)
    assert leaves.head() is not None
    assert leaves.leaf(1).entry.action == "trust.list.publish"
    assert leaves.leaf(1).entry.detail["states"] == {"ec": "suspended"}


WRONG = {
    "one signature": signed(SECOND, "li"),
    "the same signature twice": signed(SECOND, "li", "li"),
    "a stranger": SignedList(
        SECOND.canonical(),
        (signed(SECOND).signatures[0], Signature("eve", PrivateKey.generate().sign(to_sign(SECOND.canonical())))),
    ),
    "a stranger under a publisher's name": SignedList(
        SECOND.canonical(),
        (signed(SECOND).signatures[0], Signature("wang", PrivateKey.generate().sign(to_sign(SECOND.canonical())))),
    ),
    "signatures without the purpose": SignedList(
        SECOND.canonical(), tuple(Signature(name, PEOPLE[name].sign(SECOND.canonical())) for name in ("li", "wang"))
    ),
    "a version left out": signed(msgspec.structs.replace(SECOND, version=3)),
    "the first version again": signed(FIRST),
    "another history": signed(msgspec.structs.replace(SECOND, previous="0" * 64)),
    "issued before the last": signed(msgspec.structs.replace(SECOND, issued=FIRST.issued - DAY)),
    "over before it begins": signed(msgspec.structs.replace(SECOND, next_update=SECOND.issued)),
    "a threshold nobody can meet": signed(msgspec.structs.replace(SECOND, threshold=4)),
    "an entry twice": signed(msgspec.structs.replace(SECOND, entries=(*SECOND.entries, *SECOND.entries))),
    "a level out of range": signed(msgspec.structs.replace(SECOND, entries=(entry("x", RSA, level=9),))),
    "no certificate": signed(msgspec.structs.replace(SECOND, entries=(entry("x"),))),
    "a malformed scope": signed(msgspec.structs.replace(SECOND, entries=(entry("x", RSA, permitted=("dns:*",)),))),
    "spaces in the body": SignedList(SECOND.canonical() + b" ", signed(SECOND).signatures),
    "no list": SignedList(b"{}", signed(SECOND).signatures),
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG.keys())
def test_what_does_not_follow_is_refused_and_changes_nothing(records: Records, document: SignedList) -> None:
    store = ListStore(records, ManualClock(NOW))
    store.publish(signed(FIRST), "li")
    with pytest.raises(AppError):
        store.publish(document, "eve")
    assert store.history().versions == [FIRST]


def test_publishers_of_the_old_version_decide_about_new_ones() -> None:
    newcomer = PrivateKey.generate()
    takeover = msgspec.structs.replace(SECOND, publishers=PUBLISHERS[:1], threshold=1)
    with pytest.raises(AppError):
        History([signed(FIRST), signed(takeover, "li")])
    assert History([signed(FIRST), signed(takeover)]).latest == takeover
    third = version([entry("ec", EC)], takeover, issued=NOW)
    with pytest.raises(AppError):
        History([signed(FIRST), signed(takeover), signed(third, "wang", "zhao")])
    assert newcomer


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_flipped_bit_breaks_the_history(data: st.DataObject) -> None:
    document = signed(SECOND)
    body = bytearray(document.body)
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(AppError):
        History([signed(FIRST), SignedList(bytes(body), document.signatures)])


def test_the_past_is_judged_by_the_list_of_the_past() -> None:
    found = History([signed(FIRST), signed(SECOND)])
    assert found.at(NOW - DAY) == FIRST
    assert found.at(NOW) == SECOND
    assert found.at(FIRST.issued - 999 * DAY) == FIRST
    assert History([]).at(NOW) is None


@pytest.mark.parametrize(
    "text", ["dns:a.cn", "mail:.a.cn", "uri:a.cn", "ip:10.0.0.0/8", "ip:2001:db8::/32", "dn:O=x, C=CN"]
)
def test_scopes(text: str) -> None:
    assert read_scope(text).base


@pytest.mark.parametrize(
    "text", ["", "dns", "dns:", "dns:.a.cn", "ip:10.0.0.1/8", "ip:x", "dn:x", "host:a.cn", "dns:药.cn"]
)
def test_malformed_scopes_are_refused(text: str) -> None:
    if text == "dns:":
        assert read_scope(text).base.text == ""
        return
    with pytest.raises(AppError):
        read_scope(text)
