"""NetFlow v9 and IPFIX beside the ``netflow`` package, and what it cannot read; templates that change or lie."""

from __future__ import annotations

import contextlib
import ipaddress
import random
import struct
from typing import Any

import netflow
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from netflow.ipfix import IPFIXFieldTypes
from netflow.v9 import V9_FIELD_TYPES, V9_FIELD_TYPES_CONTAINING_IP

from collectors.flows.decoder import FlowDecoder, TemplateMissingError
from collectors.flows.elements import elements
from collectors.flows.template import FlowPacketError, Record
from tests.unit.collectors.flows.exports import a_set, enterprise_element, ipfix, template, v5, v9

_NUMBERS = {each.name: number for (enterprise, number), each in elements().items() if not enterprise}
_WIDTHS = {
    1: 4, 2: 8, 4: 1, 5: 1, 6: 1, 7: 2, 8: 4, 10: 2, 11: 2, 12: 4, 14: 2, 15: 4, 16: 4, 17: 4, 21: 4, 22: 4, 9: 1,
    13: 1, 27: 16, 28: 16, 61: 1, 58: 2, 32: 2,
}  # fmt: skip


def ours(decoder: FlowDecoder, packet: bytes) -> list[Record]:
    return [record for decoded in decoder.decode(packet) for record in decoded.records]


def by_number(record: Record) -> dict[int, Any]:
    return {_NUMBERS[name]: value for name, value in record.items()}


@given(st.lists(st.sampled_from(sorted(_WIDTHS)), min_size=3, max_size=20, unique=True), st.integers(1, 12), st.data())
def test_v9_equals_the_netflow_package(numbers: list[int], count: int, data: st.DataObject) -> None:
    fields = [(number, _WIDTHS[number]) for number in numbers]
    size = sum(width for _, width in fields)
    body = data.draw(st.binary(min_size=size * count, max_size=size * count))
    packet = v9(1, a_set(0, template(300, fields)), a_set(300, body, -len(body) % 4))
    assume(size > 3)
    theirs = netflow.parse_packet(packet, {"netflow": {}, "ipfix": {}}).flows
    names = {name: number for number, name in V9_FIELD_TYPES.items()}
    expected = [{names[name]: value for name, value in flow.data.items()} for flow in theirs]
    assert [by_number(record) for record in ours(FlowDecoder(), packet)] == expected
    assert set(V9_FIELD_TYPES_CONTAINING_IP) >= {8, 12, 15, 27, 28}


def test_ipfix_equals_the_netflow_package() -> None:
    fields = [(8, 4), (12, 4), (1, 8), (2, 8), (7, 2), (11, 2), (4, 1), (6, 2), (152, 8), (153, 8), (27, 16)]
    size = sum(width for _, width in fields)
    body = random.Random(5).randbytes(size * 17)
    packet = ipfix(9, a_set(2, template(256, fields)), a_set(256, body))
    theirs = netflow.parse_packet(packet, {"netflow": {}, "ipfix": {}}).flows
    numbers = {name: number for number, name, _ in IPFIXFieldTypes.iana_field_types}
    expected = [{numbers[name]: _address(numbers[name], value) for name, value in flow.data.items()} for flow in theirs]
    assert [by_number(record) for record in ours(FlowDecoder(), packet)] == expected


def _address(number: int, value: Any) -> Any:
    wide = {8: ipaddress.IPv4Address, 12: ipaddress.IPv4Address, 27: ipaddress.IPv6Address}.get(number)
    return str(wide(value)) if wide else value


def test_v5_equals_the_netflow_package() -> None:
    packet = v5(40, [("10.0.0.1", "192.0.2.9", 1024 + n, 443, 6, n + 1, 60 * n) for n in range(30)])
    theirs = [flow.data for flow in netflow.parse_packet(packet).flows]
    renamed = {
        "IPV4_SRC_ADDR": "sourceIPv4Address", "IPV4_DST_ADDR": "destinationIPv4Address",
        "IN_PACKETS": "packetDeltaCount", "NEXT_HOP": "ipNextHopIPv4Address", "INPUT": "ingressInterface",
        "OUTPUT": "egressInterface",
        "IN_OCTETS": "octetDeltaCount", "FIRST_SWITCHED": "flowStartSysUpTime", "LAST_SWITCHED": "flowEndSysUpTime",
        "SRC_PORT": "sourceTransportPort", "DST_PORT": "destinationTransportPort", "TCP_FLAGS": "tcpControlBits",
        "PROTO": "protocolIdentifier", "TOS": "ipClassOfService", "SRC_AS": "bgpSourceAsNumber",
        "DST_AS": "bgpDestinationAsNumber", "SRC_MASK": "sourceIPv4PrefixLength",
        "DST_MASK": "destinationIPv4PrefixLength",
    }  # fmt: skip
    found = ours(FlowDecoder(), packet)
    assert len(found) == len(theirs) == 30
    for record, flow in zip(found, theirs, strict=True):
        expected = {renamed[name]: value for name, value in flow.items()}
        for name in ("sourceIPv4Address", "destinationIPv4Address", "ipNextHopIPv4Address"):
            expected[name] = ".".join(str(octet) for octet in struct.pack("!I", expected[name]))
        assert record == expected


def test_variable_lengths_enterprises_and_repeats() -> None:
    fields = [(8, 4), (96, 0xFFFF), (enterprise_element(29305, 1), 8), (enterprise_element(9, 12), 3), (85, 8), (85, 4)]
    long_name = "药品追溯" * 30
    values = [b"\x05nginx", b"\xff" + struct.pack("!H", len(long_name.encode())) + long_name.encode()]
    body = b"".join(
        bytes([10, 0, 0, 1]) + name + struct.pack("!Q", 77) + b"\x01\x02\x03" + struct.pack("!QI", 5, 6)
        for name in values
    )
    found = ours(FlowDecoder(), ipfix(0, a_set(2, template(400, fields)), a_set(400, body)))
    assert [record["applicationName"] for record in found] == ["nginx", long_name]
    assert found[0]["reverseOctetDeltaCount"] == 77
    assert found[0]["9.12"] == "010203"
    assert (found[0]["octetTotalCount"], found[0]["octetTotalCount.2"]) == (5, 6)


def test_templates_belong_to_their_domain_and_may_change() -> None:
    decoder = FlowDecoder()
    one, other = [(8, 4), (1, 4)], [(1, 4), (8, 4)]
    body = bytes([10, 0, 0, 1, 0, 0, 0, 9])
    assert ours(decoder, ipfix(0, a_set(2, template(300, one)), a_set(300, body), domain=1))[0]["octetDeltaCount"] == 9
    with pytest.raises(TemplateMissingError):
        ours(decoder, ipfix(1, a_set(300, body), domain=2))
    swapped = ours(decoder, ipfix(1, a_set(2, template(300, other)), a_set(300, body), domain=1))
    assert swapped[0] == {"octetDeltaCount": 0x0A000001, "sourceIPv4Address": "0.0.0.9"}
    ours(decoder, ipfix(2, a_set(2, struct.pack("!HH", 300, 0)), domain=1))
    with pytest.raises(TemplateMissingError):
        ours(decoder, ipfix(3, a_set(300, body), domain=1))


def test_options_tell_the_sampling_of_their_domain() -> None:
    decoder = FlowDecoder()
    options9 = struct.pack("!HHH", 310, 4, 8) + struct.pack("!HHHHHH", 1, 4, 34, 4, 35, 1)
    decoded = list(decoder.decode(v9(1, a_set(1, options9, 2), a_set(310, struct.pack("!IIB", 1, 256, 1), 3))))
    assert decoded[0].records == [{"scopeSystem": 1, "samplingInterval": 256, "samplingAlgorithm": 1}]
    assert decoder.facts[7].sampling == 256
    options10 = struct.pack("!HHHHHHHHH", 311, 3, 1, 149, 4, 305, 4, 306, 4)
    list(decoder.decode(ipfix(1, a_set(3, options10), a_set(311, struct.pack("!III", 8, 1, 99)), domain=8)))
    assert decoder.facts[8].sampling == 100


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"", "packet_short"),
        (b"\0\x0c" + bytes(40), "version_unknown"),
        (v5(1, [("10.0.0.1", "10.0.0.2", 1, 2, 6, 1, 1)])[:-1], "packet_truncated"),
        (ipfix(0, a_set(2, template(256, [(8, 4)])))[:-1], "packet_truncated"),
        (v9(0, struct.pack("!HH", 300, 3)), "set_broken"),
        (v9(0, struct.pack("!HH", 300, 400) + bytes(8)), "set_broken"),
        (v9(0, a_set(0, struct.pack("!HH", 300, 9) + bytes(4))), "template_broken"),
        (v9(0, a_set(0, template(300, [(8, 0)]))), "template_broken"),
        (v9(0, a_set(0, template(300, [(8, 60_000)]))), "template_broken"),
        (ipfix(0, a_set(3, struct.pack("!HHHHH", 300, 1, 5, 8, 4))), "template_broken"),
    ],
)
def test_lying_packets_are_refused_with_a_reason(packet: bytes, reason: str) -> None:
    with pytest.raises(FlowPacketError, match=f"^{reason}$"):
        ours(FlowDecoder(), packet)


@given(st.binary(max_size=400), st.sampled_from([b"\0\x05", b"\0\x09", b"\0\x0a", b""]))
def test_no_octets_break_it(noise: bytes, version: bytes) -> None:
    decoder = FlowDecoder()
    with contextlib.suppress(FlowPacketError, TemplateMissingError):
        ours(decoder, version + noise)


def test_templates_are_bounded() -> None:
    decoder = FlowDecoder()
    for domain in range(200):
        sets = [a_set(2, template(256 + n, [(8, 4)])) for n in range(30)]
        ours(decoder, ipfix(0, *sets, domain=domain))
    assert len(decoder.templates) <= 4_097
