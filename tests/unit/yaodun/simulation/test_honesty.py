"""A world without wrongs is honest: checked by plain bookkeeping over its events, apart from the detectors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from infra.events.business import Bill, BusinessEvent, Correction, Pack, Party, Truth
from yaodun.simulation.business import simulate

FINAL = ("320", "321", "322", "326")
ANSWERS = {"102": "201", "103": "202", "104": "203", "107": "209", "108": "211"}


class Books:
    """What the events say, each document once."""

    def __init__(self, events: list[BusinessEvent], truths: list[Truth]) -> None:
        taken_back = {wrong.event for event in events if isinstance(event, Correction) for wrong in event.wrong}
        documents: dict[tuple[str, str, int], Bill] = {}
        packs: dict[str, Pack] = {}
        self.central: set[str] = set()
        for event in events:
            if isinstance(event, Bill) and event.id not in taken_back:
                known = documents.get((event.party, event.bill, event.line))
                if known is None or event.attempt >= known.attempt:
                    documents[event.party, event.bill, event.line] = event
            elif isinstance(event, Pack):
                packs[event.id] = event
            elif isinstance(event, Party) and event.platform == "central":
                self.central.add(event.party)
        self.bills, self.packs = list(documents.values()), list(packs.values())
        self.ends = max(event.recorded for event in events)
        self.explained = {event for truth in truths if truth.look_alike for event in truth.events}

    def codes(self, kind: str) -> dict[tuple[str, str], datetime]:
        """(code, party) to the first time in bills of a kind."""
        found: dict[tuple[str, str], datetime] = {}
        for bill in self.bills:
            if bill.bill_type == kind:
                for code in bill.codes:
                    key = (code, bill.party)
                    found[key] = min(bill.time, found.get(key, bill.time))
        return found


@pytest.fixture(scope="module")
def books() -> Books:
    tape = simulate(5, 90, codes=8_000, knobs={"anomalies": 0, "look_alikes": 1})
    events = tape.recorded()
    return Books(events, tape.settled(events))


def _odd(bills: Iterator[Bill]) -> list[str]:
    return [f"{bill.bill_type} {bill.party}/{bill.bill} {bill.id}" for bill in bills]


def test_every_inbound_of_a_central_sender_was_sent(books: Books) -> None:
    sent = {inbound: books.codes(outbound) for inbound, outbound in ANSWERS.items()}
    late = books.ends - timedelta(days=14)
    unsent = (
        bill
        for bill in books.bills
        if bill.bill_type in sent and bill.from_party in books.central and bill.time < late
        if any((code, bill.from_party) not in sent[bill.bill_type] for code in bill.codes)
    )
    assert _odd(unsent) == []


def test_every_outbound_to_a_central_receiver_arrives_and_never_before_it_left(books: Books) -> None:
    for inbound, outbound in ANSWERS.items():
        arrived = books.codes(inbound)
        for bill in books.bills:
            if bill.bill_type != outbound or bill.to_party not in books.central:
                continue
            times = [arrived.get((code, bill.to_party)) for code in bill.codes]
            if bill.time < books.ends - timedelta(days=25):
                assert None not in times, bill
            if outbound == "201":
                assert all(time is None or time > bill.time for time in times), bill


def test_no_code_ends_twice_without_a_return(books: Books) -> None:
    ends = Counter(code for bill in books.bills if bill.bill_type in FINAL for code in bill.codes)
    returned = {code for bill in books.bills if bill.bill_type == "116" for code in bill.codes}
    assert {code for code, times in ends.items() if times > 1} <= returned


def test_boxes_are_opened_where_they_are_and_after_they_came(books: Books) -> None:
    came: dict[tuple[str, str], datetime] = defaultdict(lambda: datetime.max.replace(tzinfo=books.ends.tzinfo))
    for kind in ("101", "102", "103", "113"):
        for key, time in books.codes(kind).items():
            came[key] = min(came[key], time)
    inside = {child: pack.parent for pack in books.packs if pack.action == "pack" for child in pack.children}
    for pack in books.packs:
        if pack.action == "unpack":
            there = min(came[pack.parent, pack.party], came[inside.get(pack.parent, ""), pack.party])
            assert there <= pack.time, pack


def test_the_clock_of_the_centre_is_never_behind(books: Books) -> None:
    ahead = (bill for bill in books.bills if bill.time - bill.recorded > timedelta(minutes=1))
    assert _odd(ahead) == []


def test_a_batch_never_gives_more_than_was_made(books: Books) -> None:
    made: Counter[tuple[str, str]] = Counter()
    ended: Counter[tuple[str, str]] = Counter()
    for bill in books.bills:
        key = (bill.product, bill.batch)
        if bill.bill_type == "101":
            made[key] += bill.quantity
        elif bill.bill_type in FINAL and bill.measure == "each":
            ended[key] += bill.quantity
    assert {key for key, units in ended.items() if made[key] and units > made[key]} == set()
