"""Payloads by decoders that are data: JSON, octets, SenML; units, missing values, codes of authentication."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.parsers.readings import ReadingsSplitter
from collectors.parsers.records import Context
from collectors.parsers.seams import Parsed
from collectors.sensing.decoder import Decoders, covers, read_decoder, shipped_decoders, site_decoders
from collectors.sensing.device import Device
from collectors.sensing.json_path import MISSING, value_at, values_at
from collectors.sensing.payload import PayloadError, genuine, read_payload
from collectors.sensing.readings import Arrival, pack_arrivals
from infra.errors import AppError
from infra.events.frame import Frame
from tests.unit.collectors.sinks import conforming

LOGGER = """
name = "cold-logger"
topics = ["cold/+/raw"]
format = "binary"
device = "topic:1"
time = "u32@1"
sequence = "u16@5"
mac_octets = 8
[[value]]
kind = "temperature"
unit = "Cel"
at = 7
type = "i16"
scale = 0.01
missing = [-32768]
[[value]]
kind = "door"
at = 9
type = "u8"
bit = 2
"""
NESTED = """
name = "gateway"
topics = ["gw/#"]
items = "$.items[*]"
device = "$.id"
time = "$.at"
time_unit = "ms"
gateway = "$.gw"
[[value]]
kind = "temperature"
path = "$.t.f"
unit = "Cel"
scale = 0.5555555555555556
offset = -17.77777777777778
"""
KEY = b"0123456789abcdef"


def test_octets_are_scaled_and_signed() -> None:
    body = struct.pack(">BIHhB", 3, 1_790_000_000, 17, 412, 0b100)
    mac = hmac.new(KEY, body, hashlib.sha256).digest()[:8]
    spec = read_decoder(LOGGER, "test")
    [said] = read_payload(spec, "cold/c-7/raw", body + mac)
    assert (said.device, said.sequence, said.time_ns) == ("c-7", 17, 1_790_000_000 * 10**9)
    assert said.values == (("temperature", pytest.approx(4.12), "Cel"), ("door", 1.0, ""))
    assert genuine(said, KEY, "sha256")
    assert not genuine(said, KEY[::-1], "sha256")
    [forged] = read_payload(spec, "cold/c-7/raw", body[:-1] + b"\0" + mac)
    assert not genuine(forged, KEY, "sha256")


def test_a_missing_value_is_missing_and_a_short_payload_refused() -> None:
    spec = read_decoder(LOGGER, "test")
    [said] = read_payload(spec, "cold/c-7/raw", struct.pack(">BIHhB", 3, 1, 17, -32768, 0) + bytes(8))
    assert said.values == (("door", 0.0, ""),)
    with pytest.raises(PayloadError, match="payload_short"):
        read_payload(spec, "cold/c-7/raw", bytes(12))


def test_a_gateway_speaks_for_several() -> None:
    payload = {"gw": "truck-9", "items": [{"id": "a", "at": 1_790_000_000_500, "t": {"f": 41}}, {"id": "b", "t": {}}]}
    first, second = read_payload(read_decoder(NESTED, "test"), "gw/9", json.dumps(payload).encode())
    assert first.values == (("temperature", pytest.approx(5.0), "Cel"),)
    assert (first.device, first.gateway, first.time_ns) == ("a", "truck-9", 1_790_000_000_500_000_000)
    assert (second.device, second.values) == ("b", ())


def test_our_own_json_with_a_code_of_authentication() -> None:
    spec = Decoders(shipped_decoders()).for_topic("yaodun/cs-1/readings")
    assert spec is not None
    tree = {"device": "cs-1", "time": 1_790_000_000, "sequence": 3, "readings": {"temperature": 4.5, "door": 0}}
    text = b'cs-1|1790000000|3|{"door":0,"temperature":4.5}'
    tree["mac"] = hmac.new(KEY, text, hashlib.sha256).hexdigest()
    [said] = read_payload(spec, "yaodun/cs-1/readings", json.dumps(tree).encode())
    assert genuine(said, KEY, "sha256")
    assert {kind: value for kind, value, _ in said.values} == {"temperature": 4.5, "door": 0.0}
    assert (said.claimed, said.device) == ("cs-1", "cs-1")


def test_senml_of_the_standard() -> None:
    """RFC 8428, section 5.1.2, shortened."""
    payload = b"""[{"bn":"urn:dev:ow:10e2073a01080063:","bt":1.276020076001e+09,"bu":"A","bver":5,
      "n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2},{"n":"current","v":1.7}]"""
    spec = Decoders(shipped_decoders()).for_topic("senml/x")
    assert spec is not None
    found = read_payload(spec, "senml/x", payload)
    assert {said.device for said in found} == {"urn:dev:ow:10e2073a01080063"}
    assert sorted(value for said in found for value in said.values) == [
        ("current", 1.2, "A"), ("current", 1.7, "A"), ("voltage", 120.1, "V"),
    ]  # fmt: skip
    assert sorted(said.time_ns // 10**9 for said in found) == [1_276_020_071, 1_276_020_076]


@given(st.binary(max_size=200))
def test_no_payload_breaks_a_decoder(payload: bytes) -> None:
    for spec in [*shipped_decoders(), read_decoder(LOGGER, "t"), read_decoder(NESTED, "t")]:
        try:
            read_payload(spec, "a/b/c", payload)
        except PayloadError:
            continue


NAMES = st.sampled_from(["device", "readings", "bn", "n", "v", "id", "items", "t", "f", "time", "mac"])
LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6))


@given(TREES)
def test_no_json_breaks_a_decoder(tree: object) -> None:
    for spec in [*shipped_decoders(), read_decoder(NESTED, "t")]:
        try:
            read_payload(spec, "a/b/c", json.dumps(tree).encode())
        except PayloadError:
            continue


def test_paths() -> None:
    tree = {"a": [{"b": 1}, {"b": 2}, {"c": 3}], "x.y": 4}
    assert value_at(tree, "$.a[1].b") == 2
    assert values_at(tree, "$.a[*].b") == [1, 2]
    assert value_at(tree, "$['x.y']") == 4
    assert value_at(tree, "$.a[9]") is MISSING
    with pytest.raises(AppError):
        value_at(tree, "$.a..b")


@pytest.mark.parametrize(
    ("pattern", "topic", "answer"),
    [("a/+/c", "a/b/c", True), ("a/#", "a/b/c", True), ("a/#", "a", True), ("a/+", "a/b/c", False), ("+", "a", True)],
)
def test_topics(pattern: str, topic: str, answer: bool) -> None:
    assert covers(pattern, topic) is answer


def test_a_reading_carries_what_the_register_knows_and_not_the_host_that_asked() -> None:
    device = Device(id="cs-1", system="cold-chain", place="warehouse-A", keyed=True)
    splitter = ReadingsSplitter(Decoders(shipped_decoders()), lambda: {"cs-1": KEY}, lambda: {"cs-1": device})
    body = pack_arrivals(
        [Arrival(b"yaodun/cs-1/readings", b'{"device":"cs-1","readings":{"temperature":4.5}}', 10**18)]
    )
    frame = Frame("agent1/mqtt", "readings", 1, 10**18, body, meta={"host": "agent1"})
    [item] = splitter.split(Context(frame))
    assert isinstance(item, Parsed)
    [event] = conforming([item.document])
    assert (event["yaodun.system"], event["yaodun.sensor.place"]) == ("cold-chain", "warehouse-A")
    assert (event["yaodun.sensor.quality"], event["observer.name"]) == ("unsigned", "agent1")
    assert "host.name" not in event


def test_a_wrong_decoder_of_a_site_harms_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("name = 1")
    (tmp_path / "b.toml").write_text(LOGGER)
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe")
    assert [spec.name for spec in site_decoders(tmp_path)] == ["cold-logger"]


def test_a_payload_of_ten_mebibytes_is_refused() -> None:
    with pytest.raises(PayloadError, match="too_large"):
        read_payload(shipped_decoders()[-1], "yaodun/a/readings", b"[" * (10 << 20))


def test_a_wrong_decoder_names_its_file_and_key() -> None:
    with pytest.raises(AppError) as caught:
        read_decoder('name = "x"\ntopics = []\nformat = "xml"', "site.toml")
    assert caught.value.detail["place"] == "site.toml"
    assert "format" in caught.value.detail["problem"]
