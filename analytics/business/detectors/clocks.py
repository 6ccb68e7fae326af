"""B29: reporters whose clock is wrong: events from the future, another zone, shifts by whole hours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding


def wrong_clock(desk: Desk) -> Iterator[Finding]:
    """B29: told for parties (bills) and feeds."""
    for (kind, name), bad in desk.wrong_clocks.items():
        span = (bad[0].time.timestamp() * 1000, bad[-1].time.timestamp() * 1000)
        lead = float(np.median([(e.time - e.recorded).total_seconds() for e in bad])) / 3600
        yield finding(
            "B29", kind, name, span, [event.id for event in bad], 0.95, "wrong_clock",
            "trace" if kind == "party" else "sharing", name=name, many=len(bad), hours=f"{lead:.1f}",
        )  # fmt: skip


DETECTORS = (wrong_clock,)
