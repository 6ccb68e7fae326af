"""Licences, exchange, exports, cases, accounts of queries: each wrong is told, each look-alike stays quiet."""

from itertools import pairwise
from typing import Any

import pytest

from analytics.business import Finding, judge
from infra.checkdigits import mod_37_36
from infra.events.business import BusinessEvent
from tests.unit.analytics.business.small_site import at, code, event, later, masters

TYPE, ISSUER = "11100000MB0339999P001", "11330000002482050X"


def told(*events: BusinessEvent) -> list[tuple[str, str]]:
    found: list[Finding] = judge([*masters(), *later(), *events])
    return sorted((one.detector, one.subject.value) for one in found)


def number(serial: int, version: int = 1, issuer: str = ISSUER, check: str = "") -> str:
    body = (TYPE, issuer, f"{serial:014d}", f"{version:03d}")
    return "1.2.156.3005.2." + ".".join([*body, check or mod_37_36("".join(body))])


def authority() -> BusinessEvent:
    return event("authority", 0, system="licence", issuer=ISSUER, licence_types=[TYPE], regions=["330000"])


def issued(days: float, serial: int, **fields: Any) -> BusinessEvent:
    words = {
        "action": "issue", "number": number(serial), "licence_type": TYPE, "issuer": ISSUER, "operator": "zj-1",
        "applicant": "D1/u1", "case": "C-1", "holder_province": "330000",
    }  # fmt: skip
    return event("elicence", days, system="licence", **{**words, **fields})


WORKDAY = 7.05
"""A Monday, a quarter past ten in the morning there."""


def test_a_regular_issue_is_quiet() -> None:
    assert told(authority(), *(issued(WORKDAY + n / 100, n) for n in range(5))) == []


@pytest.mark.parametrize(
    ("detector", "fields"),
    [
        ("B21", {"number": number(9, check="Q" if number(9)[-1] != "Q" else "R")}),
        ("B21", {"number": number(9, issuer="11330000002482051X")}),
        ("B22", {"operator": "D1/u1"}),
        ("B22", {"case": None}),
        ("B22", {"holder_province": "440000"}),
        ("B23", {"signer": "s", "signer_from": at(-900), "signer_to": at(1)}),
    ],
)
def test_an_irregular_issue_is_told(detector: str, fields: dict[str, Any]) -> None:
    assert [one for one, _ in told(authority(), issued(WORKDAY, 9, **fields))] == [detector]


def test_an_exporter_without_the_field_case_says_nothing_about_cases() -> None:
    bare = [issued(WORKDAY + n / 100, n, case=None) for n in range(8)]
    assert told(authority(), *bare) == []
    mixed = [*bare[:1], *(issued(WORKDAY + n / 100, n) for n in range(1, 8))]
    assert [one for one, _ in told(authority(), *mixed)] == ["B22"]


def test_a_night_needs_an_announcement() -> None:
    night = issued(WORKDAY + 0.6, 9)
    assert [one for one, _ in told(authority(), night)] == ["B22"]
    notice = event(
        "notice", 6, system="licence", notice_type="scheduled_batch", begins=at(7.5), ends=at(8), scope_kind="issuer",
        scope=[ISSUER],
    )  # fmt: skip
    assert told(authority(), night, notice) == []


def test_a_legacy_number_cannot_be_checked() -> None:
    assert told(authority(), issued(WORKDAY, 9, number="浙20150001", legacy=True)) == []


def manifests(accepted: int, digest: str = "aa", status: str = "complete") -> list[BusinessEvent]:
    common = {"system": "sharing", "feed": "f", "manifest": "m1", "dataset": "d"}
    return [
        event("manifest", 5, records=10, hash="aa", **common),
        event("receipt", 5.1, accepted=accepted, hash=digest, status=status, **common),
    ]


def test_an_exchange_is_reconciled_by_its_last_attempt() -> None:
    assert told(*manifests(10)) == []
    assert told(*manifests(9)) == [("B25", "m1")]
    assert told(*manifests(10, "bb")) == [("B25", "m1")]
    again = {"system": "sharing", "feed": "f", "manifest": "m1", "dataset": "d", "attempt": 2, "hash": "aa"}
    retry = [event("manifest", 5.2, records=10, **again), event("receipt", 5.3, accepted=10, **again)]
    assert told(*manifests(4, "cc", "partial"), *retry) == []


def beats(until: float, start: float = 0.0) -> list[BusinessEvent]:
    steps = int((until - start) * 24)
    return [event("heartbeat", start + n / 24, system="sharing", feed="f", interval_s=3600) for n in range(steps)]


def test_a_feed_falls_silent_unless_it_was_announced() -> None:
    whole = beats(91)
    gap = [beat for beat in whole if not at(40) < beat.time.isoformat() < at(42)]
    assert told(*whole) == []
    assert told(*gap) == [("B24", "f")]
    notice = event(
        "notice", 39, system="sharing", notice_type="maintenance", begins=at(40), ends=at(42), scope_kind="feed",
        scope=["f"],
    )  # fmt: skip
    assert told(*gap, notice) == []


def workflow() -> BusinessEvent:
    path = ["start", "accept", "review", "decide", "end"]
    edges: list[dict[str, str]] = [{"before": one, "after": two} for one, two in pairwise(path)]
    edges.append({"before": "accept", "after": "decide", "lane": "urgent"})
    return event(
        "workflow", 0, system="services", workflow="w", edges=edges,
        limits={"review": 48, "total": 480}, separate=[["review", "decide"]],
    )  # fmt: skip


def steps(*stages: tuple[str, str, float], lane: str = "normal", **fields: Any) -> list[BusinessEvent]:
    return [
        event(
            "step", 30 + days, system="services", workflow="w", case="c1", stage=stage, actor=actor, lane=lane,
            last=stage == "decide", **fields,
        )
        for stage, actor, days in stages
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "case"),
    [
        (False, steps(("accept", "a", 0), ("review", "b", 1), ("decide", "c", 2))),
        (False, steps(("accept", "a", 0), ("decide", "c", 1), lane="urgent")),
        (False, steps(("accept", "a", 0), ("review", "b", 4), ("decide", "c", 5), paused_h=60)),
        (True, steps(("accept", "a", 0), ("decide", "c", 1))),
        (True, steps(("accept", "a", 0), ("review", "b", 4), ("decide", "c", 5))),
        (True, steps(("accept", "a", 0), ("review", "b", 1), ("decide", "b", 2))),
    ],
)
def test_a_case_keeps_to_its_path_its_time_and_four_eyes(wrong: bool, case: list[BusinessEvent]) -> None:
    assert told(workflow(), *case) == ([("B28", "c1")] if wrong else [])


def exports(records: int, **fields: Any) -> list[BusinessEvent]:
    words = {"system": "sharing", "user": "u", "dataset": "d", "purpose": "p"}
    ordinary = [event("export", day, records=1000 + day, **words) for day in range(10, 40)]
    return [*ordinary, event("export", 50, records=records, **{**words, **fields})]


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [(False, {}), (True, {"dataset": "other"}), (True, {"purpose": "sale"}), (True, {"records": 90_000})],
)
def test_who_takes_what_for_what(wrong: bool, fields: dict[str, Any]) -> None:
    granted = event("entitlement", 1, system="sharing", user="u", dataset="d", purposes=["p"], daily_records=5000)
    taken = exports(**{"records": 1200, **fields})
    assert told(granted, *taken) == ([("B27", "u")] if wrong else [])


def scans(codes: list[str], people: int, cities: int, **fields: Any) -> list[BusinessEvent]:
    return [
        event(
            "scan", 30 + n / 200, code=one, requester=f"dev{n % people}",
            place={"province": "330000", "city": f"33{n % cities:02d}00"}, **fields,
        )
        for n, one in enumerate(codes)
    ]  # fmt: skip


def test_one_code_asked_for_everywhere_and_codes_guessed() -> None:
    assert [one for one, _ in told(*scans([code(1)] * 60, 50, 20))] == ["B20"]
    assert told(*scans([code(n) for n in range(60)], 50, 20)) == []
    unknown = [f"81000019{n * 7919 % 10**12:012d}" for n in range(40)]
    assert told(*scans(unknown, 1, 1, found=False)) == [("T13", "dev0")]
    assert told(*scans([code(n) for n in range(40)], 1, 1, channel="inspection")) == []
