"""Three templates against scores worked out by hand, silent corners, intervals and monotonicity."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError
from ops.controls.verdict import CREDIT, Verdict
from ops.evaluation.scoring import Risks, Score, Scored, Weight, score, scored_items
from ops.rulepacks import Pack, shipped_packs
from tests.unit.ops.controls.sites import all_facts, board, profile

C, P, N, A, M = Verdict
PACKS = {version: shipped_packs().version("scoring", version) for version in ("2019", "2021", "2025")}


def item(verdict: Verdict, point: str = "p", *, technical: bool = True, weight: Weight = Weight.GENERAL) -> Scored:
    floor = N if verdict is M else verdict
    return Scored(unit="u", point=point, technical=technical, verdict=verdict, floor=floor, weight=weight)


def items(*verdicts: Verdict) -> list[Scored]:
    return [item(verdict) for verdict in verdicts]


def made(version: str, listed: list[Scored], risks: Risks | None = None, **settings: Any) -> Score:
    pack: Pack = PACKS[version]
    return score(listed, risks or Risks(), msgspec.structs.replace(pack, content=pack.content | settings))


def test_2025_counts_full_conformance_over_what_applies() -> None:
    listed = items(*[C] * 8, P, N, A, A)
    assert made("2025", listed).low == 80
    assert made("2025", listed, partial_credit=0.5).low == 85


@pytest.mark.parametrize(
    ("met", "risks", "conclusion"),
    [
        (95, Risks(), "compliant"),
        (95, Risks(major=1), "basically_compliant"),
        (90, Risks(), "basically_compliant"),
        (75, Risks(major=9), "basically_compliant"),
        (60, Risks(), "basically_compliant"),
        (59, Risks(), "non_compliant"),
    ],
)
def test_2025_conclusions_and_silent_corners(met: int, risks: Risks, conclusion: str) -> None:
    assert made("2025", items(*[C] * met, *[N] * (100 - met)), risks).conclusion_low == conclusion


def test_2025_corners_are_settings_with_their_assumption_shown() -> None:
    ninety = items(*[C] * 9, N)
    assert made("2025", ninety, exactly_upper="compliant").conclusion_low == "compliant"
    assert made("2025", items(C), Risks(major=1), high_rate_with_major_risk="compliant").conclusion_low == "compliant"
    assert {"exactly_upper", "partial_credit"} <= set(made("2025", ninety).assumptions)


def test_risks_are_printed_before_rectification() -> None:
    assert Risks(major=10, major_mended=5).printed == "10（5个已整改）"


def test_2021_takes_weight_times_share_off_each_half() -> None:
    """10 items: a failed key one (3 x 10 = 30 off the technical 50), half a general management one (5 off 50)."""
    listed = [item(N, weight=Weight.KEY), *items(C, C, C, C), item(P, technical=False), *[item(C, technical=False)] * 4]
    assert made("2021", listed).low == 65
    assert made("2021", [*listed, item(A)]).low == 65


def test_2021_a_half_never_goes_below_zero() -> None:
    assert made("2021", [item(N, weight=Weight.KEY)] * 5 + [item(C, technical=False)] * 5).low == 50


@pytest.mark.parametrize(
    ("risks", "conclusion"), [(Risks(), "excellent"), (Risks(medium=1), "good"), (Risks(high=1), "poor")]
)
def test_2021_grades(risks: Risks, conclusion: str) -> None:
    assert made("2021", items(*[C] * 20), risks).conclusion_low == conclusion


def test_2019_averages_the_loss_of_control_points() -> None:
    """Point a: 1 of 2 failed (loss 1/2); point b: 1 of 4 partial (loss 1/8); average 5/16."""
    listed = [item(N, "a"), item(C, "a"), item(P, "b"), *[item(C, "b")] * 3]
    assert made("2019", listed).low == 68.75
    assert made("2019", items(C, C)).conclusion_low == "compliant"
    assert made("2019", [*[item(C, str(n)) for n in range(9)], item(N, "z")]).conclusion_low == "basically_compliant"
    assert (
        made("2019", [*[item(C, str(n)) for n in range(9)], item(N, "z")], Risks(high=1)).conclusion_low
        == "non_compliant"
    )


def test_missing_evidence_makes_an_interval() -> None:
    answer = made("2025", items(C, C, C, M))
    assert (answer.low, answer.high, answer.missing) == (75, 100, 1)
    assert (answer.conclusion_low, answer.conclusion_high) == ("basically_compliant", "compliant")


def test_nothing_applicable_is_an_error() -> None:
    with pytest.raises(AppError):
        made("2025", items(A, A))


LISTS = st.lists(
    st.builds(item, st.sampled_from([C, P, N, A, M]), st.sampled_from("ab"), weight=st.sampled_from(Weight)),
    min_size=1,
    max_size=12,
)


@given(LISTS, st.sampled_from(sorted(PACKS)), st.data())
def test_a_worse_item_never_raises_a_score_and_not_applicable_never_counts(
    listed: list[Scored], version: str, data: st.DataObject
) -> None:
    if all(each.verdict is A for each in listed):
        return
    before = made(version, listed)
    assert 0 <= before.low <= before.high <= 100
    assert made(version, [*listed, item(A, "z")]) == before
    place = data.draw(st.sampled_from([n for n, each in enumerate(listed) if each.verdict is not A]))
    worse = [v for v in (C, P, N) if CREDIT[v] <= CREDIT[listed[place].floor]]
    verdict = data.draw(st.sampled_from(worse))
    later = [
        *listed[:place],
        msgspec.structs.replace(listed[place], verdict=verdict, floor=verdict),
        *listed[place + 1 :],
    ]
    assert made(version, later).low <= before.low


def test_a_board_is_scored() -> None:
    answer = score(scored_items(board(all_facts(profile()))), Risks(), PACKS["2025"])
    assert answer.applicable == 211
    assert answer.low == round(100 * 60 / 211, 2)
    assert answer.missing == 211 - 60
