"""Rules a grading must keep (GB/T 22240-2020 clauses 5 to 7, annex A of GB/T 22239-2019). One function per rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import msgspec

from infra.text import say
from ops.grading.matrix import Matrix
from ops.grading.objects import GradedObject, ObjectKind


class Severity(StrEnum):
    """An error blocks approval, a warning asks for a reason."""

    ERROR = "error"
    WARNING = "warning"


class Violation(msgspec.Struct, frozen=True):
    """A broken rule, said in words by ``text``."""

    rule: str
    severity: Severity
    detail: dict[str, Any]

    @property
    def text(self) -> str:
        """What is wrong and what to do, in the language of the context."""
        return say(f"ops.grading.rule.{self.rule}", **self.detail)


Rule = Callable[[GradedObject, Matrix, int, int], Iterator[Violation]]
CARRIERS = frozenset({ObjectKind.CLOUD_PLATFORM, ObjectKind.BIGDATA_PLATFORM, ObjectKind.NETWORK})
IOT_LAYERS = frozenset({"sensing", "network", "application"})
BIGDATA_FLOOR = 3


def check(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """Every rule that ``thing`` graded ``s`` and ``a`` breaks."""
    for rule in RULES:
        yield from rule(thing, matrix, s, a)


def _error(rule: str, **detail: Any) -> Violation:
    return Violation(rule, Severity.ERROR, detail)


def _warning(rule: str, **detail: Any) -> Violation:
    return Violation(rule, Severity.WARNING, detail)


def nothing_ticked(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """Both S and A need at least one ticked pair."""
    for side, level in (("S", s), ("A", a)):
        if not level:
            yield _error("nothing_ticked", name=thing.name, side=side)


def combination(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """S and A must form a printed combination of their level."""
    if s and a and not matrix.allows(s, a):
        yield _error("combination", name=thing.name, pair=f"S{s}A{a}", level=max(s, a))


def carries_higher(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """A platform or network is not below anything it carries, in S, A and level."""
    for other in thing.carries:
        if other.s > s or other.a > a or other.g > max(s, a):
            yield _error(
                "carries_higher", name=thing.name, own=f"S{s}A{a}", other=other.name, level=f"S{other.s}A{other.a}"
            )


def stands_on_lower(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """An object does not stand on a platform below it."""
    for other in thing.stands_on:
        if other.s < s or other.a < a:
            yield _error(
                "stands_on_lower", name=thing.name, own=f"S{s}A{a}", other=other.name, level=f"S{other.s}A{other.a}"
            )


def bigdata_floor(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """A big-data platform with mass personal data or a public service is at least level 3."""
    reason = "mass_personal_data" if thing.mass_personal_data else "public_service" if thing.public_service else ""
    if thing.kind is ObjectKind.BIGDATA_PLATFORM and reason and max(s, a) < BIGDATA_FLOOR:
        yield _error("bigdata_floor", name=thing.name, level=max(s, a), floor=BIGDATA_FLOOR)


def tenant_inside_platform(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """Customers' systems and the cloud platform are graded apart."""
    if thing.kind is ObjectKind.CLOUD_PLATFORM and thing.includes_tenant_systems:
        yield _error("tenant_inside_platform", name=thing.name)


def several_service_models(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """A cloud platform is split by service model."""
    if thing.kind is ObjectKind.CLOUD_PLATFORM and len(thing.service_models) > 1:
        yield _warning("several_service_models", name=thing.name, models=", ".join(thing.service_models))


def auxiliary_inside(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """A large cloud grades infrastructure and auxiliary services apart."""
    if thing.kind is ObjectKind.CLOUD_PLATFORM and thing.large and thing.auxiliary_services_inside:
        yield _warning("auxiliary_inside", name=thing.name)


def tenant_without_platform(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """A cloud customer's object names the platform it stands on."""
    if thing.kind is ObjectKind.CLOUD_TENANT and not thing.stands_on:
        yield _error("tenant_without_platform", name=thing.name)


def iot_is_one(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """Sensing, network and application layers of IoT form one object."""
    if thing.kind is ObjectKind.IOT and (missing := IOT_LAYERS - set(thing.layers)):
        yield _error("iot_is_one", name=thing.name, missing=", ".join(sorted(missing)))


def ics_management_apart(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """Production management is graded apart from field, control and process layers."""
    layers = set(thing.layers)
    if thing.kind is ObjectKind.ICS and "production_management" in layers and len(layers) > 1:
        yield _error("ics_management_apart", name=thing.name)


def bigdata_owner(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """Data of another owner than the platform's is graded apart."""
    if thing.kind is ObjectKind.BIGDATA_PLATFORM and thing.includes_data and not thing.data_same_owner:
        yield _error("bigdata_owner", name=thing.name)


def network_owners(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """A network across provinces is one object only under one owner."""
    if thing.kind is ObjectKind.NETWORK and thing.provinces > 1 and thing.owners > 1:
        yield _error("network_owners", name=thing.name, provinces=thing.provinces, owners=thing.owners)


def declared_too_low(thing: GradedObject, matrix: Matrix, s: int, a: int) -> Iterator[Violation]:
    """The level the owner wrote down equals the computed one."""
    declared, computed = thing.declared_level, max(s, a)
    if declared is not None and computed and declared != computed:
        severity = _error if declared < computed else _warning
        yield severity("declared_differs", name=thing.name, declared=declared, computed=computed)


RULES: tuple[Rule, ...] = (
    nothing_ticked,
    combination,
    carries_higher,
    stands_on_lower,
    bigdata_floor,
    tenant_inside_platform,
    several_service_models,
    auxiliary_inside,
    tenant_without_platform,
    iot_is_one,
    ics_management_apart,
    bigdata_owner,
    network_owners,
    declared_too_low,
)
