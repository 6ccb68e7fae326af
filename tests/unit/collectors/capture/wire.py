"""A wire between two network namespaces, and a sensor that listens on one end of it."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]
NEAR, FAR = "198.18.7.1", "198.18.7.2"
LISTEN = """
import asyncio, json, sys
import msgspec
from collectors.capture.sensor import SensorSource
from collectors.sources.reporting import Host

class Sink:
    async def accept(self, frames):
        for frame in frames:
            for document in msgspec.msgpack.decode(frame.body):
                print(json.dumps(document), flush=True)

class Book:
    def refuse(self, source, records, reason):
        print(json.dumps({"refused": records, "reason": reason}), flush=True)

async def main():
    source = SensorSource(Host("probe", ""), sys.argv[1], Book())
    task = asyncio.create_task(source.run(Sink()))
    while source.status.state.value == "stopped":
        await asyncio.sleep(0.02)
    print(json.dumps({"state": source.status.state.value, "reason": source.status.reason_key}), flush=True)
    await task

asyncio.run(main())
"""


def namespaces_here() -> str:
    """Why there can be no namespaces here; '' where there can."""
    name = f"yd{secrets.token_hex(3)}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, timeout=10, check=False)
    except FileNotFoundError:
        return "no ip command; install iproute2"
    if made.returncode:
        return f"no network namespaces ({made.stderr.strip()}); run as root with CAP_SYS_ADMIN"
    _ip("netns", "del", name)
    return ""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


@dataclass
class Wire:
    """Two namespaces; ``near`` asks, ``far`` answers and is listened to."""

    near: str
    far: str

    def run(self, where: str, words: Sequence[str], timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """A program in one of the namespaces, bounded in time."""
        return subprocess.run(
            ["ip", "netns", "exec", where, *words], capture_output=True, text=True, timeout=timeout, check=False
        )

    @contextmanager
    def started(self, where: str, words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
        """A program that goes on meanwhile, ended at the end."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", where, *words],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()

    @contextmanager
    def heard(self, interface: str = "far0") -> Iterator[Iterator[dict[str, Any]]]:
        """What the sensor says, from its first word that it listens."""
        with self.started(self.far, [sys.executable, "-c", LISTEN, interface]) as process:
            assert process.stdout
            first = json.loads(process.stdout.readline())
            assert first["state"] == "running", first
            yield (json.loads(line) for line in process.stdout)


@contextmanager
def wire() -> Iterator[Wire]:
    """A pair of ends, up and addressed; gone at the end."""
    mark = secrets.token_hex(3)
    near, far = f"yd{mark}a", f"yd{mark}b"
    try:
        for name in (near, far):
            _ip("netns", "add", name)
        _ip("link", "add", "near0", "netns", near, "type", "veth", "peer", "name", "far0", "netns", far)
        for name, end, address in ((near, "near0", NEAR), (far, "far0", FAR)):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            _ip("-n", name, "link", "set", end, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield Wire(near, far)
    finally:
        for name in (near, far):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=10, check=False)
