from __future__ import annotations

import pytest

from infra.text.catalogue import LANGUAGES, catalogue
from trust.validation.codes import Code
from trust.validation.verdict import Outcome, Reason, outcome_of


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_has_words_in_every_language(code: Code) -> None:
    for language in LANGUAGES:
        assert f"trust.validation.reason.{code}" in catalogue(language)
        words = Reason(code, "CN=x", "y").text(language)
        assert words
        assert "{" not in words


def test_advice_does_not_count_and_undecided_is_not_wrong() -> None:
    assert outcome_of([Reason(Code.SAN_MISSING, advice=True)]) is Outcome.VALID
    assert outcome_of([Reason(Code.REVOCATION_UNKNOWN)]) is Outcome.INDETERMINATE
    assert outcome_of([Reason(Code.REVOCATION_UNKNOWN), Reason(Code.EXPIRED)]) is Outcome.INVALID
