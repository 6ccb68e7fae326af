"""Gradings are kept with what they were computed with; another person reviews, and a broken rule stops agreement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.clock import ManualClock
from infra.errors import AppError
from infra.records import Records
from infra.web.seams import Actor
from ops.grading.objects import Degree, GradedObject, Harmed, Neighbour, ObjectKind, Tick
from ops.grading.service import Gradings, State

OWNER, OTHER = Actor(id="o", name="甲"), Actor(id="r", name="乙")
SERIOUS = (Tick(Harmed.SOCIETY, Degree.SERIOUS),)
GENERAL = (Tick(Harmed.CITIZENS, Degree.GENERAL),)


@pytest.fixture
def gradings(records: Records) -> Gradings:
    return Gradings(records, ManualClock(datetime(2026, 6, 1, tzinfo=UTC)))


def thing(**fields: object) -> GradedObject:
    return GradedObject(**({"id": "trace", "name": "追溯", "unit": "u", "s": SERIOUS, "a": GENERAL} | fields))  # type: ignore[arg-type]


def test_a_grading_is_kept_with_its_label_and_pack_and_the_newest_counts(gradings: Gradings) -> None:
    first = gradings.keep(OWNER, thing())
    assert (first.label, first.level, first.state) == ("S3A1G3", 3, State.PROPOSED)
    assert first.packs[0].startswith("grading@2025")
    gradings.keep(OWNER, thing(a=SERIOUS))
    latest = gradings.latest("trace")
    assert latest is not None
    assert latest.label == "S3A3G3"
    assert [each.label for each in gradings.history("trace")] == ["S3A1G3", "S3A3G3"]


def test_only_another_person_reviews_and_a_refusal_needs_a_reason(gradings: Gradings) -> None:
    gradings.keep(OWNER, thing())
    with pytest.raises(AppError):
        gradings.review(OWNER, "trace", agree=True, note="")
    with pytest.raises(AppError):
        gradings.review(OTHER, "trace", agree=False, note="  ")
    assert gradings.review(OTHER, "trace", agree=True, note="").state is State.REVIEWED
    with pytest.raises(AppError):
        gradings.review(OTHER, "trace", agree=True, note="")


def test_a_grading_that_breaks_a_rule_cannot_be_agreed_with_only_refused(gradings: Gradings) -> None:
    low = thing(kind=ObjectKind.CLOUD_PLATFORM, s=GENERAL, carries=(Neighbour("业务", 3, 3),))
    gradings.keep(OWNER, low)
    with pytest.raises(AppError, match="业务"):
        gradings.review(OTHER, "trace", agree=True, note="")
    assert gradings.review(OTHER, "trace", agree=False, note="平台低于业务").state is State.REFUSED


@pytest.mark.parametrize("wrong", [{"s": ()}, {"a": ()}, {"id": ""}, {"classified": True}])
def test_what_cannot_be_graded_is_not_kept(gradings: Gradings, wrong: dict[str, object]) -> None:
    with pytest.raises(AppError):
        gradings.keep(OWNER, thing(**wrong))
    assert gradings.latest("trace") is None
