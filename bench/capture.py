"""Captures to flows beside scapy on the same file."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figure import Row, figure
from collectors.capture.files import metered

PACKETS, TALKS, ROUNDS = 200_000, 3_000, 3
SCAPY_PACKETS = 4_000
SCAPY = """
import sys, time
from scapy.all import IP, PcapReader, TCP
count, start = 0, time.process_time()
with PcapReader(sys.argv[1]) as reader:
    for packet in reader:
        if TCP in packet:
            packet[IP].src, packet[IP].dst, packet[TCP].sport, packet[TCP].dport, len(packet)
        count += 1
        if count >= int(sys.argv[2]):
            break
print(count / (time.process_time() - start))
"""
"""What a flow meter over scapy must do at least: dissect each packet and read five fields."""


@figure("pcap_vs_scapy")
def pcap_to_flows() -> list[Row]:
    """Packets a second of CPU to flow documents, the best of some runs, beside scapy dissecting the same packets."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "talks.pcap"
        write(path)
        own = theirs = 0.0
        for _ in range(ROUNDS):
            own = max(own, metered_per_s(path))
            words = [sys.executable, "-c", SCAPY, str(path), str(SCAPY_PACKETS)]
            theirs = max(theirs, float(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    return [
        Row("pcap_vs_scapy", round(own / theirs, 1), "ratio", "scapy", round(theirs)),
        Row("pcap_packets_s", round(own), "1/s"),
    ]


def metered_per_s(path: Path) -> float:
    """Packets per second of CPU through the meter."""
    with path.open("rb") as stream:
        start = time.process_time()
        flows = sum(1 for _ in metered(stream, path.name))
        passed = time.process_time() - start
    assert flows >= TALKS * 0.9, f"{flows} flows of {TALKS}"
    return PACKETS / passed


def write(path: Path) -> None:
    """Conversations of TCP over IPv4, both ways, packets of all sizes."""
    chance = random.Random(11)
    talks = [(chance.randbytes(4), chance.randbytes(4), chance.randrange(1024, 65_536)) for _ in range(TALKS)]
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        for number in range(PACKETS):
            one, two, port = chance.choice(talks)
            content = bytes(chance.randrange(1000))
            there = chance.random() < 0.5
            source, destination, ports = (one, two, (port, 443)) if there else (two, one, (443, port))
            segment = struct.pack("!HHIIBBHHH", *ports, 0, 0, 0x50, 0x18, 1024, 0, 0) + content
            network = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6, 0, source, destination)
            frame = bytes(12) + b"\x08\x00" + network + segment
            seconds, part = divmod(number * 100, 1_000_000)
            out.write(struct.pack("<IIII", 1_764_000_000 + seconds, part, len(frame), len(frame)) + frame)
