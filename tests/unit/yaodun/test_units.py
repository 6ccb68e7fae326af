"""Every unit of the catalogue of posture has words in both languages."""

from __future__ import annotations

import pytest

from analytics.posture.catalogue import catalogue
from infra.text import Language, say

UNITS = sorted({expected.unit for _, expected in catalogue().values()} - {"share"})


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("language", list(Language))
def test_a_unit_is_said_in_words(unit: str, language: Language) -> None:
    assert "yaodun.unit" not in say(f"yaodun.unit.{unit.replace(' ', '_')}", language)
