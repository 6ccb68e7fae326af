"""B06: goods sent out that the receiver never reported in; by codes, and by quantity where a bill has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analytics.business.bill_lines import PAIRED, SENT, Ints
from analytics.business.calendar import DAY_MS
from analytics.business.desk import Desk
from analytics.business.finding import Finding


def never_received(desk: Desk) -> Iterator[Finding]:
    """B06: older than the lane ever took, days off added, and still not answered."""
    waits = _Waits(desk)
    rows = np.flatnonzero(desk.custody.unanswered & desk.reporting[desk.custody.target])
    by_code = np.unique(desk.custody.line[rows])
    counts = np.array([len(desk.book.lines.codes[line]) for line in by_code.tolist()], dtype=np.int64)
    overdue = [line for line, many in zip(by_code.tolist(), counts, strict=True) if many and waits.overdue(line)]
    overdue += [line for line in unanswered_quantities(desk) if waits.overdue(line)]
    yield from desk.documents("B06", np.array(overdue, dtype=np.int64), 0.9, "never_received")


class _Waits:
    """How long answers take, from the answers that came."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.limits = desk, desk.limits["receipt"]
        book, lines = desk.custody, desk.book.lines
        answered = np.flatnonzero((book.answer >= 0) & ~book.inbound)
        line, first = np.unique(book.line[answered], return_index=True)
        answers = book.line[book.answer[answered[first]]]
        delay = (lines.recorded[answers] - lines.time[line]).astype(np.float64)
        self.usual = float(np.quantile(delay, self.limits["lane_quantile"])) if len(delay) else 0.0
        self.lanes: defaultdict[tuple[int, int], float] = defaultdict(float)
        lanes = zip(lines.party[line].tolist(), lines.target[line].tolist(), delay.tolist(), strict=True)
        for source, target, spent in lanes:
            self.lanes[(source, target)] = max(self.lanes[(source, target)], spent)

    def overdue(self, line: int) -> bool:
        """Whether the answer to this outbound line should have come."""
        lines, calendar = self.desk.book.lines, self.desk.book.calendar
        sent = int(lines.time[line])
        lane = self.lanes.get((int(lines.party[line]), int(lines.target[line])), 0.0)
        wait = max(self.limits["least_days"] * DAY_MS, self.limits["factor"] * max(self.usual, lane))
        due = sent + wait + self.limits["slack_days"] * DAY_MS
        target = self.desk.book.masters.parties.last(lines.names[int(lines.target[line])])
        if target is None or target.closed:
            return False
        return self.desk.book.end > due + calendar.rest(sent, int(due))


def unanswered_quantities(desk: Desk) -> list[int]:
    """Outbound lines without codes whose quantity no inbound line of the receiver carries."""
    lines = desk.book.lines
    bare = np.array([not codes for codes in lines.codes], dtype=bool)
    outs = np.flatnonzero(bare & lines.is_kind(SENT) & desk.reporting[lines.target])
    ins = np.flatnonzero(bare & lines.is_kind(PAIRED) & (lines.source >= 0))
    waiting: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
    for line in ins.tolist():
        waiting[(int(lines.source[line]), int(lines.party[line]), int(lines.batch[line]))].append(line)
    missing = []
    for line in outs.tolist():
        offered = waiting[(int(lines.party[line]), int(lines.target[line]), int(lines.batch[line]))]
        if not _take(offered, lines.quantity, float(lines.quantity[line])):
            missing.append(line)
    return missing


def _take(offered: list[int], quantity: NDArray[np.float64], wanted: float) -> bool:
    """Take the inbound line of this quantity, or several that add up to it."""
    for place, line in enumerate(offered):
        if abs(quantity[line] - wanted) < 0.5:
            offered.pop(place)
            return True
    gathered, total = [], 0.0
    for line in offered:
        if total + quantity[line] <= wanted + 0.5:
            gathered.append(line)
            total += float(quantity[line])
    if abs(total - wanted) < 0.5:
        for line in gathered:
            offered.remove(line)
        return True
    return False


def lines_of(rows: Ints, desk: Desk) -> Ints:
    """Distinct lines of movements."""
    return np.unique(desk.custody.line[rows])


DETECTORS = (never_received,)
