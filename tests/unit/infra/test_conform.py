"""Conforming: what the table takes, where the rest goes, and what is rejected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.events import Conformed, Conformer, Rejection, table

NOW = datetime(2026, 11, 18, 6, tzinfo=UTC)
conformer = Conformer(table())


def event(document: dict[str, Any]) -> dict[str, Any]:
    found = conformer.conform(document, NOW)
    assert isinstance(found, Conformed), found
    return found.event


def rejection(document: dict[str, Any]) -> Rejection:
    found = conformer.conform(document, NOW)
    assert isinstance(found, Rejection), found
    return found


def test_the_table_has_the_87_core_fields() -> None:
    assert sum(field.level == "core" for field in table()) == 87
    assert len({field.name for field in table()}) == len(table())


def test_own_fields_lie_below_yaodun_only() -> None:
    assert all(field.name.startswith("yaodun.") for field in table() if field.level == "own")


def test_a_field_of_a_flat_set_goes_into_it_and_an_unknown_one_into_the_overflow() -> None:
    found = event({"winlog.event_data.Image": "a.exe", "winlog.event_data.X": 1, "vendor.thing": {"a": [1]}})
    assert found["winlog.event_data"] == {"Image": "a.exe", "X": 1}
    assert found["yaodun.flat"] == {"vendor.thing": {"a": [1]}}


@pytest.mark.parametrize(
    ("field", "given_value", "kept"),
    [
        ("source.port", "22", 22),
        ("source.port", 22.0, 22),
        ("event.code", 4624, "4624"),
        ("dll.code_signature.signed", "true", True),
        ("source.ip", "2001:DB8::1", "2001:db8::1"),
        ("source.ip", "fe80::1%eth0", "fe80::1"),
        ("host.ip", "10.0.0.1", ["10.0.0.1"]),
        ("tags", ["a", "b"], ["a", "b"]),
        ("event.created", "2026-11-18T14:00:00+08:00", datetime(2026, 11, 18, 6, tzinfo=UTC)),
        ("event.created", 1763445600000, datetime(2025, 11, 18, 6, tzinfo=UTC)),
        ("process.name", ["sshd"], "sshd"),
    ],
)
def test_lossless_readings_are_taken(field: str, given_value: Any, kept: Any) -> None:
    assert event({field: given_value})[field] == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source.port", "http"),
        ("source.port", 1.5),
        ("source.port", 2**63),
        ("source.port", True),
        ("source.port", float("nan")),
        ("event.risk_score", float("inf")),
        ("source.ip", "10.0.0.256"),
        ("source.ip", 1),
        ("event.created", "yesterday"),
        ("event.created", 1e300),
        ("process.name", {"a": 1}),
        ("process.name", ["a", "b"]),
        ("winlog.event_data", "text"),
        ("file.code_signature.signed", "perhaps"),
    ],
)
def test_a_value_of_a_wrong_type_is_rejected_by_name(field: str, value: Any) -> None:
    found = rejection({field: value})
    assert (found.reason, found.field) == ("type_conflict", field)
    assert found.detail


def test_without_a_time_the_event_has_the_time_of_receipt_and_the_future_is_refused() -> None:
    assert event({"message": "x"})["@timestamp"] == NOW
    assert rejection({"@timestamp": NOW + timedelta(minutes=6)}).reason == "future_timestamp"


def test_missing_is_not_empty() -> None:
    found = event({"user.name": None, "message": ""})
    assert "user.name" not in found
    assert found["message"] == ""


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=4))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(sorted(field.name for field in table())) | st.text(max_size=20)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_document_is_conformed_or_rejected_and_never_raises(document: dict[str, Any]) -> None:
    found = conformer.conform(document, NOW)
    if isinstance(found, Conformed):
        assert found.event["@timestamp"].tzinfo is not None
        assert all(table().get(name) is not None for name in found.event)
    else:
        assert found.reason in ("type_conflict", "future_timestamp")


ours = st.sampled_from(
    ["", "message", "source.ip", "source.port", "tags", "host.ip", "event.created", "process.name", "labels",
     "vendor.x",
     "winlog.event_data.Image", "event.category", "network.bytes", "dll.code_signature.signed", "yaodun.flat"]
)  # fmt: skip
written = st.sampled_from(
    ["10.0.0.1", "010.0.0.1", "fe80::1%eth0", "2026-11-18T14:00:00+08:00", "22", "true", {"a": {"b": 1}}]
)
said = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4) | written
    | st.lists(st.text(max_size=3)) | st.datetimes() | st.datetimes(timezones=st.just(UTC))
)  # fmt: skip


@given(st.dictionaries(ours, said, max_size=8))
def test_documents_that_come_again_are_taken_as_the_first_was(document: dict[str, Any]) -> None:
    """The first of a shape is taken value by value, those after it by the plan of the shape."""
    fresh = Conformer(table())
    first, *later = [fresh.conform(dict(document), NOW) for _ in range(3)]
    if isinstance(first, Rejection):
        assert later == [first, first]
        return
    for again in later:
        assert isinstance(again, Conformed)
        assert sorted(map(repr, again.event.items())) == sorted(map(repr, first.event.items()))


@given(st.lists(st.dictionaries(ours, said, max_size=5), max_size=4), st.lists(st.integers(0, 3), max_size=60))
def test_many_documents_together_are_taken_as_each_by_itself(kinds: list[dict[str, Any]], chosen: list[int]) -> None:
    given_documents = [kinds[one % len(kinds)] for one in chosen] if kinds else []
    together = Conformer(table()).take_all([dict(one) for one in given_documents], NOW)
    for document, found in zip(given_documents, together, strict=True):
        alone = Conformer(table()).conform(document, NOW)
        if isinstance(alone, Rejection):
            assert found == alone
        else:
            assert isinstance(found, dict)
            assert sorted(map(repr, found.items())) == sorted(map(repr, alone.event.items()))


def test_one_odd_value_among_many_alike_costs_that_document_alone_and_leaves_it_as_it_was() -> None:
    given_documents: list[dict[str, Any]] = [
        {"source.port": n, "vendor.x": n, "event.created": "2026-11-18T06:00:00Z"} for n in range(40)
    ]
    given_documents[7]["source.port"] = "http"
    given_documents[9]["@timestamp"] = NOW + timedelta(days=2)
    given_documents[11]["source.port"] = 2**63
    before = [dict(one) for one in given_documents]
    found = Conformer(table()).take_all(given_documents, NOW)
    reasons = {at: one.reason for at, one in enumerate(found) if isinstance(one, Rejection)}
    assert reasons == {7: "type_conflict", 9: "future_timestamp", 11: "type_conflict"}
    assert [given_documents[at] for at in reasons] == [before[at] for at in reasons]
    kept = [one for one in found if isinstance(one, dict)]
    assert [one["yaodun.flat"] for one in kept] == [{"vendor.x": n} for n in range(40) if n not in reasons]
    assert {one["event.created"] for one in kept} == {NOW}
