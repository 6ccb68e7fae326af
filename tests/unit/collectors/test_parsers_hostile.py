"""Whatever comes: no parser raises, every record is accounted for, raw bytes come back, time stays bounded."""

from __future__ import annotations

import contextlib
import json
import os
import string
import time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.frames import FrameKind, count_lines, pack_records
from collectors.parsers import Parsed, Refused, ShippedParsers
from collectors.parsers.json_shapes import shipped_shapes
from collectors.parsers.raw_text import raw_of
from collectors.parsers.tables import MAX_MATCHED, shipped_tables
from collectors.parsers.times import FORMATS, Clockwork
from collectors.receivers.bulk import BulkReader
from infra.errors import AppError
from infra.events import Conformed, Conformer, Rejection, table
from infra.events.frame import Frame
from tests.corpus.judge import RECEIVED, corpus

NOW_NS = int(RECEIVED.timestamp() * 1e9)
PARSERS = ShippedParsers()
CONFORMER = Conformer(table())
SAMPLES = [written.text for written in corpus(1, seed=1)]
EXAMPLES = 2_000 if os.environ.get("YAODUN_PROVE") == "full" else 60
QUICK = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=EXAMPLES)


def parse(kind: str, body: bytes, count: int, **meta: str) -> list[Parsed | Refused]:
    """Parses and holds what must always hold."""
    answer = PARSERS.parse(Frame("t", kind, count, NOW_NS, body, meta=meta))
    assert sum(each.records for each in answer) == count
    for each in answer:
        if isinstance(each, Parsed):
            assert isinstance(CONFORMER.conform(dict(each.document), RECEIVED), Conformed | Rejection)
        else:
            assert each.rejection.reason
            assert each.rejection.reason != "parser_failed", each
    return answer


def mutated(text: str) -> st.SearchStrategy[str]:
    """A known line with something cut out, put in or repeated."""
    return st.builds(
        lambda start, length, inserted, times: (
            text[: start % (len(text) + 1)] + inserted * times + text[start % (len(text) + 1) + length :]
        ),
        st.integers(0, 2_000),
        st.integers(0, 40),
        st.text(st.sampled_from(string.printable + "药\0\x1b"), max_size=12),
        st.integers(0, 3),
    )


@QUICK
@given(st.sampled_from(SAMPLES).flatmap(mutated))
def test_damaged_lines_of_every_format(text: str) -> None:
    raw = text.encode("utf-8", "replace")
    (each,) = parse(FrameKind.SYSLOG, pack_records([raw]), 1)
    assert isinstance(each, Parsed)
    assert raw_of(each.document) == raw
    parse(FrameKind.LINES, raw, count_lines(raw))


@QUICK
@given(st.lists(st.binary(max_size=200), max_size=10))
def test_any_bytes_as_syslog_come_back_byte_by_byte(messages: list[bytes]) -> None:
    answer = parse(FrameKind.SYSLOG, pack_records(messages), len(messages))
    assert [raw_of(each.document) for each in answer if isinstance(each, Parsed)] == messages


@QUICK
@given(st.binary(max_size=600), st.sampled_from(list(FrameKind)), st.integers(1, 5))
def test_any_bytes_as_any_kind_of_frame(body: bytes, kind: FrameKind, count: int) -> None:
    answer = PARSERS.parse(Frame("t", kind, count, NOW_NS, body))
    assert sum(each.records for each in answer) == count


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=8,
)
KEYS = sorted(
    {part for shape in shipped_shapes() for path in shape.spec.has + shape.spec.time for part in path.split(".")}
    | {
        "Event",
        "System",
        "EventData",
        "winlog",
        "event_data",
        "EventID",
        "Channel",
        "Records",
        "message",
        "@timestamp",
        "host",
    }
    | {"__REALTIME_TIMESTAMP", "MESSAGE", "__CURSOR", "user", "source", "ecs.version", "process.name"}
)


@QUICK
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=12))
def test_any_json_with_the_keys_of_known_formats(tree: dict[str, Any]) -> None:
    line = json.dumps(tree).encode()
    parse(FrameKind.NDJSON, line, 1)
    parse(FrameKind.BULK, b'{"create":{}}\n' + line, 1)
    parse(FrameKind.JOURNAL, line, 1)


@QUICK
@given(st.lists(st.dictionaries(st.text(max_size=20), JSON, max_size=6), max_size=5))
def test_documents_of_agents(documents: list[dict[str, Any]]) -> None:
    try:
        body = msgspec.msgpack.encode(documents)
    except (OverflowError, ValueError):
        return
    parse(FrameKind.DOCUMENTS, body, len(documents))


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_as_a_bulk_body(body: bytes) -> None:
    with contextlib.suppress(AppError):
        for frame, count in BulkReader().read(body, "", "d").frames:
            parse(FrameKind.BULK, frame, count)


@pytest.mark.parametrize("name", FORMATS)
@QUICK
@given(text=st.text(st.sampled_from("0123456789:-/.,+ TZJanFebDcov"), max_size=40))
def test_any_text_as_a_time(name: str, text: str) -> None:
    for zone in ("", "+08:00", "nonsense", "+99:99"):
        moment = FORMATS[name](text, Clockwork(RECEIVED, zone, live=True))
        assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    "attack", ["a ", "1.", "::", '" "', "[ ", "( ) ", "a=b ", "1:", "user x ", "%%10A/1/", "for a from "]
)
def test_no_message_takes_long_on_long_repetitions(attack: str) -> None:
    """The patterns have several open places: on the longest text they are tried on, none may take quadratic time."""
    text = attack * (MAX_MATCHED // len(attack))
    clock = Clockwork(RECEIVED)
    for each in shipped_tables().all:
        for message in each.messages:
            for line in (text, f"{message.pattern.literal} {text}"):
                began = time.process_time()
                message.read(line[:MAX_MATCHED], clock)
                assert time.process_time() - began < 0.5, (each.name, message.pattern.regex.pattern)


FUTURE = (
    "<13>1 2031-01-01T00:00:00Z h app - - - from the future",
    '{"@timestamp":"2031-01-01T00:00:00Z","message":"from the future"}',
)


@pytest.mark.parametrize("text", FUTURE)
def test_a_date_in_the_future_is_quarantined_with_the_field_and_the_reason(text: str) -> None:
    kind = FrameKind.NDJSON if text.startswith("{") else FrameKind.SYSLOG
    body = text.encode() if kind is FrameKind.NDJSON else pack_records([text.encode()])
    (each,) = parse(kind, body, 1)
    assert isinstance(each, Parsed)
    found = CONFORMER.conform(each.document, RECEIVED)
    assert isinstance(found, Rejection)
    assert (found.reason, found.field) == ("future_timestamp", "@timestamp")


def test_a_wrong_type_is_quarantined_with_the_field() -> None:
    (each,) = parse(FrameKind.NDJSON, b'{"source":{"ip":"not an address"},"message":"x"}', 1)
    assert isinstance(each, Parsed)
    found = CONFORMER.conform(each.document, RECEIVED)
    assert isinstance(found, Rejection)
    assert (found.reason, found.field) == ("type_conflict", "source.ip")


def test_clients_cannot_say_what_only_the_platform_may_say() -> None:
    line = b'{"ecs.version":"9.4.0","yaodun.source":"forged","event.id":"1","yaodun.asset":"a","message":"x"}'
    (each,) = parse(FrameKind.NDJSON, line, 1)
    assert isinstance(each, Parsed)
    assert not {"yaodun.source", "event.id", "yaodun.asset"} & each.document.keys()
    assert each.document["client.said.yaodun.source"] == "forged"


def test_a_frame_that_counts_wrong_still_adds_up() -> None:
    assert sum(each.records for each in PARSERS.parse(Frame("t", FrameKind.LINES, 5, NOW_NS, b"a\nb"))) == 5
    assert sum(each.records for each in PARSERS.parse(Frame("t", FrameKind.LINES, 1, NOW_NS, b"a\nb"))) == 1


@pytest.mark.parametrize("extension", ["", " ", "no pair at all", "^|src=192.0.2.1"])
def test_cef_without_a_pair_in_its_extension_is_read_by_its_header(extension: str) -> None:
    raw = f"<134>Nov 24 23:20:10 gw CEF:0|Acme|WAF|1.2|100|blocked|5|{extension}".encode()
    (each,) = parse(FrameKind.SYSLOG, pack_records([raw]), 1)
    assert isinstance(each, Parsed)
    assert (each.document["event.code"], each.document["event.action"]) == ("100", "blocked")
