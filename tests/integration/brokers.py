"""Real servers for the tests of pollers, each on a free port, ended by the test that started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, package: str) -> str:
    """The path of a program; the test is skipped where it is not installed."""
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}") or shutil.which(f"/sbin/{name}")
    if not found:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


@contextlib.contextmanager
def running(words: list[str], port: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process inside the block; waits until it accepts connections on ``port``."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if port is not None:
            wait_for_port(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def wait_for_port(port: int, process: subprocess.Popen[bytes], within_s: float = 15.0) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        assert process.poll() is None, f"{process.args} ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.02)
    raise AssertionError(f"{process.args} does not listen on {port}")


@contextlib.contextmanager
def mosquitto(folder: Path, extra: str = "", port: int | None = None) -> Iterator[int]:
    """An MQTT broker; gives its port."""
    path, port = program("mosquitto", "mosquitto"), port or free_port()
    folder.mkdir(exist_ok=True)
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nmax_queued_messages 0\npersistence false\n" + extra)
    if os.geteuid() == 0:
        settings.write_text(settings.read_text() + "user root\n")
    with running([path, "-c", str(settings)], port):
        yield port
