"""The overview's view models: waterfalls that add up, states that say what is measured, the ingest strip."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.rooms.health import Condition, SourceState
from dashboards.rooms.posture import Loss, LossKind, Reading, Score, Standing
from dashboards.views.overview import (
    equation,
    fall,
    families,
    lacking,
    sentence,
    shown_losses,
    stale_since,
    verdict,
    worst,
)
from infra.exchange import Dimension, Level
from infra.text import Language, use_language

NOW = datetime(2026, 11, 18, tzinfo=UTC)
KINDS = st.sampled_from(LossKind)
LOSSES = st.lists(st.tuples(st.floats(min_value=0.1, max_value=9), KINDS), max_size=14)


def score_of(losses: list[tuple[float, LossKind]], spread: float = 2.0) -> Score:
    value = 100 - sum(points for points, _ in losses)
    made = tuple(Loss(f"loss {number}", points, kind) for number, (points, kind) in enumerate(losses))
    band = {"low": value - spread, "high": value + spread, "coverage": 0.9, "measured": 9, "indicators": 10}
    return Score(dimension=Dimension.DATA, score=value, losses=made, **band)  # type: ignore[arg-type]


@given(LOSSES)
def test_what_is_shown_adds_up_to_what_is_missing(losses: list[tuple[float, LossKind]]) -> None:
    score = score_of(losses)
    assert sum(loss.points for loss in shown_losses(score)) == pytest.approx(100 - (score.score or 0))


@given(LOSSES)
def test_bars_of_a_waterfall_join_end_to_end_down_to_the_score(losses: list[tuple[float, LossKind]]) -> None:
    drawn = fall(score_of(losses))
    edges = [100.0, *(step.left for step in drawn.steps)]
    assert all(step.right == pytest.approx(edge) for step, edge in zip(drawn.steps, edges, strict=False))
    assert edges[-1] == pytest.approx(drawn.mark, abs=0.01)
    assert all(0 <= step.left <= step.right <= 100 for step in drawn.steps)


def test_the_axis_begins_at_fifty_or_the_next_lower_ten() -> None:
    assert fall(score_of([(8.0, LossKind.INDICATOR)])).start == 50
    assert fall(score_of([(58.0, LossKind.INDICATOR)])).start == 40


def test_largest_first_five_named_the_rest_as_one() -> None:
    losses = [(float(points), LossKind.INDICATOR) for points in (1, 5, 3, 4, 2, 6, 1)]
    with use_language(Language.EN):
        shown = shown_losses(score_of(losses))
    assert [round(loss.points) for loss in shown] == [6, 5, 4, 3, 4]
    assert shown[-1].name == "3 more items"


def reading(value: float | None, outside: str | None = None, group: str = "security") -> Reading:
    return Reading(id="r", group=group, name="r", value=value, unit="", href="", outside=outside)


def test_a_state_without_readings_is_unknown_never_normal() -> None:
    assert verdict("business", [])[0] == "unknown"
    assert verdict("business", [reading(None)])[0] == "unknown"
    assert verdict("security", [reading(3)])[0] == "normal"
    assert verdict("security", [reading(3), reading(4, "medium"), reading(9, "critical")])[0] == "critical"
    assert worst([reading(1, "low"), reading(1, "high")]) == "high"


def test_the_sentence_says_first_what_is_not_measured() -> None:
    unmeasured = Score(
        dimension=Dimension.DATA, score=None, low=None, high=None, coverage=0.1, measured=1, indicators=10
    )
    measured = score_of([(8.0, LossKind.INDICATOR)])
    with use_language(Language.EN):
        standing = Standing(at=NOW, score=None, low=None, high=None, dimensions=(unmeasured, measured))
        assert sentence(standing, [], {}, 0)[0] == "1 of 2 dimensions are not measured yet."
        standing = Standing(at=NOW, score=92, low=90, high=94, dimensions=(measured,))
        bold, tail = sentence(standing, [reading(3, "high")], {Level.HIGH: 1}, 4)
    assert "security: 1 outside normal" in bold
    assert bold[0].isupper()
    assert "4 alerts have no owner" in tail


def source(name: str, family: str, **more: object) -> SourceState:
    return SourceState(id=name, name=name, family=family, **more)  # type: ignore[arg-type]


def condition(*sources: SourceState) -> Condition:
    return Condition(at=NOW, services=(), sources=sources, store=None, rules=None)


def test_families_add_what_is_known_and_leave_unknown_what_is_not() -> None:
    found = families(
        condition(
            source("a", "host", rate_s=2.0, lag_s=0.2, hours=(None,) * 23 + (5,)),
            source("b", "host", rate_s=1.5, lag_s=0.9, hours=(None,) * 22 + (1, 2), silent=True),
            source("c", "log", available=False),
        )
    )
    host = found[0]
    assert (host.id, host.sources, host.silent, host.rate_s, host.lag_s) == ("host", 2, 1, 3.5, 0.9)
    assert host.hours[-3:] == (None, 1, 7)
    assert len(found) == 7
    assert not next(family for family in found if family.id == "log").connected


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-3, 3))
def test_the_loss_equation_holds_exactly_or_not_at_all(stored: int, held: int, refused: int, slip: int) -> None:
    received = stored + held + refused + slip
    one = source("a", "host", received=received, stored=stored, quarantined=held, refused=refused)
    assert equation(condition(one)) == (slip == 0, received, stored, held, refused)


def test_what_the_numbers_lack_is_counted_among_what_could_report() -> None:
    found = condition(source("a", "host", silent=True), source("b", "host"), source("c", "log", available=False))
    assert lacking(found) == (1, 2)


def test_a_score_is_stale_after_five_minutes() -> None:
    assert not stale_since(NOW, NOW + timedelta(minutes=4))
    assert stale_since(NOW, NOW + timedelta(minutes=6))
