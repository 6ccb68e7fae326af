"""Grading side by side, and what each rule refuses."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.text import Language, use_language
from ops.grading.engine import grade, shipped_matrices
from ops.grading.objects import Degree, GradedObject, Harmed, Neighbour, ObjectKind, Tick

DAY = date(2026, 6, 1)
P1, P2, P3 = (Tick(Harmed.SOCIETY, degree) for degree in Degree)
C3 = Tick(Harmed.CITIZENS, Degree.ESPECIALLY_SERIOUS)
N1 = Tick(Harmed.NATION, Degree.GENERAL)
TICKS = st.builds(Tick, st.sampled_from(Harmed), st.sampled_from(Degree))


def rules(**fields: object) -> set[str]:
    thing = GradedObject(**({"name": "x", "s": (P2,), "a": (P2,)} | fields))  # type: ignore[arg-type]
    return {violation.rule for violation in grade(thing, DAY).violations}


def test_highest_pair_decides_each_side() -> None:
    grading = grade(GradedObject(name="x", s=(C3, P1), a=(P2, C3)), DAY)
    assert grading.decisive is not None
    assert grading.decisive.label == "S2A3G3"


def test_citizens_especially_serious_is_level_two() -> None:
    grading = grade(GradedObject(name="x", s=(C3,), a=(C3,)), DAY)
    assert [result.label for result in grading.results] == ["S2A2G2", "S2A2G2"]
    assert not grading.differs


def test_matrices_differ_on_national_harm_and_the_day_decides() -> None:
    thing = GradedObject(name="x", s=(N1,), a=(P2,))
    today, before = grade(thing, DAY), grade(thing, date(2024, 6, 1))
    assert {result.matrix: result.label for result in today.results} == {"2025": "S4A3G4", "2020": "S3A3G3"}
    assert today.differs
    assert today.decisive is not None
    assert before.decisive is not None
    assert (today.decisive.matrix, before.decisive.matrix) == ("2025", "2020")


def test_classified_is_out_of_scope() -> None:
    grading = grade(GradedObject(name="x", classified=True, s=(P2,), a=(P2,)), DAY)
    assert grading.out_of_scope
    assert grading.results == ()


@pytest.mark.parametrize(
    ("rule", "broken", "kept"),
    [
        ("nothing_ticked", {"s": ()}, {}),
        ("carries_higher", {"carries": (Neighbour("y", 4, 3),)}, {"carries": (Neighbour("y", 3, 3),)}),
        ("carries_higher", {"a": (P1,), "carries": (Neighbour("y", 2, 3),)}, {"carries": (Neighbour("y", 2, 3),)}),
        ("stands_on_lower", {"stands_on": (Neighbour("y", 3, 2),)}, {"stands_on": (Neighbour("y", 3, 3),)}),
        (
            "bigdata_floor",
            {"kind": ObjectKind.BIGDATA_PLATFORM, "s": (P1,), "a": (P1,), "public_service": True},
            {"kind": ObjectKind.BIGDATA_PLATFORM, "public_service": True},
        ),
        (
            "bigdata_floor",
            {"kind": ObjectKind.BIGDATA_PLATFORM, "s": (P1,), "a": (P1,), "mass_personal_data": True},
            {"kind": ObjectKind.BIGDATA_PLATFORM, "s": (P1,), "a": (P1,)},
        ),
        (
            "tenant_inside_platform",
            {"kind": ObjectKind.CLOUD_PLATFORM, "includes_tenant_systems": True},
            {"kind": ObjectKind.CLOUD_PLATFORM},
        ),
        (
            "several_service_models",
            {"kind": ObjectKind.CLOUD_PLATFORM, "service_models": ("iaas", "paas")},
            {"kind": ObjectKind.CLOUD_PLATFORM, "service_models": ("iaas",)},
        ),
        (
            "auxiliary_inside",
            {"kind": ObjectKind.CLOUD_PLATFORM, "large": True, "auxiliary_services_inside": True},
            {"kind": ObjectKind.CLOUD_PLATFORM, "large": True},
        ),
        (
            "tenant_without_platform",
            {"kind": ObjectKind.CLOUD_TENANT},
            {"kind": ObjectKind.CLOUD_TENANT, "stands_on": (Neighbour("cloud", 3, 3),)},
        ),
        (
            "iot_is_one",
            {"kind": ObjectKind.IOT, "layers": ("sensing",)},
            {"kind": ObjectKind.IOT, "layers": ("sensing", "network", "application")},
        ),
        (
            "ics_management_apart",
            {"kind": ObjectKind.ICS, "layers": ("control", "production_management")},
            {"kind": ObjectKind.ICS, "layers": ("field", "control", "process")},
        ),
        (
            "bigdata_owner",
            {"kind": ObjectKind.BIGDATA_PLATFORM, "includes_data": True, "data_same_owner": False},
            {"kind": ObjectKind.BIGDATA_PLATFORM, "includes_data": True},
        ),
        (
            "network_owners",
            {"kind": ObjectKind.NETWORK, "provinces": 3, "owners": 2},
            {"kind": ObjectKind.NETWORK, "provinces": 3},
        ),
        ("declared_differs", {"declared_level": 2}, {"declared_level": 3}),
    ],
)
def test_rule(rule: str, broken: dict[str, object], kept: dict[str, object]) -> None:
    assert rule in rules(**broken)
    assert rule not in rules(**kept)


@given(st.lists(TICKS, max_size=9), st.lists(TICKS, max_size=9), TICKS)
def test_another_tick_never_lowers_a_level(s: list[Tick], a: list[Tick], more: Tick) -> None:
    before = grade(GradedObject(name="x", s=tuple(s), a=tuple(a)), DAY)
    after = grade(GradedObject(name="x", s=(*s, more), a=tuple(a)), DAY)
    for one, two in zip(before.results, after.results, strict=True):
        assert two.s >= one.s
        assert two.g >= one.g


@given(st.lists(TICKS, min_size=1), st.lists(TICKS, min_size=1))
def test_every_reachable_combination_is_legal(s: list[Tick], a: list[Tick]) -> None:
    grading = grade(GradedObject(name="x", s=tuple(s), a=tuple(a)), DAY)
    assert all(v.rule != "combination" for result in grading.results for v in result.violations)
    assert len(grading.results) == len(shipped_matrices())


@pytest.mark.parametrize("language", Language)
def test_each_violation_has_words(language: Language) -> None:
    grading = grade(GradedObject(name="库", s=(), a=(P3,), carries=(Neighbour("y", 5, 5),)), DAY)
    with use_language(language):
        texts = [violation.text for violation in grading.violations]
    assert len(texts) == 2
    assert all(not text.startswith("ops.") and "库" in text for text in texts)
