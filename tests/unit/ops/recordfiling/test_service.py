"""Records: reviews by two people, numbers without gaps and never reused, verification, what is missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import msgspec
import pytest

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.text import Language, use_language
from infra.web.seams import Actor
from ops.recordfiling.application import Application, lacks
from ops.recordfiling.number import parse_number
from ops.recordfiling.service import State, SystemRecords
from ops.recordfiling.watch import Project, SeenHost, gaps

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
UNIT, BUREAU = Actor(id="u1", name="unit"), Actor(id="b1", name="bureau")
MET = {"sso": True, "users": True, "authentication": True, "audit": True}


def application(system: str = "trace", **fields: object) -> Application:
    base = {"system": system, "name": f"系统 {system}", "unit": "u1", "unit_code": "NMPA", "column": 9}
    base |= {"conformance": MET, "hosts": (f"{system}.example.gov.cn",)}
    return Application(**(base | fields))  # type: ignore[arg-type]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def systems(records: Records, clock: ManualClock) -> SystemRecords:
    return SystemRecords(records, clock)


def active(systems: SystemRecords, system: str, **fields: object) -> str:
    made = systems.apply(UNIT, application(system, **fields))
    systems.step(UNIT, made.id, "unit_review")
    return systems.step(BUREAU, made.id, "bureau_review").id


def test_two_reviews_give_a_number_that_verifies(systems: SystemRecords) -> None:
    active(systems, "trace")
    (made,) = systems.find("u1")
    assert made.state is State.ACTIVE
    assert made.number is not None
    assert parse_number(made.number).sequence == 1
    assert made.review_due == date(2027, 6, 1)
    assert systems.verify(made.number.lower()).name == "系统 trace"


def test_the_same_person_does_not_review_twice(systems: SystemRecords) -> None:
    made = systems.apply(UNIT, application())
    systems.step(UNIT, made.id, "unit_review")
    with pytest.raises(AppError) as error:
        systems.step(UNIT, made.id, "bureau_review")
    assert error.value.kind is ErrorKind.FORBIDDEN


def test_numbers_have_no_gap_under_parallel_reviews_and_are_not_reused(systems: SystemRecords) -> None:
    ids = [systems.apply(UNIT, application(f"s{n}")).id for n in range(12)]
    for each in ids:
        systems.step(UNIT, each, "unit_review")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda each: systems.step(BUREAU, each, "bureau_review"), ids))
    sequences = sorted(parse_number(each.number or "").sequence for each in systems.find())
    assert sequences == list(range(1, 13))
    systems.step(BUREAU, ids[-1], "revoke", "系统下线")
    again = active(systems, "s11")
    number = next(each.number for each in systems.find() if each.id == again)
    assert parse_number(number or "").sequence == 13


def test_a_failed_review_takes_no_number(systems: SystemRecords) -> None:
    made = systems.apply(UNIT, application(conformance={}))
    with pytest.raises(AppError) as error:
        systems.step(UNIT, made.id, "unit_review")
    assert error.value.detail["count"] == 4
    systems.amend(UNIT, made.id, application())
    systems.step(UNIT, made.id, "unit_review")
    with pytest.raises(AppError):
        systems.step(BUREAU, made.id, "return")
    assert systems.step(BUREAU, made.id, "return", "材料不全").state is State.RETURNED
    active(systems, "other")
    assert {parse_number(each.number).sequence for each in systems.find() if each.number} == {1}


def test_a_new_year_starts_anew(systems: SystemRecords, clock: ManualClock) -> None:
    active(systems, "one")
    clock.advance(366 * 86_400)
    active(systems, "two")
    numbers = {each.number for each in systems.find()}
    assert {str(number)[:12] for number in numbers} == {"YJ-NMPA-2026", "YJ-NMPA-2027"}


def test_one_record_per_system_and_steps_only_in_order(systems: SystemRecords) -> None:
    made = systems.apply(UNIT, application())
    with pytest.raises(AppError) as error:
        systems.apply(UNIT, application())
    assert error.value.kind is ErrorKind.CONFLICT
    for action in ("bureau_review", "annual_review", "revoke", "dance"):
        with pytest.raises(AppError):
            systems.step(BUREAU, made.id, action, "x")


def test_unknown_and_mistyped_numbers(systems: SystemRecords) -> None:
    active(systems, "trace")
    (made,) = systems.find()
    wrong = str(made.number)[:-1] + ("0" if str(made.number)[-1] != "0" else "1")
    with pytest.raises(AppError) as error:
        systems.verify(wrong)
    assert error.value.message_key == "ops.recordfiling.wrong_check"
    with pytest.raises(AppError):
        systems.verify("nonsense")


@pytest.mark.parametrize(
    ("fields", "lack"),
    [
        ({"name": " "}, "name"),
        ({"column": 15}, "column"),
        ({"conformance": {"sso": True}}, "conformance.audit"),
        ({"authentication": ("eyes",)}, "authentication"),
        ({"external": {"icp": "ICP 123"}}, "external.icp"),
        ({"external": {"police_network": "京公网安备11号"}}, "external.police_network"),
        ({"external": {"other": "x"}}, "external.other"),
    ],
)
def test_what_an_application_lacks(fields: dict[str, object], lack: str) -> None:
    assert lack in {each.field for each in lacks(application(**fields))}


def test_real_world_numbers_are_accepted() -> None:
    external = {"site_code": "bm35000001", "icp": "京ICP备13027807号", "police_network": "京公网安备11010202008311号"}
    assert list(lacks(application(external=external))) == []


@pytest.mark.parametrize("language", Language)
def test_what_is_missing_is_found_and_said(systems: SystemRecords, language: Language) -> None:
    active(systems, "trace")
    active(systems, "weak", conformance=MET | {"audit": False})
    seen = [SeenHost("ghost.example.gov.cn", 40, NOW), SeenHost("trace.example.gov.cn", 9, NOW)]
    projects = [
        Project("p1", "新平台", date(2026, 7, 1), graded=False, on_record=False),
        Project("p2", "远期", date(2027, 7, 1), graded=False, on_record=False),
    ]
    found = list(gaps(systems.find(), seen, projects, NOW.date()))
    assert [(gap.kind, gap.subject) for gap in found] == [
        ("unrecorded_host", "ghost.example.gov.cn"),
        ("ungraded_project", "新平台"),
        ("unrecorded_project", "新平台"),
        ("nonconforming", "系统 weak"),
    ]
    late = [msgspec.structs.replace(each, review_due=date(2026, 5, 1)) for each in systems.find()]
    with use_language(language):
        texts = [gap.text for gap in gaps(late, seen, projects, NOW.date())]
    assert len(texts) == 6
    assert not any("ops." in text or "—" in text for text in texts)
