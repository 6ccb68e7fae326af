"""Sites for the browser: fake rooms in a process of their own, per mode."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.axe import axe_source
from tests.browser.chromium import CHROMIUM

START_S = 240.0


@pytest.fixture(scope="session")
def browser_ready() -> None:
    """Skips where there is no Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium; install it with: apt-get install chromium")


@pytest.fixture(scope="session")
def axe_ready(browser_ready: None) -> None:
    """Skips where axe-core cannot be had."""
    if not axe_source():
        pytest.skip("no axe-core; it comes through npm: apt-get install npm, with a registry in reach")


@pytest.fixture(scope="session")
def site(browser_ready: None) -> Iterator[Callable[[str], str]]:
    """The address of a site in a mode (full, first, empty, broken); each is started once."""
    running: dict[str, tuple[subprocess.Popen[bytes], str]] = {}

    def at(mode: str) -> str:
        if mode not in running:
            running[mode] = start(mode)
        return running[mode][1]

    yield at
    for process, _ in running.values():
        process.kill()
    for process, _ in running.values():
        process.wait(10)


def start(mode: str) -> tuple[subprocess.Popen[bytes], str]:
    """A process serving fake rooms, once it answers."""
    port = free_port()
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.browser.site", "--mode", mode, "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=root, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    wait_for(url + "/ui/", process)
    return process, url


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the address answers; a dead process or silence for minutes fails."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, "the site did not start"
        try:
            if httpx.get(url, follow_redirects=False, timeout=5).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not answer within {START_S:.0f} s")
