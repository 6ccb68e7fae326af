"""Whatever bytes come, every delivery ends in an account that adds up or in one clear refusal."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.business.account import Counting
from collectors.business.formats import Delivery, Format, lines_of
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.shipped import ShippedParsers
from infra.errors import AppError
from infra.events import Conformer, table
from infra.events.business import Refused as Unfit
from infra.events.business import decode_event, document_of, encode_event
from infra.events.business.epcis import epcis_events
from tests.unit.collectors.business.written import HEADER, bill, row

NOW = datetime(2026, 11, 25, tzinfo=UTC)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(sorted(bill(1)))


def _account(body: bytes, kind: Format) -> None:
    delivery = Delivery(io.BytesIO(body), kind, "fuzz", NOW, {})
    counting = Counting("s", NOW, lax=delivery.lax)
    try:
        frames = list(counting.frames(lines_of(delivery)))
    except AppError:
        return
    answer = [each for frame in frames for each in ShippedParsers().parse(frame)]
    account = counting.account
    assert sum(each.records for each in answer) == account.records
    assert account.records == account.accepted + account.quarantined + account.repeated
    assert sum(isinstance(each, Refused) for each in answer) <= account.quarantined
    conformer = Conformer(table())
    for each in answer:
        if isinstance(each, Parsed):
            conformer.conform(each.document, NOW)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(list(Format)))
def test_any_bytes(body: bytes, kind: Format) -> None:
    _account(body, kind)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 400))
def test_csv_with_bytes_put_into_it(noise: bytes, place: int) -> None:
    body = "\n".join([HEADER, row(1), row(2)]).encode("gbk")
    _account(body[:place] + noise + body[place:], Format.CSV)


@settings(max_examples=100, deadline=None)
@given(_NAMES, _VALUES)
def test_a_bill_with_any_value_in_any_field(name: str, value: Any) -> None:
    line = json.dumps(bill(1) | {name: value}).encode()
    event = decode_event(line)
    if not isinstance(event, Unfit):
        assert decode_event(encode_event(event)) == event
        assert document_of(event)["yaodun.biz.id"] == event.id


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["type", "action", "epcList", "bizStep", "sensorElementList", "quantityList",
       "sourceList", "eventID", "parentID", "childEPCs", "errorDeclaration", "recordTime"]), _VALUES))  # fmt: skip
def test_an_epcis_event_with_anything_in_it(event: dict[str, Any]) -> None:
    whole = {"eventTime": "2026-02-03T11:12:00+08:00", "type": "ObjectEvent", **event}
    try:
        found = epcis_events({"epcisBody": {"eventList": [whole]}}, NOW)
    except AppError as error:
        place = str(error)
        found = None
    if found is None:
        assert "eventList[0]" in place
        return
    assert found
    assert not any(isinstance(decode_event(encode_event(each)), Unfit) for each in found)
