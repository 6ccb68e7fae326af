"""What to tell a reader about an alert: which habit was left, and what would have been usual."""

from __future__ import annotations

import numpy as np

from analytics.series.watch import KINDS, Step
from infra.text import say


def reason(step: Step, series: int, value: float, hour: int) -> str:
    """One sentence in the reader's language."""
    kind = KINDS[int(step.kind[series])]
    usual, spread = float(step.usual[series]), float(step.spread[series])
    if kind == "season" and np.isfinite(usual):
        return say("analytics.series.season", value=short(value), usual=short(usual), spread=short(spread), hour=hour)
    return say(f"analytics.series.{kind}" if kind != "season" else "analytics.series.level", value=short(value))


def short(number: float) -> str:
    """Four significant digits."""
    return f"{number:.4g}"
