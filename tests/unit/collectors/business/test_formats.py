"""Deliveries in every format: good records become events, others are told with reason, the account adds up."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from collectors.business import csv_rows
from collectors.business.account import Account, Counting
from collectors.business.formats import Delivery, Format, format_of_media, format_of_name, lines_of
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.shipped import ShippedParsers
from infra.errors import AppError
from infra.events import Conformed, Conformer, Stream, table
from infra.events.business import Bill, event_of
from tests.unit.collectors.business.written import HEADER, bill, ndjson, row, xml, xml_bill

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def taken(body: bytes, kind: Format) -> tuple[Account, list[Parsed], list[Refused]]:
    """What a delivery comes to: its account, and what the pipeline's parser makes of its frames."""
    delivery = Delivery(io.BytesIO(body), kind, "test", NOW, {})
    counting = Counting("s", NOW, lax=delivery.lax)
    answer = [each for frame in counting.frames(lines_of(delivery)) for each in ShippedParsers().parse(frame)]
    good = [each for each in answer if isinstance(each, Parsed)]
    bad = [each for each in answer if isinstance(each, Refused)]
    account = counting.account
    assert account.records == account.accepted + account.quarantined + account.repeated == len(answer)
    assert (len(good), len(bad)) == (account.accepted + account.repeated, account.quarantined)
    assert sum(account.reasons.values()) == account.quarantined
    return account, good, bad


def test_ndjson_with_half_a_line_a_repeat_another_version_and_a_future_clock() -> None:
    lines = ndjson([bill(1), bill(2), bill(2), bill(3, v=2), bill(4, quantity="two")])
    account, good, _ = taken(lines + b'{"kind":"bill","id":"b-5","sys', Format.NDJSON)
    assert (account.records, account.accepted, account.repeated) == (6, 2, 1)
    assert account.reasons == {"version": 1, "not_an_event": 1, "not_json": 1}
    assert [(each.record, each.field) for each in account.first] == [(4, "v"), (5, "quantity"), (6, "")]
    assert {each.identity for each in good} == {"business/b-1", "business/b-2"}


def test_a_clock_far_ahead_is_quarantined_by_the_account_and_by_the_pipeline() -> None:
    late = bill(1, time="2027-02-03T03:12:00Z", recorded="2027-02-03T03:12:00Z")
    counting = Counting("s", NOW)
    (frame,) = counting.frames(ndjson([late]).splitlines())
    (found,) = ShippedParsers().parse(frame)
    assert isinstance(found, Parsed)
    assert counting.account.reasons == {"future_timestamp": 1}
    assert not isinstance(Conformer(table()).conform(found.document, NOW), Conformed)


def test_only_the_time_of_the_reporter_ahead_is_kept_with_its_skew() -> None:
    _, good, _ = taken(ndjson([bill(1, time="2026-02-03T11:40:11Z")]), Format.NDJSON)
    assert good[0].document["@timestamp"] == datetime(2026, 2, 3, 9, 40, 11, tzinfo=UTC)
    assert good[0].document["yaodun.skew_ms"] == 2 * 3_600_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_csv_with_chinese_columns_in_every_encoding(encoding: str) -> None:
    body = "\r\n".join([HEADER, row(1), row(2, quantity="many"), row(3) + ",more", row(4)[:60], ""]).encode(encoding)
    account, good, bad = taken(body, Format.CSV)
    assert (account.records, account.accepted) == (4, 1)
    assert account.reasons == {"not_an_event": 1, "columns": 2}
    assert len(bad) == 3
    document = good[0].document
    assert document["yaodun.biz.party"] == "示例医药"
    assert document["yaodun.biz.code"] == ["82123450000000011234", "82123450000000021234"]
    assert document["yaodun.biz.quantity"] == 2.0
    assert good[0].stream is Stream.BUSINESS


def test_a_gbk_row_with_broken_bytes_is_refused_and_its_neighbours_are_not() -> None:
    rows = [HEADER.encode("gbk"), row(1).encode("gbk"), row(2).encode("gbk").replace(b"D", b"\xff\xff"), b""]
    rows[2] = rows[2].replace(b"CK-2", b"\xff\xff\xff")
    account, _, _ = taken(b"\n".join(rows), Format.CSV)
    assert (account.accepted, account.reasons) == (1, {"encoding": 1})


def test_an_endless_line_is_one_refusal_and_is_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MAX_ROW", 400)
    body = "\r\n".join([HEADER, row(1), "x," * 5000, row(2), ""]).encode()
    account, _, _ = taken(body, Format.CSV)
    assert (account.records, account.accepted, account.reasons) == (3, 2, {"row": 1})


def test_csv_without_a_header_is_refused_whole() -> None:
    with pytest.raises(AppError, match="test:1"):
        taken(b"", Format.CSV)


def test_xml_is_judged_by_its_schema_record_by_record() -> None:
    account, good, bad = taken(xml(xml_bill(1), xml_bill(2, "two"), "<rumour/>", "<bill><id>x</id></bill>"), Format.XML)
    assert (account.records, account.accepted) == (4, 1)
    assert account.reasons == {"schema": 1, "kind": 1, "not_an_event": 1}
    assert good[0].document["yaodun.biz.code"] == ["82123450000000011234"]
    assert b"two" in bad[0].original


def test_xml_of_another_version_is_refused_record_by_record() -> None:
    account, _, _ = taken(xml(xml_bill(1), xml_bill(2), version="9"), Format.XML)
    assert account.reasons == {"version": 2}


@pytest.mark.parametrize(
    "body",
    [
        b"<businessEvents version='1'><bill>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><businessEvents version='1'>&b;</businessEvents>",
        b"<other/>",
        b"",
    ],
)
def test_broken_or_hostile_xml_is_refused_whole(body: bytes) -> None:
    with pytest.raises(AppError, match="test"):
        taken(body, Format.XML)


@pytest.mark.parametrize("wrapped", [lambda items: items, lambda items: {"events": items}])
def test_json_lists_count_every_member(wrapped: object) -> None:
    body = json.dumps(wrapped([bill(1), 7, {"kind": "bill"}])).encode()  # type: ignore[operator]
    account, _, _ = taken(body, Format.JSON)
    assert (account.records, account.accepted) == (3, 1)
    assert account.reasons == {"not_an_event": 2}


def test_an_epcis_document_is_taken_as_trace_events() -> None:
    event = {
        "type": "ObjectEvent", "eventTime": "2026-02-03T11:12:00+08:00", "action": "OBSERVE", "bizStep": "shipping",
        "eventTimeZoneOffset": "+08:00", "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
    }  # fmt: skip
    account, good, _ = taken(json.dumps({"epcisBody": {"eventList": [event]}}).encode(), Format.JSON)
    assert account.accepted == 1
    assert good[0].document["event.action"] == "bill-201"


def test_a_stored_document_gives_the_typed_event_back() -> None:
    _, good, _ = taken(ndjson([bill(1)]), Format.NDJSON)
    found = Conformer(table()).conform(good[0].document, NOW)
    assert isinstance(found, Conformed)
    event = event_of(found.event)
    assert isinstance(event, Bill)
    assert event.to_party == "P-0100"


def test_formats_are_told_by_media_type_and_by_name() -> None:
    assert format_of_media("text/csv; charset=gbk") is Format.CSV
    assert format_of_name("A.JSONLD") is Format.JSON
    assert format_of_name("a.docx") is None
    with pytest.raises(AppError, match="image/png"):
        format_of_media("image/png")


@pytest.mark.parametrize("kind", [Format.CSV, Format.XML])
def test_what_came_as_text_gives_the_typed_event_back_too(kind: Format) -> None:
    body = "\n".join([HEADER, row(1)]).encode() if kind is Format.CSV else xml(xml_bill(1))
    _, good, _ = taken(body, kind)
    event = event_of(good[0].document)
    assert isinstance(event, Bill)
    assert (event.quantity, event.place.lat if event.place else None) == (2.0, 30.27)
