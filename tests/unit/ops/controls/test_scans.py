"""Weaknesses past their time, devices administered in the clear, logins from outside: from events alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from infra.events.stream import Stream
from infra.register import Asset
from infra.register.nouns import Address, AddressKind
from ops.controls.scans import ScanFacts
from ops.work.changes import ChangeRequest, ChangeState, Scope
from tests.unit.ops.controls.test_telemetry import NOW, Store, event, fill, opened

__all__ = ["opened"]


class Register:
    """A server of the system and two devices, one of which nobody talks to."""

    def assets(self, system: str = "") -> Sequence[Asset]:
        made = [("web1", "host", "trace", "10.0.0.9"), ("sw1", "switch", "network", "10.0.0.1"),
                ("sw2", "switch", "network", "10.0.0.2")]  # fmt: skip
        return [
            Asset(id=name, name=name, kind=kind, system=of, addresses=(Address(AddressKind.IP, value, NOW),))
            for name, kind, of, value in made
            if system in ("", of)
        ]


def change(start: int, end: int, approvals: int) -> ChangeRequest:
    return ChangeRequest(
        id="c", title="t", reason="r", plan="p", rollback="b", starts=NOW - timedelta(hours=start),
        ends=NOW - timedelta(hours=end), asked_by="u", asked=NOW, scope=Scope(systems=("trace",)),
        state=ChangeState.APPROVED, approvals=("u1", "u2")[:approvals],
    )  # fmt: skip


def told(store: Store, changes: Sequence[ChangeRequest] = ()) -> dict[tuple[str, str], Any]:
    source = ScanFacts(store[0], Register(), lambda: changes)
    return {(each.asset, each.kind): each.value for each in source.facts("trace", NOW)}


def weak(number: int, days: float, name: str, severity: str) -> Any:
    made = event(number, NOW - timedelta(days=days), vulnerability__id=[name], vulnerability__severity=severity)
    return {**made, "yaodun.asset": "web1", "host.name": "web1"}


def test_a_weakness_is_overdue_when_a_scan_still_finds_it_past_its_time(opened: Store) -> None:
    assert told(opened) == {}
    fill(
        opened,
        Stream.LOGS,
        [
            weak(1, 40, "CVE-old-high", "high"), weak(2, 40, "CVE-old-low", "low"), weak(3, 40, "CVE-gone", "high"),
            weak(4, 2, "CVE-old-high", "high"), weak(5, 2, "CVE-old-low", "low"), weak(6, 2, "CVE-new", "critical"),
        ],
    )  # fmt: skip
    found = told(opened)
    assert found["", "vulnerability.scan_age_days"] == 2
    assert found["", "vulnerability.overdue"] == ["web1 CVE-old-high"]
    assert found["web1", "vulnerability.overdue"] == ["CVE-old-high"]


def test_a_device_is_judged_by_what_reaches_its_own_address(opened: Store) -> None:
    fill(
        opened,
        Stream.FLOWS,
        [
            event(
                1, NOW - timedelta(hours=3), destination__ip="10.0.0.1", destination__port=443, source__ip="10.0.0.5"
            ),
            event(2, NOW - timedelta(hours=2), destination__ip="10.0.0.1", destination__port=23, source__ip="10.0.0.5"),
        ],
    )
    found = told(opened)
    assert found["sw1", "device.admin_protocols_clear"] == ["10.0.0.1:23"]
    assert ("sw2", "device.admin_protocols_clear") not in found


def test_a_login_from_outside_needs_an_approved_window(opened: Store) -> None:
    logins = [(5, "203.0.113.9"), (3, "8.8.8.8"), (1, "8.8.4.4"), (2, "10.0.0.7")]
    fill(
        opened,
        Stream.LOGS,
        [
            event(number, NOW - timedelta(hours=hours), event__category=["authentication"], event__outcome="success",
                  user__name="li", source__ip=address)
            for number, (hours, address) in enumerate(logins)
        ],
    )  # fmt: skip
    bare = told(opened)
    assert bare["", "remote.sessions_without_approval"] == ["li 8.8.4.4", "li 8.8.8.8"]
    assert bare["", "remote.left_open"] == []
    approved = told(opened, [change(4, 2, 1), change(2, 0, 0)])
    assert approved["", "remote.sessions_without_approval"] == ["li 8.8.4.4"]
    assert approved["", "remote.left_open"] == ["li 8.8.4.4"]
