"""Duties told apart by the tools people run; the platform's own people count too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from infra.events.stream import Stream
from ops.controls.duties import DutyFacts
from tests.unit.ops.controls.test_telemetry import NOW, Store, event, fill, opened

__all__ = ["opened"]


def ran(number: int, user: str, tool: str, system: str = "trace") -> Any:
    made = event(number, NOW - timedelta(hours=number + 1), event__category=["process"], user__name=user)
    return {**made, "process.name": tool, "yaodun.system": system}


def told(store: Store, system: str, combined: Sequence[str] | None = None) -> dict[str, Any]:
    return {each.kind: each.value for each in DutyFacts(store[0], lambda: combined).facts(system, NOW)}


def test_duties_are_told_by_tools_and_only_where_they_can_be_seen(opened: Store) -> None:
    parted = [("li", "systemctl"), ("zhao", "nft"), ("qian", "aureport")]
    mixed = [("li", "systemctl"), ("li", "auditctl"), ("zhao", "nft"), ("root", "apt")]
    events = [ran(n, *each) for n, each in enumerate(parted)]
    events += [ran(n + 10, *each, system="portal") for n, each in enumerate(mixed)]
    events += [ran(20, "root", "systemctl", "quiet"), ran(21, "li", "ls", "quiet")]
    fill(opened, Stream.LOGS, events)
    assert told(opened, "trace") == {
        "admin.roles_combined": [], "admin.system_actions_by_others": [], "admin.security_actions_by_others": [],
    }  # fmt: skip
    assert told(opened, "portal", ["both"]) == {
        "admin.roles_combined": ["both", "li: audit, system"], "admin.system_actions_by_others": ["li"],
        "admin.security_actions_by_others": [],
    }  # fmt: skip
    assert told(opened, "quiet") == {}
    assert told(opened, "quiet", []) == {"admin.roles_combined": []}
