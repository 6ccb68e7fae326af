"""Weaknesses past their time, devices administered in the clear, logins from outside: from events alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest

from infra.clock import ManualClock
from infra.events.stream import Stream
from infra.ledger import record
from infra.records import Records
from infra.register import Asset
from infra.register.nouns import Address, AddressKind
from infra.web.seams import Actor
from ops.controls import scans
from ops.controls.scans import ScanFacts
from ops.work.changes import ChangeRequest, Changes, ChangeState, Scope
from tests.unit.ops.controls.test_telemetry import NOW, Store, event, fill, opened

__all__ = ["opened"]


class Register:
    """Three servers of the system and two devices, one of which nobody talks to."""

    def assets(self, system: str = "") -> Sequence[Asset]:
        made = [("web1", "host", "trace", "10.0.0.9"), ("web2", "host", "trace", "10.0.0.8"),
                ("db", "host", "trace", "10.0.0.7"), ("sw1", "switch", "network", "10.0.0.1"),
                ("sw2", "switch", "network", "10.0.0.2")]  # fmt: skip
        return [
            Asset(id="asset-7" if name == "db" else name, name=name, kind=kind, system=of,
                  addresses=(Address(AddressKind.IP, value, NOW),))
            for name, kind, of, value in made
            if system in ("", of)
        ]  # fmt: skip


def change(start: int, end: int, approvals: int, state: ChangeState = ChangeState.APPROVED) -> ChangeRequest:
    return ChangeRequest(
        id="c", title="t", reason="r", plan="p", rollback="b", starts=NOW - timedelta(hours=start),
        ends=NOW - timedelta(hours=end), asked_by="u", asked=NOW, scope=Scope(systems=("trace",)),
        state=state, approvals=("u1", "u2")[:approvals],
    )  # fmt: skip


MEMBERS = ("web1", "web2", "sw1", "sw2")


def told(
    store: Store, changes: Sequence[ChangeRequest] = (), members: Collection[str] = MEMBERS
) -> dict[tuple[str, str], Any]:
    source = ScanFacts(store[0], Register(), lambda object_id: members, lambda: changes)
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
    assert ("web2", "vulnerability.overdue") not in found  # no scan saw it


@pytest.mark.parametrize("missing", ["yaodun.asset", "host.name", "vulnerability.severity"])
def test_a_weakness_without_asset_host_or_severity_is_seen(opened: Store, missing: str) -> None:
    found = [weak(1, 20, "CVE-1", "critical"), weak(2, 2, "CVE-1", "critical")]
    fill(opened, Stream.LOGS, [{name: value for name, value in one.items() if name != missing} for one in found])
    assert told(opened)["", "vulnerability.overdue"] == ["web1 CVE-1"]
    assert told(opened)["web1", "vulnerability.overdue"] == ["CVE-1"]


def test_a_weakness_is_the_same_before_and_after_its_host_was_registered(opened: Store) -> None:
    old, new = weak(1, 40, "CVE-1", "high"), weak(2, 2, "CVE-1", "high")
    fill(opened, Stream.LOGS, [{**old, "yaodun.asset": "db", "host.name": "db"}, {**new, "yaodun.asset": "asset-7"}])
    assert told(opened)["asset-7", "vulnerability.overdue"] == ["CVE-1"]


def test_a_weakness_of_an_unknown_host_counts_for_the_object(opened: Store) -> None:
    bare = [
        event(number, NOW - timedelta(days=days), vulnerability__id=["CVE-1"]) for number, days in enumerate((40, 2))
    ]
    fill(opened, Stream.LOGS, bare)
    assert told(opened)["", "vulnerability.overdue"] == ["? CVE-1"]


def test_the_gravest_rating_of_a_weakness_counts(opened: Store) -> None:
    rated = [weak(1, 20, "CVE-1", "low"), weak(2, 3, "CVE-1", "Critical"), weak(3, 2, "CVE-1", "low")]
    fill(opened, Stream.LOGS, rated)
    assert told(opened)["", "vulnerability.overdue"] == ["web1 CVE-1"]


def test_a_scan_older_than_a_month_says_nothing_of_what_is_still_open(opened: Store) -> None:
    fill(opened, Stream.LOGS, [weak(1, 100, "CVE-1", "critical"), weak(2, 32, "CVE-1", "critical")])
    assert told(opened) == {("", "vulnerability.scan_age_days"): 32}


def test_every_weakness_is_read_where_there_are_more_than_a_page(
    opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "MOST", 2)
    names = [f"CVE-{number}" for number in range(5)]
    fill(
        opened,
        Stream.LOGS,
        [weak(n + 10 * days, days, name, "high") for days in (40, 2) for n, name in enumerate(names)],
    )
    assert told(opened)["web1", "vulnerability.overdue"] == names


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
    assert told(opened, members=("web1", "sw2")) == {}  # sw1 is no device of the object


def login(number: int, hours: float, address: str) -> Any:
    return event(
        number, NOW - timedelta(hours=hours), event__category=["authentication"], event__outcome="success",
        user__name="li", source__ip=address,
    )  # fmt: skip


def test_a_login_from_outside_needs_an_approved_window(opened: Store) -> None:
    logins = [(5, "203.0.113.9"), (3, "8.8.8.8"), (1, "8.8.4.4"), (2, "10.0.0.7")]
    fill(opened, Stream.LOGS, [login(number, *each) for number, each in enumerate(logins)])
    bare = told(opened)
    assert bare["", "remote.sessions_without_approval"] == ["li 8.8.4.4", "li 8.8.8.8"]
    assert bare["", "remote.left_open"] == []
    approved = told(opened, [change(4, 2, 1), change(2, 0, 0)])
    assert approved["", "remote.sessions_without_approval"] == ["li 8.8.4.4"]
    assert approved["", "remote.left_open"] == ["li 8.8.4.4"]


@pytest.mark.parametrize(
    ("state", "excused"),
    [
        (ChangeState.APPROVED, True),
        (ChangeState.DONE, True),
        (ChangeState.WITHDRAWN, False),
        (ChangeState.REFUSED, False),
    ],
)  # fmt: skip
def test_a_change_that_was_withdrawn_excuses_no_login(opened: Store, state: ChangeState, excused: bool) -> None:
    fill(opened, Stream.LOGS, [login(1, 3, "8.8.8.8")])
    found = told(opened, [change(4, 2, 1, state)])["", "remote.sessions_without_approval"]
    assert found == ([] if excused else ["li 8.8.8.8"])


def test_a_change_closed_early_excuses_logins_until_then_alone(opened: Store, records: Records) -> None:
    fill(opened, Stream.LOGS, [login(1, 5, "8.8.8.8"), login(2, 3, "8.8.4.4")])
    clock = ManualClock(NOW - timedelta(hours=6))
    changes = Changes(records, clock, record)
    asked = changes.ask(
        Actor(id="u1", name="li"), "t", reason="r", plan="p", rollback="b", starts=clock.now(),
        ends=NOW + timedelta(hours=1), scope=Scope(systems=("trace",)),
    )  # fmt: skip
    changes.approve(Actor(id="u2", name="wang"), asked.id)
    assert told(opened, changes.listed())["", "remote.sessions_without_approval"] == []
    clock.advance(2 * 3600)
    changes.end(Actor(id="u1", name="li"), asked.id, "done early")
    found = told(opened, changes.listed())
    assert found["", "remote.sessions_without_approval"] == found["", "remote.left_open"] == ["li 8.8.4.4"]


def test_logins_behind_the_newest_page_and_behind_private_ones_are_judged(
    opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "MOST", 2)
    outside = [login(number, 20 + number, f"8.8.8.{number}") for number in range(5)]
    fill(opened, Stream.LOGS, [*outside, *(login(10 + number, 1 + number, "10.0.0.7") for number in range(5))])
    assert told(opened)["", "remote.sessions_without_approval"] == [f"li 8.8.8.{number}" for number in range(5)]


def test_private_logins_alone_say_that_nobody_came_from_outside(opened: Store) -> None:
    fill(opened, Stream.LOGS, [login(1, 3, "10.0.0.7")])
    assert told(opened)["", "remote.sessions_without_approval"] == []
