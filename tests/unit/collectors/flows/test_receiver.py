"""The receiver's account: what came, what is missing, what is nonsense; templates outlive it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from collectors.receivers.flows_udp import FlowUdpReceiver
from tests.unit.collectors.flows.exports import a_set, ipfix, template, v5, v9
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink

FLOW = ("10.0.0.1", "192.0.2.9", 40_000, 443, 6, 9, 4_200)
SOURCE = "flows/127.0.0.1"


async def deliver(
    path: Path, packets: list[bytes], records: int, *, busy: int = 0
) -> tuple[KeepingSink, CountingRefusals]:
    refusals, sink = CountingRefusals(), KeepingSink(busy)
    receiver = FlowUdpReceiver("127.0.0.1:0", refusals, path / "templates.json")
    await receiver.start(sink)
    host, _, port = receiver.addresses[0].address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for packet in packets:
            sender.sendto(packet, (host, int(port)))
    await sink.until(records)
    await asyncio.sleep(0)
    await receiver.stop()
    return sink, refusals


async def test_gaps_and_nonsense_are_refused_and_the_rest_is_kept(tmp_path: Path) -> None:
    packets = [v5(0, [FLOW] * 3), b"GET / HTTP/1.1 and more", v5(10, [FLOW] * 2)]
    sink, refusals = await deliver(tmp_path, packets, 5, busy=2)
    assert sink.count == 5
    assert refusals.counts == {(SOURCE, "sequence_gap"): 7, (SOURCE, "version_unknown"): 1}
    assert {item.document["source.ip"] for item in sink.parsed()} == {"10.0.0.1"}


async def test_templates_outlive_a_restart(tmp_path: Path) -> None:
    first = [ipfix(0, a_set(2, template(256, [(8, 4), (1, 4)])), a_set(256, bytes(8)))]
    await deliver(tmp_path, first, 1)
    sink, refusals = await deliver(tmp_path, [ipfix(1, a_set(256, b"\x0a\0\0\7\0\0\0\5"))], 1)
    [item] = sink.parsed()
    assert (item.document["source.ip"], item.document["source.bytes"]) == ("10.0.0.7", 5)
    assert refusals.counts == {}


async def test_packets_whose_template_never_comes_are_counted(tmp_path: Path) -> None:
    sink, refusals = await deliver(tmp_path, [v9(1, a_set(300, bytes(8))), v5(0, [FLOW])], 1)
    assert sink.count == 1
    assert refusals.counts == {(SOURCE, "template_missing"): 1}
