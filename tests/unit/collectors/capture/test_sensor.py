"""The sensor on a real wire between two namespaces, with real programs talking over it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from collectors.capture.sensor import SensorSource
from collectors.sources.reporting import Host
from collectors.sources.seams import SourceState
from tests.unit.collectors.capture.wire import FAR, NEAR, Wire, namespaces_here, wire

SERVE = [sys.executable, "-m", "http.server", "8080", "--bind", FAR]


@pytest.fixture(scope="module")
def line() -> Iterator[Wire]:
    if why := namespaces_here():
        pytest.skip(why)
    with wire() as made:
        yield made


def needs(tool: str) -> str:
    found = shutil.which(tool)
    if not found:
        pytest.skip(f"no {tool}; install the package {tool}")
    return found


def until(heard: Iterator[dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for document in heard:
        if wanted(document):
            return document
    raise AssertionError("the sensor ended without telling it")


def test_a_request_of_curl_is_told_with_its_name_and_path(line: Wire) -> None:
    curl = needs("curl")
    with line.started(line.far, SERVE), line.heard() as heard:
        words = [curl, "-s", "--retry", "40", "--retry-connrefused", "--retry-delay", "0", "--max-time", "9",
                 "-A", "asks/1", f"http://{FAR}:8080/where"]  # fmt: skip
        assert line.run(line.near, words).returncode == 0
        request = until(heard, lambda one: one.get("event.dataset") == "yaodun.http")
        flow = until(
            heard,
            lambda one: one.get("event.dataset") == "yaodun.flow" and one.get("network.protocol") == "http",
        )
    assert request["url.path"] == "/where"
    assert request["user_agent.original"] == "asks/1"
    assert (flow["source.ip"], flow["destination.ip"], flow["destination.port"]) == (NEAR, FAR, 8080)
    assert flow["observer.ingress.interface.name"] == "far0"
    assert flow["destination.bytes"] > flow["source.bytes"] // 4


def test_the_ports_that_nmap_knocks_on_are_told(line: Wire) -> None:
    nmap = needs("nmap")
    wanted = {20_000 + number for number in range(30)}
    ports: set[int] = set()
    with line.heard() as heard:
        line.run(line.near, [nmap, "-sS", "-Pn", "-n", "-T4", "-p", "20000-20029", FAR])
        while not wanted <= ports:
            told = until(heard, lambda one: one.get("event.dataset") == "yaodun.flow")
            if told["source.ip"] == NEAR:
                ports.add(told["destination.port"])
    assert wanted <= ports


def test_a_conversation_nobody_answers_is_told_within_seconds(line: Wire) -> None:
    ask = f"import socket; socket.socket(2, 2).sendto(b'x', ('{FAR}', 9))"
    with line.heard() as heard:
        line.run(line.far, ["ip", "link", "set", "lo", "up"])
        line.run(line.near, [sys.executable, "-c", ask])
        told = until(heard, lambda one: one.get("destination.port") == 9)
    assert told["source.ip"] == NEAR
    assert told["destination.packets"] == 0


class Nobody:
    async def accept(self, frames: object) -> None: ...

    def refuse(self, source: str, records: int, reason: str) -> None: ...


def test_an_interface_that_is_not_here_is_said_with_a_remedy() -> None:
    source = SensorSource(Host("probe", ""), "nothere9", Nobody())
    asyncio.run(source.run(Nobody()))
    status = source.status
    assert status.state is SourceState.NOT_AVAILABLE
    expected = "sensor_interface" if os.geteuid() == 0 else "sensor_rights"
    assert status.remedy_key == f"collectors.source.{expected}.remedy"
    assert status.detail == {"place": "nothere9"}


def test_the_passwords_hydra_tries_are_seen_in_clear(line: Wire) -> None:
    hydra = needs("hydra")
    with line.started(line.far, SERVE), line.heard() as heard:
        line.run(line.near, ["curl", "-s", "--retry", "40", "--retry-connrefused", "--retry-delay", "0", FAR + ":8080"])
        line.run(line.near, [hydra, "-l", "admin", "-p", "admin", "-s", "8080", FAR, "http-get", "/"])
        told = until(heard, lambda one: "yaodun.flow.credential" in one)
    assert told["yaodun.flow.credential"] == "http-basic"
    assert "admin" not in str(told)
