"""EPCIS 2.0 documents become trace events; GS1's own examples are the material."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.errors import AppError
from infra.events.business import Bill, Correction, Pack, Refused, Sensor, decode_event, encode_event
from infra.events.business.epc import gtin14, read_epc
from infra.events.business.epcis import epcis_events, looks_like_epcis

EXAMPLES = Path(__file__).parents[5] / "shared" / "data" / "epcis" / "JSON"
FILES = sorted(EXAMPLES.rglob("*.jsonld"))
NOW = datetime(2026, 11, 25, tzinfo=UTC)
needs_examples = pytest.mark.skipif(not FILES, reason="GS1's EPCIS examples are not at ../shared/data/epcis")


def _events_of(document: Any) -> list[Any]:
    """The events of a document, found without our code: every object that has an eventTime."""
    if isinstance(document, dict):
        own = [document] if "eventTime" in document else []
        return own + [found for value in document.values() for found in _events_of(value)]
    return [found for value in document for found in _events_of(value)] if isinstance(document, list) else []


@needs_examples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_example_of_gs1_is_read_without_loss(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert looks_like_epcis(document)
    events = epcis_events(document, NOW)
    originals = _events_of(document)
    assert originals
    times = {datetime.fromisoformat(event["eventTime"]).astimezone(UTC) for event in originals}
    assert times <= {event.time for event in events}
    for event in events:
        assert not isinstance(decode_event(encode_event(event)), Refused)
    codes = {code for event in originals for name in ("epcList", "childEPCs") for code in event.get(name, [])}
    kept = {code for event in events for code in getattr(event, "codes", ()) + getattr(event, "children", ())}
    assert {read_epc(code).code for code in codes} <= kept
    values = [r["value"] for e in originals for s in e.get("sensorElementList", []) for r in s.get("sensorReport", [])
              if "value" in r]  # fmt: skip
    assert sorted(map(float, values)) == sorted(
        event.value for event in events if isinstance(event, Sensor) and event.value in values
    )


def _event(**more: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent", "eventTime": "2026-02-03T11:12:00+08:00", "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"], **more,
    }  # fmt: skip


def test_shipping_is_an_outbound_bill_of_the_sender() -> None:
    parties = {
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00001"}],
        "destinationList": [{"type": "owning_party", "destination": "urn:epc:id:pgln:0614141.00001"}],
        "bizTransactionList": [{"type": "desadv", "bizTransaction": "urn:x:desadv:77"}],
    }
    (bill,) = epcis_events(_event(bizStep="shipping", **parties), NOW)
    assert isinstance(bill, Bill)
    assert (bill.bill_type, bill.party, bill.bill) == ("201", "urn:epc:id:pgln:4012345.00001", "urn:x:desadv:77")
    assert bill.time == datetime(2026, 2, 3, 3, 12, tzinfo=UTC)
    assert bill.recorded == NOW


@pytest.mark.parametrize("action", [("ADD", "pack"), ("DELETE", "unpack")])
def test_aggregation_is_packing(action: tuple[str, str]) -> None:
    event = _event(type="AggregationEvent", action=action[0], parentID="urn:epc:id:sscc:0614141.1234567890")
    (pack,) = epcis_events(event | {"childEPCs": ["urn:epc:id:sgtin:0614141.107346.2017"]}, NOW)
    assert isinstance(pack, Pack)
    assert (pack.action, pack.parent) == (action[1], "urn:epc:id:sscc:0614141.1234567890")


def test_an_error_declaration_takes_the_event_back() -> None:
    event = _event(
        eventID="urn:uuid:1", errorDeclaration={"declarationTime": "2026-02-04T00:00:00Z", "reason": "wrong"}
    )
    found = [each for each in epcis_events(event, NOW) if isinstance(each, Correction)]
    assert [wrong.event for each in found for wrong in each.wrong] == ["urn:uuid:1"]


def test_both_spellings_of_a_thing_are_one_code() -> None:
    # GTIN 70614141123451 of GS1's Digital Link example; 7 is the indicator, 0614141 the company, 12345 the item.
    assert gtin14("0614141", "712345") == "70614141123451"
    urn = read_epc("urn:epc:id:sgtin:0614141.712345.2018")
    assert urn == read_epc("https://id.gs1.org/01/70614141123451/21/2018")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"epcisBody": {}}, "epcisBody"),
        ({"epcisBody": {"eventList": [1]}}, r"eventList\[0\]"),
        (_event(eventTime="noon"), "eventTime"),
        (_event(type="RumourEvent"), "type"),
        (_event(epcList="one"), "epcList"),
    ],
)
def test_a_broken_document_is_named(document: dict[str, Any], place: str) -> None:
    with pytest.raises(AppError, match=place):
        epcis_events(document, NOW)
