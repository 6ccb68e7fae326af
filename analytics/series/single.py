"""One series with its own times: every line is a step, and a long gap between two lines is a silence."""

from __future__ import annotations

from datetime import datetime
from statistics import median
from typing import Any

import numpy as np

from analytics.series.reason import reason
from analytics.series.watch import Watch
from infra.text import say

_GAPS_KEPT = 50
_SILENT_AFTER = 5.0
"""A gap this many times the usual one is told."""


class Single:
    """Feeds a watch of one series."""

    def __init__(self, threshold: float) -> None:
        self.watch = Watch(1, threshold)
        self.alerts = 0
        self.last: datetime | None = None
        self.gaps: list[float] = []

    def step(self, moment: datetime, value: float) -> dict[str, Any]:
        """The answer for one value: ``value``, ``score``, ``alert``, ``reason``; NaN and infinity are missing."""
        gap = self._gap(moment)
        step = self.watch.step(np.array([value]), np.array([moment.hour]))
        missing, alert = not np.isfinite(value), bool(step.alert[0])
        self.alerts += alert
        words = say("analytics.series.missing") if missing else reason(step, 0, value, moment.hour) if alert else ""
        return {
            "value": None if missing else value,
            "score": None if missing else round(float(step.score[0]), 4),
            "alert": alert,
            "reason": "; ".join(part for part in (gap, words) if part),
        }

    def _gap(self, moment: datetime) -> str:
        """A sentence where nothing came for far longer than usual; a clock that went back counts as no gap."""
        seconds = (moment - self.last).total_seconds() if self.last else 0.0
        self.last = moment
        if seconds <= 0.0:
            return ""
        usual = median(self.gaps) if len(self.gaps) >= 5 else 0.0
        self.gaps = [*self.gaps[-_GAPS_KEPT:], seconds]
        if usual and seconds > _SILENT_AFTER * usual:
            return say("analytics.series.silent", seconds=round(seconds), usual=round(usual))
        return ""
