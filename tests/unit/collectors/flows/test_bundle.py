"""Packets to documents: times, both directions, sFlow; what a frame holds is enough to read it again."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from collectors.flows.bundle import encode_bundle
from collectors.flows.exporter import Exporter
from collectors.flows.sequence import Sequences
from collectors.frames import FrameKind
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.shipped import ShippedParsers
from infra.events import Conformed, Conformer, table
from infra.events.frame import Frame
from infra.events.stream import Event, Stream
from tests.unit.collectors.flows.exports import (
    SECONDS,
    a_set,
    counter_sample,
    flow_sample,
    ipfix,
    sflow,
    template,
    v5,
    v9,
)

NOW_NS = (SECONDS + 60) * 10**9


def frames(exporter: Exporter) -> list[Frame]:
    return [
        Frame("flows/192.0.2.1", FrameKind.FLOWS, sum(each.counts), NOW_NS, encode_bundle(each), peer="192.0.2.1")
        for each in exporter.harvest()
    ]


def read(*packets: bytes) -> list[tuple[Stream, Event]]:
    exporter = Exporter()
    for packet in packets:
        exporter.take(packet, 0.0)
    found: list[tuple[Stream, Event]] = []
    conformer = Conformer(table())
    for frame in frames(exporter):
        for item in ShippedParsers().parse(frame):
            assert isinstance(item, Parsed), item
            conformed = conformer.conform(item.document, frame.received)
            assert isinstance(conformed, Conformed), conformed
            found.append((item.stream, conformed.event))
    return found


def test_a_v5_flow_is_an_ecs_document() -> None:
    [(stream, event)] = read(v5(0, [("10.0.0.1", "192.0.2.9", 40_000, 443, 6, 9, 4_200)], sampling=100))
    assert stream is Stream.FLOWS
    assert (event["source.ip"], event["source.port"], event["destination.ip"]) == ("10.0.0.1", 40_000, "192.0.2.9")
    assert (event["network.transport"], event["network.type"], event["network.bytes"]) == ("tcp", "ipv4", 4_200)
    assert event["event.start"].timestamp() == SECONDS - 10
    assert event["event.end"].timestamp() == SECONDS - 1
    assert event["@timestamp"] == event["event.end"]
    assert event["event.duration"] == 9_000_000_000
    assert (event["yaodun.flow.sampling"], event["yaodun.flow.tcp_flags"]) == (100, 0x1B)
    assert event["observer.ip"] == ["192.0.2.1"]


def test_both_directions_add_up() -> None:
    fields = [(27, 16), (28, 16), (231, 8), (232, 8), (152, 8), (4, 1)]
    record = bytes(15) + b"\x01" + bytes(15) + b"\x02" + struct.pack("!QQQB", 100, 40, SECONDS * 1000 + 7, 17)
    [(_, event)] = read(ipfix(0, a_set(2, template(256, fields)), a_set(256, record)))
    assert (event["source.bytes"], event["destination.bytes"], event["network.bytes"]) == (100, 40, 140)
    assert (event["source.ip"], event["network.type"], event["network.transport"]) == ("::1", "ipv6", "udp")
    assert event["@timestamp"].timestamp() == SECONDS + 0.007


def test_a_flow_that_ends_after_the_clock_of_its_header_is_not_put_weeks_away() -> None:
    body = struct.pack("!4sI", b"\x0a\0\0\1", 100_250)
    [(_, event)] = read(v9(0, a_set(0, template(256, [(8, 4), (21, 4)])), a_set(256, body)))
    assert event["event.end"].timestamp() == SECONDS + 0.25


def test_sflow_samples_and_counters() -> None:
    ethernet = b"\x02\0\0\0\0\1" + b"\x02\0\0\0\0\2" + struct.pack("!HHH", 0x8100, 42, 0x0800)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 60, 1, 0, 64, 6, 0, b"\x0a\0\0\5", b"\xc0\0\2\7")
    tcp = struct.pack("!HHIIBBHHH", 50_000, 8443, 1, 0, 0x50, 2, 0, 0, 0)
    (flow_stream, flow), (counter_stream, counters) = read(
        sflow(1, flow_sample(ethernet + ip + tcp), counter_sample(3, 1_000, 500))
    )
    assert (flow_stream, counter_stream) == (Stream.FLOWS, Stream.METRICS)
    assert (flow["source.ip"], flow["destination.port"], flow["network.vlan.id"]) == ("10.0.0.5", 8443, "42")
    assert (flow["source.mac"], flow["yaodun.flow.sampling"]) == ("02-00-00-00-00-02", 512)
    assert (flow["yaodun.flow.tcp_flags"], flow["source.bytes"]) == (2, 1_400)
    assert flow["observer.ip"] == ["192.0.2.1"]
    assert counters["yaodun.metric.value"] == 1_500
    assert counters["yaodun.metric.instance"] == "3"


def test_a_packet_waits_for_its_template() -> None:
    exporter = Exporter()
    early = v9(1, a_set(256, b"\x0a\0\0\1"))
    assert exporter.take(early, 0.0) == 0
    assert exporter.harvest() == []
    exporter.take(v9(2, a_set(0, template(256, [(8, 4)]))), 1.0)
    [frame] = frames(exporter)
    [item] = ShippedParsers().parse(frame)
    assert isinstance(item, Parsed)
    assert item.document["source.ip"] == "10.0.0.1"


def test_packets_wait_in_bounds() -> None:
    exporter = Exporter()
    given_up = sum(exporter.take(v9(n, a_set(300, bytes(8))), float(n)) for n in range(100))
    assert given_up == 36
    assert exporter.take(v9(100, a_set(300, bytes(8))), 10_000.0) == 64
    assert exporter.give_up() == 1


def test_a_template_that_changes_never_misreads_its_neighbours() -> None:
    exporter = Exporter()
    exporter.take(v9(1, a_set(0, template(256, [(8, 4)]))), 0.0)
    exporter.take(v9(2, a_set(256, b"\x0a\0\0\1")), 0.0)
    exporter.take(v9(3, a_set(0, template(256, [(12, 4)]))), 0.0)
    exporter.take(v9(4, a_set(256, b"\x0a\0\0\2")), 0.0)
    items = [item for frame in frames(exporter) for item in ShippedParsers().parse(frame)]
    documents = [item.document for item in items if isinstance(item, Parsed)]
    assert [document.get("source.ip") for document in documents] == ["10.0.0.1", None]
    assert [document.get("destination.ip") for document in documents] == [None, "10.0.0.2"]


@given(st.lists(st.binary(max_size=120), max_size=6), st.booleans())
def test_whatever_was_kept_adds_up_when_it_is_read(noise: list[bytes], known: bool) -> None:
    exporter = Exporter()
    if known:
        exporter.take(v9(1, a_set(0, template(256, [(8, 4), (96, 0xFFFF)]))), 0.0)
    for number, octets in enumerate(noise):
        try:
            exporter.take(v9(number, a_set(256, octets)), 0.0)
            exporter.take(sflow(number, octets), 0.0)
        except ValueError:
            continue
    for frame in frames(exporter):
        answer = ShippedParsers().parse(frame)
        assert sum(item.records for item in answer) == frame.count
        assert not [item for item in answer if isinstance(item, Refused) and item.rejection.reason == "miscounted"]


def test_gaps_are_told_once_and_late_packets_fill_them() -> None:
    sequences = Sequences()
    for number in (0, 30, 90, 120):
        sequences.note("a", number, 30)
    assert sequences.settle() == 0
    assert sequences.settle() == 30
    sequences.note("a", 180, 30)
    sequences.note("a", 150, 30)
    assert (sequences.settle(), sequences.settle()) == (0, 0)
    sequences.note("a", 5, 30)
    assert (sequences.settle(), sequences.settle()) == (0, 0)
    sequences.note("b", 2**32 - 10, 10)
    sequences.note("b", 0, 10)
    assert (sequences.settle(), sequences.settle()) == (0, 0)
