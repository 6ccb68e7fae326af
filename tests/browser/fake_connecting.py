"""Doors, tokens and pollers for the guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.web.seams import Actor


class FakeConnecting:
    """``mode``: full, first, empty, broken."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.trees: list[Mapping[str, Any]] = []
        self.secrets: dict[str, str] = {}

    def doors(self) -> Mapping[str, str]:
        if self.mode != "full":
            return {"http": "127.0.0.1:8601", "syslog-udp": "127.0.0.1:5514"}
        return {"http": "10.0.4.2:8601", "syslog-udp": "10.0.4.2:5514", "agents": "10.0.4.2:8602"}

    def token(self, actor: Actor, source: str) -> str:
        return f"yds_once_{source}"

    def pollers(self) -> Sequence[Mapping[str, Any]]:
        return self.trees

    def watch(self, actor: Actor, tree: Mapping[str, Any], secrets: Mapping[str, str], group: str = "") -> None:
        self.trees.append({**tree, "group": group} if group else tree)
        self.secrets |= secrets

    def forget(self, actor: Actor, name: str, group: str = "") -> None:
        self.trees = [each for each in self.trees if (each["name"], each.get("group", "")) != (name, group)]
