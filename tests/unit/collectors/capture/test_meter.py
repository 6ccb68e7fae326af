"""The flow meter against scapy and communityid as oracles, and against captures that are damaged."""

from __future__ import annotations

import io
import random
import struct
from collections import defaultdict
from pathlib import Path
from typing import Any

import communityid
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import PcapNgWriter, PcapWriter

from collectors.capture.files import metered
from collectors.capture.meter import Meter
from collectors.capture.pcapfile import packets
from infra.errors import AppError

PCAPS = Path(__file__).parents[5] / "shared" / "data" / "pcaps"
START = 1_764_000_000


def traffic(seed: int, count: int) -> list[Packet]:
    """Packets of some conversations both ways: TCP and UDP, IPv4 and IPv6, tagged or not."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        talk = chance.randrange(9)
        there = chance.random() < 0.5
        pair = ("10.0.0.1", f"192.0.2.{talk}") if talk % 3 else ("2001:db8::1", f"2001:db8::{talk + 2:x}")
        source, destination = pair if there else pair[::-1]
        ports = (40_000 + talk, 443) if there else (443, 40_000 + talk)
        network = IP(src=source, dst=destination) if talk % 3 else IPv6(src=source, dst=destination)
        layer = TCP(sport=ports[0], dport=ports[1], flags="A") if talk % 2 else UDP(sport=ports[0], dport=ports[1])
        frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        packet = (frame / Dot1Q(vlan=7) if talk == 4 else frame) / network / layer / Raw(b"x" * chance.randrange(200))
        packet.time = START + number / 100
        made.append(packet)
    return made


def expected(sent: list[Packet]) -> dict[tuple[Any, ...], list[int]]:
    """Packets and bytes per side, as scapy reads them: {(source, port, destination, port): [packets, bytes]}."""
    sides: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for packet in sent:
        network = packet[IP] if IP in packet else packet[IPv6]
        layer = packet[TCP] if TCP in packet else packet[UDP]
        side = sides[network.src, layer.sport, network.dst, layer.dport]
        side[0] += 1
        side[1] += len(packet)
    return sides


def told(document: dict[str, Any]) -> dict[tuple[Any, ...], list[int]]:
    """Both sides of a flow document."""
    a, b = (document["source.ip"], document["source.port"]), (document["destination.ip"], document["destination.port"])
    return {
        (*a, *b): [document["source.packets"], document["source.bytes"]],
        (*b, *a): [document["destination.packets"], document["destination.bytes"]],
    }


@pytest.mark.parametrize("writer", [PcapWriter, PcapNgWriter])
def test_flows_count_what_scapy_counts(tmp_path: Path, writer: Any) -> None:
    sent = traffic(5, 400)
    path = tmp_path / "capture"
    with writer(str(path)) as out:
        out.write(sent)
    with path.open("rb") as stream:
        flows = [each for each in metered(stream, "capture") if each["event.dataset"] == "yaodun.flow"]
    assert len(flows) == 9
    sides = {key: value for flow in flows for key, value in told(flow).items()}
    assert {key: value for key, value in sides.items() if value[0]} == expected(sent)
    tagged = [flow for flow in flows if "network.vlan.id" in flow]
    assert [flow["network.vlan.id"] for flow in tagged] == ["7"]


def test_community_ids_are_those_of_the_reference(tmp_path: Path) -> None:
    flows = list(Meter().finish())
    assert flows == []
    path = tmp_path / "capture.pcap"
    with PcapWriter(str(path)) as out:
        out.write(traffic(6, 200))
    reference = communityid.CommunityID()
    with path.open("rb") as stream:
        for flow in metered(stream, "capture"):
            make = (
                communityid.FlowTuple.make_tcp if flow["network.transport"] == "tcp" else communityid.FlowTuple.make_udp
            )
            known = make(flow["source.ip"], flow["destination.ip"], flow["source.port"], flow["destination.port"])
            assert flow["network.community_id"] == reference.calc(known)


def test_a_conversation_that_pauses_long_becomes_two(tmp_path: Path) -> None:
    one = Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=1, dport=2)
    two = one.copy()
    one.time, two.time = START, START + 3600
    path = tmp_path / "capture.pcap"
    with PcapWriter(str(path)) as out:
        out.write([one, two])
    with path.open("rb") as stream:
        assert [flow["source.packets"] for flow in metered(stream, "capture")] == [1, 1]


def test_arp_claims_are_told(tmp_path: Path) -> None:
    claim = Ether() / ARP(op=2, hwsrc="02:00:00:00:00:09", psrc="10.0.0.1", pdst="10.0.0.7")
    claim.time = START
    path = tmp_path / "capture.pcap"
    with PcapWriter(str(path)) as out:
        out.write([claim])
    with path.open("rb") as stream:
        (document,) = metered(stream, "capture")
    assert document["event.action"] == "arp-reply"
    assert (document["source.ip"], document["source.mac"]) == ("10.0.0.1", "02-00-00-00-00-09")


def test_a_capture_cut_short_gives_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    with PcapWriter(str(path)) as out:
        out.write(traffic(7, 50))
    whole = path.read_bytes()
    for cut in (len(whole) - 1, len(whole) - 40, 24, 30):
        found = list(packets(io.BytesIO(whole[:cut]), "capture"))
        assert len(found) == (49 if cut > len(whole) - 20 else len(found))
        assert [packet.length for packet in found] == [
            packet.length for packet in list(packets(io.BytesIO(whole), "capture"))[: len(found)]
        ]


@pytest.mark.parametrize("data", [b"hello, world", b"\xd4\xc3\xb2\xa1\2\0\4\0"])
def test_what_is_no_capture_is_refused_with_its_place(data: bytes) -> None:
    for read in (packets, metered):
        with pytest.raises(AppError) as caught:
            list(read(io.BytesIO(data), "notes.txt"))
        assert "notes.txt" in str(caught.value)


@given(st.binary(max_size=200), st.sampled_from((1, 0, 101, 104, 113, 276, 9, 228, 147)))
def test_hostile_packets_never_break_the_meter(data: bytes, link: int) -> None:
    record = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    record += struct.pack("<IIII", START, 0, len(data), len(data)) + data
    meter = Meter()
    found = list(meter.feed(packets(io.BytesIO(record), "capture"))) + list(meter.finish())
    assert meter.packets == 1
    assert len(found) <= 3


@given(st.binary(min_size=20, max_size=400))
def test_hostile_files_never_break_the_reader(data: bytes) -> None:
    for head in (b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"):
        assert len(list(packets(io.BytesIO(head + data), "capture"))) <= 30


@pytest.mark.skipif(not PCAPS.exists(), reason="no captures in ../shared/data/pcaps")
def test_every_capture_at_hand_is_read() -> None:
    files = sorted(PCAPS.rglob("*.pcap*"))
    assert len(files) >= 60
    for path in files:
        meter = Meter()
        with path.open("rb") as stream:
            found = list(meter.feed(packets(stream, path.name))) + list(meter.finish())
        assert meter.packets, path
        assert found or meter.unread, path
