"""Real exporters (softflowd, pmacctd) meter a capture and export it to the receiver: nothing lost, sums equal."""

from __future__ import annotations

import asyncio
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from collectors.receivers.flows_udp import FlowUdpReceiver
from infra.events.stream import Stream
from tests.unit.collectors.sinks import CountingRefusals, KeepingSink

pytestmark = pytest.mark.integration
FLOWS = 300
PACKETS = 4
PAYLOAD = 100


def capture(path: Path) -> Path:
    """A capture of ``FLOWS`` TCP connections, one way, ``PACKETS`` packets each."""
    out = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
    for number in range(FLOWS * PACKETS):
        flow = number % FLOWS
        source = bytes([10, 1, flow >> 8, flow & 255])
        total = 40 + PAYLOAD
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, number & 0xFFFF, 0, 64, 6, 0, source, b"\xc0\0\2\7")
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        tcp = struct.pack("!HHIIBBHHH", 20_000 + flow, 443, number, 0, 0x50, 0x10, 8_000, 0, 0)
        frame = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + ip + tcp + bytes(PAYLOAD)
        out += struct.pack("<IIII", 1_790_000_000 + number // FLOWS, number % FLOWS, len(frame), len(frame)) + frame
    path.write_bytes(out)
    return path


def checksum(header: bytes) -> int:
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


async def received(tmp_path: Path, words: list[str], count: int) -> tuple[list[Any], CountingRefusals]:
    """What the receiver took while ``words`` ran; ``{port}`` in them is its port."""
    refusals, sink = CountingRefusals(), KeepingSink()
    receiver = FlowUdpReceiver("127.0.0.1:0", refusals, tmp_path / "templates.json")
    await receiver.start(sink)
    port = receiver.addresses[0].address.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        *[word.replace("{port}", port) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await sink.until(count, 30)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await receiver.stop()
    return sink.parsed(), refusals


@pytest.mark.parametrize("version", ["5", "9", "10"])
async def test_softflowd(tmp_path: Path, version: str) -> None:
    if not (program := shutil.which("softflowd") or shutil.which("/usr/sbin/softflowd")):
        pytest.skip("softflowd is not installed: apt-get install softflowd")
    words = [program, "-r", str(capture(tmp_path / "c.pcap")), "-n", "127.0.0.1:{port}", "-v", version, "-d", "-c",
             "none", "-p", str(tmp_path / "pid")]  # fmt: skip
    items, refusals = await received(tmp_path, words, FLOWS)
    flows = [item.document for item in items if item.stream is Stream.FLOWS]
    assert {flow["source.ip"] for flow in flows} == {f"10.1.{n >> 8}.{n & 255}" for n in range(FLOWS)}
    assert {(flow["destination.ip"], flow["destination.port"]) for flow in flows} == {("192.0.2.7", 443)}
    assert sum(flow["source.packets"] for flow in flows) == FLOWS * PACKETS
    assert sum(flow["source.bytes"] for flow in flows) == FLOWS * PACKETS * (40 + PAYLOAD)
    assert {flow["network.transport"] for flow in flows} == {"tcp"}
    assert {flow["event.dataset"] for flow in flows} == {{"5": "netflow5", "9": "netflow9", "10": "ipfix"}[version]}
    assert all(0 <= flow["event.duration"] <= 10**11 for flow in flows if "event.duration" in flow)
    assert refusals.counts == {}


async def test_sflow_of_pmacctd(tmp_path: Path) -> None:
    if not (program := shutil.which("pmacctd") or shutil.which("/usr/sbin/pmacctd")):
        pytest.skip("pmacctd is not installed: apt-get install pmacct")
    settings = tmp_path / "pmacctd.conf"
    settings.write_text(
        f"pcap_savefile: {capture(tmp_path / 'c.pcap')}\nplugins: sfprobe\nsfprobe_receiver: 127.0.0.1:THEPORT\n"
        "sfprobe_agentip: 192.0.2.1\npcap_savefile_wait: true\nplugin_buffer_size: 100000\nplugin_pipe_size: 10000000\n"
    )
    words = ["sh", "-c", f"sed -i s/THEPORT/$0/ {settings}; exec {program} -f {settings}", "{port}"]
    items, _ = await received(tmp_path, words, FLOWS)
    flows = [item.document for item in items if item.stream is Stream.FLOWS]
    assert {flow["source.ip"] for flow in flows} == {f"10.1.{n >> 8}.{n & 255}" for n in range(FLOWS)}
    assert {flow["destination.port"] for flow in flows} == {443}
    assert {tuple(flow["observer.ip"]) for flow in flows} == {("192.0.2.1",)}
