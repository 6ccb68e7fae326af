"""The whole platform in a folder of its own, for journeys through real services."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.conftest import free_port

READY_S = 600.0
STOP_S = 60.0


@dataclass(frozen=True)
class Platform:
    """A running platform: its address, data folder and first link."""

    url: str
    home: Path
    first_link: str


@contextmanager
def platform(folder: Path) -> Iterator[Platform]:
    """``yaodun up`` on free ports, once it has printed its first link; stopped at the end."""
    link, port = folder / "link", free_port()
    home = folder / "home"
    command = [
        sys.executable,
        "-m",
        "yaodun",
        "--home",
        str(home),
        "up",
        "--listen",
        f"127.0.0.1:{port}",
        "--link-file",
        str(link),
    ]
    root = Path(__file__).parents[2]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=root, env=environment(), stdout=log, stderr=log)
    try:
        yield Platform(f"http://127.0.0.1:{port}", home, wait_for_link(link, process, folder / "up.log"))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()


def environment() -> dict[str, str]:
    """The receivers on free ports, too."""
    doors = {name: f"127.0.0.1:{free_port()}" for name in ("HTTP_LISTEN", "SYSLOG_UDP_LISTEN", "SYSLOG_TCP_LISTEN")}
    return dict(os.environ) | {f"YAODUN_INGEST__{name}": address for name, address in doors.items()}


def wait_for_link(link: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    """The one-time link, once it is written."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if link.exists() and (text := link.read_text(encoding="utf-8").strip()):
            return text
        if process.poll() is not None:
            pytest.fail(f"the platform did not start: {log.read_text(encoding='utf-8')[-2000:]}")
        time.sleep(0.2)
    pytest.fail(f"no link within {READY_S:.0f} s: {log.read_text(encoding='utf-8')[-2000:]}")
