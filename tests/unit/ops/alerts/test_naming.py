"""Names of rules for a reader."""

from __future__ import annotations

import pytest

from infra.text import Language, use_language
from ops.alerts.naming import rule_words

GUESSED = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a04"


@pytest.mark.parametrize(
    ("rule", "written"), [(GUESSED, "SSH login right after password guessing"), ("business.B16", "Surge")]
)
def test_shipped_rules_have_a_name_in_each_language(rule: str, written: str) -> None:
    with use_language(Language.ZH):
        said = rule_words(rule, written)
    with use_language(Language.EN):
        assert said not in (rule_words(rule, written), written)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said)


def test_a_rule_of_others_keeps_the_title_of_its_author() -> None:
    with use_language(Language.ZH):
        assert rule_words("00000000-0000-4000-8000-000000000000", "Rare Child Process") == "Rare Child Process"
