"""Roll-up by the standard's rule, and the order in which evidence can move it."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ops.controls.verdict import CREDIT, Verdict, decide, floor, roll_up

COUNTS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
VERDICTS = st.lists(st.sampled_from(Verdict), max_size=8)


def test_the_standards_rule() -> None:
    assert decide(3, 0, 0) is Verdict.COMPLIANT
    assert decide(0, 3, 0) is Verdict.NON_COMPLIANT
    assert decide(1, 2, 0) is Verdict.PARTIAL
    assert decide(0, 0, 0) is Verdict.NOT_APPLICABLE


@given(COUNTS)
def test_missing_evidence_is_never_compliant(counts: tuple[int, int, int]) -> None:
    holds, fails, missing = counts
    if missing:
        assert decide(holds, fails, missing) is not Verdict.COMPLIANT
        assert floor(holds, fails, missing) is not Verdict.COMPLIANT


@given(COUNTS)
def test_a_violation_never_raises_the_credit(counts: tuple[int, int, int]) -> None:
    """One more failure, or a missing or holding part turned into a failure."""
    holds, fails, missing = counts
    before = CREDIT.get(floor(holds, fails, missing))
    if before is None:
        return
    later = [(holds, fails + 1, missing)]
    later += [(holds - 1, fails + 1, missing)] if holds else []
    later += [(holds, fails + 1, missing - 1)] if missing else []
    for each in later:
        assert CREDIT[floor(*each)] <= before
        assert decide(*each) is not Verdict.COMPLIANT


@given(VERDICTS)
def test_assets_that_do_not_apply_never_count(verdicts: list[Verdict]) -> None:
    assert roll_up(Counter([*verdicts, Verdict.NOT_APPLICABLE])) is roll_up(Counter(verdicts))


def test_roll_up_over_assets() -> None:
    compliant, partial, non = Verdict.COMPLIANT, Verdict.PARTIAL, Verdict.NON_COMPLIANT
    assert roll_up({compliant: 4}) is compliant
    assert roll_up({compliant: 3, non: 1}) is partial
    assert roll_up({non: 2}) is non
    assert roll_up({partial: 1}) is partial
    assert roll_up({compliant: 9, Verdict.NOT_OBTAINED: 1}) is Verdict.NOT_OBTAINED
    assert roll_up({}) is Verdict.NOT_APPLICABLE
