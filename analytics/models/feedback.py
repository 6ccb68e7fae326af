"""What analysts answered, and what follows: findings are judged less rare where they were harmless."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

STEP = 10.0
MOST_STEPS = 4
REMEMBERED = timedelta(days=90)
"""An answer counts so long; the world of the one who gave it may have changed since."""


class Label(StrEnum):
    """An analyst's answer."""

    TRUE = "true"
    FALSE = "false"
    KNOWN = "known"


def steps_eased(true: int, harmless: int) -> int:
    """How many factors of ten the answers of one finding are worth: one for each that calls it harmless, two back for
    each that calls it true, never below none, at most ``MOST_STEPS``."""
    return min(MOST_STEPS, max(0, harmless - 2 * true))


def eased(p: float, true: int, harmless: int) -> float:
    """The probability by which a finding is judged after such answers: ten times as likely for each step, never less
    likely than it is. What is rarer than ``TOLD_BELOW`` by more than all steps is told whatever was answered."""
    return min(1.0, p * STEP ** steps_eased(true, harmless))
