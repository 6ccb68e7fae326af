"""The file format of business events: what is taken, what is refused and why."""

from __future__ import annotations

import typing
from pathlib import Path

import msgspec
import pytest

from infra.errors import AppError
from infra.events.business import BusinessEvent, Refused, bill_types, decode_event, encode_event, read_events

EXAMPLES = Path(__file__).parents[4] / "infra" / "events" / "business" / "examples.ndjson"
LINES = EXAMPLES.read_bytes().splitlines()


def test_every_kind_has_an_example_that_is_read() -> None:
    kinds = {type(event) for event in read_events(EXAMPLES)}
    assert kinds == set(typing.get_args(BusinessEvent))


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(msgspec.json.decode(line)["kind"]))
def test_an_event_written_and_read_again_is_the_same(line: bytes) -> None:
    event = decode_event(line)
    assert not isinstance(event, Refused)
    assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"v": 2}, "version", "v"),
        ({"time": "yesterday"}, "not_an_event", "time"),
        ({"time": "2026-02-03T03:12:00"}, "not_an_event", "time"),
        ({"quantity": -1}, "not_an_event", "quantity"),
        ({"codes": "8212"}, "not_an_event", "codes"),
        ({"bill_type": "20"}, "not_an_event", "bill_type"),
        ({"system": "moon"}, "not_an_event", "system"),
        ({"kind": "rumour"}, "not_an_event", "kind"),
    ],
)
def test_a_wrong_line_is_refused_with_its_field(change: dict[str, object], reason: str, field: str) -> None:
    bill = next(msgspec.json.decode(line) for line in LINES if b'"kind":"bill"' in line)
    refused = decode_event(msgspec.json.encode(bill | change), 7)
    assert isinstance(refused, Refused)
    assert (refused.line, refused.reason, refused.field) == (7, reason, field)


def test_half_a_line_is_not_json() -> None:
    refused = decode_event(LINES[0][: len(LINES[0]) // 2])
    assert isinstance(refused, Refused)
    assert refused.reason == "not_json"


def test_unknown_fields_are_ignored_so_that_the_format_can_grow() -> None:
    event = decode_event(LINES[0])
    assert decode_event(msgspec.json.encode(msgspec.json.decode(LINES[0]) | {"later": 1})) == event


def test_a_bad_line_of_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(LINES[0] + b"\n\n" + b'{"kind":"bill"}\n')
    with pytest.raises(AppError, match=r"events\.ndjson:3"):
        list(read_events(path))


def test_a_bad_line_far_into_a_large_file_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    good = LINES[0]
    many = 3_000_000 // len(good)
    path.write_bytes(b"\n".join([good] * many) + b"\n\n{}\n")
    found = []
    with pytest.raises(AppError) as refused:
        found.extend(read_events(path))
    assert f"{path}:{many + 2}" in str(refused.value.detail)
    path.write_bytes(b"\n".join([good] * many) + b"\n\n" + good)
    assert len(list(read_events(path))) == many + 1


def test_both_domain_lists_of_bill_types_are_there() -> None:
    analytics = "101 102 103 104 107 108 110 111 112 113 116 201 202 211 212 214 215 216 217 237 320 321 322 326"
    graded = (
        "101 102 103 104 106 107 108 110 111 112 113 201 202 203 204 205 206 207 208 209 211 212 214 215 216 217 237"
    )
    assert set(bill_types()) == set(analytics.split()) | set(graded.split())
