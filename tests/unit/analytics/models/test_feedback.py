"""Answers of analysts make later findings count less where they were harmless."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from analytics.models.feedback import eased
from analytics.models.lessons import Lessons
from infra.events.signal import Signal, Why
from infra.exchange import Level

NOW = datetime(2026, 11, 18, tzinfo=UTC)


@given(
    st.floats(1e-300, 1.0), st.integers(0, 50), st.integers(0, 50)
)  # fmt: skip
def test_answers_ease_by_a_bounded_rule(p: float, true: int, harmless: int) -> None:
    now = eased(p, true, harmless)
    assert p <= now <= min(1.0, p * 10_000 * (1 + 1e-12))
    assert eased(p, true + 1, harmless) <= now <= eased(p, true, harmless + 1)
    assert eased(p, true, 2 * true) == p


def test_lessons_reach_the_same_finding_only_and_silence_no_great_one() -> None:
    lessons = Lessons({("analytics.lateral", "li", "host.name"): (0, 1)})

    def told(p: float, entity: str = "li") -> Signal:
        why = (Why("host.name", "db-1", ""), Why("p", f"{p:.2g}", ""))
        return Signal(
            id="s", time=NOW, rule_id="analytics.lateral", rule_name="", detector="analytics", level=Level.LOW,
            event_ids=(), entity_type="user", entity_value=entity, why=why,
        )  # fmt: skip

    assert lessons.heard([told(5e-5)]) == []
    assert lessons.heard([told(5e-5, "wang")]) == [told(5e-5, "wang")]
    assert [one.why[-1].value for one in lessons.heard([told(1e-9)])] == ["1e-08"]
