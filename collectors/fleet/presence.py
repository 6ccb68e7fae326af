"""How each agent is: when it was heard, what it said of itself, how far it is behind. Kept in one small file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from infra.durable import replace_file

PRESENCE = "agents.json"
"""The file, in the folder of states."""
MAX_REPORT = 64 << 10


class Present(msgspec.Struct):
    """One agent. Times are Unix time in nanoseconds; ``handed`` counts the records of each of
    its sources that ingest acknowledged, by the agent's own account: the other side of the loss ledger."""

    name: str
    connected: bool = False
    since_ns: int = 0
    last_ns: int = 0
    peer: str = ""
    software: str = ""
    host: str = ""
    skew_ms: int = 0
    lag_bytes: int = 0
    late: int = 0
    configuration: int = 0
    handed: dict[str, int] = {}
    sources: list[dict[str, Any]] = []


class Report(msgspec.Struct):
    """What a beat says."""

    lag_bytes: int = 0
    handed: dict[str, int] = {}
    sources: list[dict[str, Any]] = []


class Presence:
    """The presence of all agents."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.agents = read_presence(path)
        for present in self.agents.values():
            present.connected = False
        self._written = b""

    def of(self, agent: str, name: str) -> Present:
        """The entry of an agent, to be written in."""
        present = self.agents.setdefault(agent, Present(name))
        present.name = name
        return present

    def read_report(self, present: Present, report: bytes, called: Callable[[str], str]) -> None:
        """Take in the status a beat carries; one that is none is left out. ``called`` gives a source its name here."""
        if not report or len(report) > MAX_REPORT:
            return
        with contextlib.suppress(msgspec.MsgspecError):
            told = msgspec.json.decode(report, type=Report)
            present.lag_bytes = told.lag_bytes
            present.handed = {called(source): count for source, count in told.handed.items()}
            present.sources = [{**item, "id": called(str(item.get("id", "")))} for item in told.sources]

    def save(self) -> None:
        """Write the file where something changed."""
        data = msgspec.json.encode(self.agents)
        if data != self._written:
            replace_file(self._path, data)
            self._written = data


def read_presence(path: Path) -> dict[str, Present]:
    """The presence as another process keeps it."""
    with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Present])
    return {}
