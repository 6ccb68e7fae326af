"""Custody: each break is found on its bill, and what resembles it stays quiet. The cases are written by hand."""

import pytest

from analytics.business import Finding, judge
from infra.events.business import BusinessEvent
from tests.unit.analytics.business.small_site import at, bill, code, event, got, later, life, masters, sent

CODES = [code(n) for n in range(1, 6)]
BOX = code(1, 2)


def told(*events: list[BusinessEvent]) -> list[Finding]:
    return judge([*masters(), *later(), *(one for group in events for one in group)])


def ids(findings: list[Finding]) -> set[str]:
    return {one.detector for one in findings}


def test_an_ordinary_life_is_quiet() -> None:
    assert told(life(CODES)) == []


def test_order_of_delivery_and_duplicates_do_not_matter() -> None:
    events = [*masters(), *later(), *life(CODES), bill(20, "321", "P1", CODES[:1], from_party="P1")]
    assert judge(events) == judge([*events[::-1], *events[:40]])


@pytest.mark.parametrize(
    ("detector", "extra"),
    [
        ("B02", [got(8, "D1", "P1", [code(77)]), sent(7.5, "D1", "P1", [code(77)])]),
        ("T01", [bill(3, "101", "H", CODES, to_party="H")]),
        ("B05", [got(20, "P1", "D2", CODES)]),
        ("T02", [bill(20, "321", "P1", CODES, from_party="P1")]),
        ("B03", [got(7, "D2", "P2", CODES)]),
        ("B01", [got(20, "D1", "P1", ["1234567"])]),
    ],
)
def test_a_break_is_told(detector: str, extra: list[BusinessEvent]) -> None:
    found = [one for one in told(life(CODES), extra) if one.detector == detector]
    assert found
    assert any(event.id in found[0].events for event in extra)


def test_goods_that_never_arrive_and_goods_that_were_never_sent() -> None:
    events = life(CODES)
    assert ids(told(events[:2])) == {"B06"}
    assert ids(told([*events[:3], *events[4:]])) == {"B07"}


def test_young_documents_may_still_be_answered() -> None:
    fresh = [bill(88, "101", "H", CODES, to_party="H"), sent(89, "H", "D1", CODES)]
    assert told(fresh) == []


def test_a_late_upload_is_not_missing() -> None:
    events = life(CODES)
    late = [*events[:1], sent(2, "H", "D1", CODES, lag=6), *events[2:]]
    assert told(late) == []


def test_a_consumer_return_explains_a_second_sale() -> None:
    back = [bill(12, "116", "P1", CODES[:1], to_party="P1"), bill(14, "321", "P1", CODES[:1], from_party="P1")]
    assert told(life(CODES), back) == []


def test_a_retry_is_the_same_bill() -> None:
    events = life(CODES)
    retry = got(3, "H", "D1", CODES, attempt=2, bill=events[2].bill)
    assert told(events, [retry]) == []


def test_a_partial_bill_is_completed_by_its_later_attempt() -> None:
    events = life(CODES)
    half = got(3, "H", "D1", CODES[:2], bill="half", partial=True)
    rest = got(3, "H", "D1", CODES[2:], lag=2, bill="half", attempt=2)
    assert told([*events[:2], half, rest, *events[3:]]) == []


def test_what_was_corrected_never_happened() -> None:
    wrong = bill(3, "101", "H", CODES, to_party="H")
    assert told(life(CODES), [wrong, event("correction", 4, wrong=[{"event": wrong.id}])]) == []


def test_a_party_on_another_platform_reports_nothing() -> None:
    made = [bill(1, "101", "H", CODES, to_party="H"), sent(2, "H", "X", CODES), got(9, "X", "P1", CODES)]
    assert told(made) == []


def test_destroyed_codes_move_no_more() -> None:
    events = life(CODES)[:3]
    destroyed = [bill(6, "205", "D1", CODES, from_party="D1")]
    assert told(events, destroyed) == []
    assert "T05" in ids(told(events, destroyed, [sent(8, "D1", "P1", CODES), got(9, "D1", "P1", CODES)]))


def test_a_box_stands_for_what_it_holds() -> None:
    made = [
        bill(1, "101", "H", [*CODES, BOX], to_party="H"),
        event("pack", 1.1, action="pack", party="H", parent=BOX, children=CODES),
        sent(2, "H", "D1", [BOX], measure="box", quantity=1), got(3, "H", "D1", [BOX], measure="box", quantity=1),
        event("pack", 4, action="unpack", party="D1", parent=BOX),
        sent(5, "D1", "P1", CODES), got(6, "D1", "P1", CODES), bill(9, "321", "P1", CODES, from_party="P1"),
    ]  # fmt: skip
    assert told(made) == []
    assert "T02" in ids(told(made, [bill(12, "321", "P1", CODES[:1], from_party="P1")]))


def test_a_child_away_from_its_closed_parent() -> None:
    made = [
        bill(1, "101", "H", [*CODES, BOX], to_party="H"),
        event("pack", 1.1, action="pack", party="H", parent=BOX, children=CODES),
        sent(2, "H", "D1", [BOX], measure="box", quantity=1), got(3, "H", "D1", [BOX], measure="box", quantity=1),
        sent(5, "D1", "P1", CODES[:1]), got(6, "D1", "P1", CODES[:1]),
        sent(7, "D1", "P2", [BOX], measure="box", quantity=1), got(8, "D1", "P2", [BOX], measure="box", quantity=1),
    ]  # fmt: skip
    found = [one for one in told(made) if one.detector == "B09"]
    assert [one.subject.value for one in found] == [BOX]


def test_a_recalled_batch_goes_back_only() -> None:
    recall = event("recall", 5, notice="R", product="YP-1", batches=["B1"], effective=at(5), halt_hours=24)
    made = [bill(1, "101", "H", CODES, to_party="H"), sent(2, "H", "D1", CODES), got(3, "H", "D1", CODES)]
    back = bill(8, "211", "D1", CODES, from_party="D1", to_party="H")
    home = bill(9, "108", "H", CODES, from_party="D1", to_party="H")
    quiet = [one for one in later() if getattr(one, "batch", "") != "B1"]
    assert "B12" not in ids(judge([*masters(), *quiet, *made, recall, back, home]))
    onward = [sent(8, "D1", "P1", CODES), got(9, "D1", "P1", CODES)]
    assert "B12" in ids(judge([*masters(), *quiet, *made, recall, *onward]))


def test_reasons_are_words_in_both_languages() -> None:
    from infra.text import Language

    found = told(life(CODES), [bill(20, "321", "P1", CODES, from_party="P1")])[0]
    for language in Language:
        words = found.words(language)
        assert words
        assert "analytics.business" not in words
        assert "{" not in words
