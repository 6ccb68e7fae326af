"""High-risk cases: data complete, cases fire from facts, mitigations and conditions hold them back."""

from __future__ import annotations

from collections import Counter

import pytest

from ops.controls.catalogue import Extension
from ops.controls.highrisk import guide_cases, risks
from ops.controls.rules import Case, shipped_rules
from tests.unit.ops.controls.sites import EXTENSIONS, all_facts, board, breaking, on, profile, satisfying, seen

CASES = {case.id: case for case in shipped_rules().cases}


def fired(facts: list, **fields: object) -> set[str]:  # type: ignore[type-arg]
    return {risk.case.id for risk in risks(board(facts, **fields), shipped_rules())}


def test_the_guide_has_its_81_cases() -> None:
    counts = Counter(case.scope for case in guide_cases().values())
    assert counts == {"general": 42, "cloud": 16, "mobile": 10, "iot": 4, "ics": 9}
    assert all(case.mitigation for case in guide_cases().values() if case.mitigable)


def test_at_least_twenty_cases_have_a_trigger_and_each_is_a_case_of_the_guide() -> None:
    assert len(CASES) >= 20
    assert set(CASES) <= set(guide_cases())


def test_nothing_fires_on_good_facts_or_without_facts() -> None:
    every = {"s": 4, "a": 4, "extensions": EXTENSIONS}
    assert fired(all_facts(profile(**every)), **every) == set()
    assert fired([], **every) == set()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_trigger_fires_its_case(case: Case) -> None:
    every = {"s": 4, "a": 4, "extensions": EXTENSIONS}
    one = profile(**every)
    for need in case.needs:
        facts = [*all_facts(one), seen(on(case.on, one)[0], need.fact, breaking(need), minutes=1)]
        assert case.id in fired(facts, **every)


def test_mitigation_counts_only_where_the_guide_allows_it_and_it_is_seen() -> None:
    case = CASES["6.4.1.2"]
    bad = seen("", "flows.clear_text_logins", ["10.0.0.1"], minutes=1)
    alone = {r.case.id: r.mitigated for r in risks(board([bad]), shipped_rules())}
    assert alone[case.id] is False
    helped = [bad, *(seen("", need.fact, satisfying(need)) for need in case.mitigated_by)]
    assert {r.case.id: r.mitigated for r in risks(board(helped), shipped_rules())}[case.id] is True


def test_short_retention_cannot_be_mitigated_and_starts_at_level_three() -> None:
    bad = seen("", "logs.continuous_days_least", 100)
    assert guide_cases()["6.5.1.2"].mitigable is False
    assert "6.5.1.2" in fired([bad])
    assert "6.5.1.2" not in fired([bad], s=2, a=2)


def test_cloud_cases_need_the_extension_and_conditions_are_kept() -> None:
    tenant = seen("", "cloud.tenants_higher", ["x"])
    assert "7.2.1.1" not in fired([tenant])
    assert "7.2.1.1" in fired([tenant], extensions=(Extension.CLOUD,))
    weak = seen("room1", "room.ups_runtime_minutes", 1)
    assert "6.1.3.1" in fired([weak])
    assert "6.1.3.1" not in fired([weak], high_continuity=False)
