"""The desk a detector works at: the book, custody of codes, thresholds, and how findings about bills are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from analytics.business.bill_lines import Ints
from analytics.business.book import Book
from analytics.business.calendar import DAY_MS, HOUR_MS
from analytics.business.clocks import Reporter, impossible_times
from analytics.business.custody import Custody, Flags, custody
from analytics.business.finding import Finding, finding
from analytics.business.thresholds import Thresholds, thresholds

_ENOUGH_UPLOADS = 20


class Desk:
    """What every detector sees."""

    def __init__(self, book: Book, limits: Thresholds | None = None) -> None:
        self.book = book
        self.limits = limits or thresholds()

    @cached_property
    def custody(self) -> Custody:
        """Movements with what does not fit."""
        return custody(self.book)

    @cached_property
    def grace(self) -> float:
        """How long (ms) uploads may be late here: what most parties show, within bounds. One party that delivers weeks
        at once does not make the others wait."""
        limits = self.limits["custody"]
        shown = self._late_uploads()
        usual = float(np.quantile(shown, 0.75)) if shown else 0.0
        bounded = max(limits["grace_hours"] * HOUR_MS, limits["late_factor"] * usual)
        return min(bounded, limits["latest_days"] * DAY_MS)

    def _late_uploads(self) -> list[float]:
        """The delay that one of two hundred uploads exceeds, of each party with enough of them; else of all."""
        lines = self.book.lines
        past = np.flatnonzero(lines.recorded >= lines.time)
        order = past[np.argsort(lines.party[past], kind="stable")]
        lags = (lines.recorded - lines.time)[order]
        cuts = np.flatnonzero(np.diff(lines.party[order])) + 1
        groups = [group for group in np.split(lags, cuts) if len(group) >= _ENOUGH_UPLOADS] or [lags]
        return [float(np.quantile(group, 0.995)) for group in groups if len(group)]

    @cached_property
    def settled(self) -> Flags:
        """Which lines are old enough that what explains them would have been uploaded."""
        return self.book.end - self.book.lines.recorded > self.grace

    @cached_property
    def reporting(self) -> Flags:
        """Which parties (by number; the last entry is nobody) report to this platform and are in business."""
        masters = self.book.masters
        return np.array([*(masters.reports(name) for name in self.book.lines.names), False], dtype=bool)

    @cached_property
    def wrong_clocks(self) -> dict[Reporter, list[Any]]:
        """Events whose stated time cannot be, by reporter."""
        return impossible_times(self.book, self.limits["clock"])

    @cached_property
    def before_book(self) -> Flags:
        """Which batches may have begun their life before the book did: nothing can be said of their birth."""
        from analytics.business.calendar import day_number, local_day

        first = local_day(self.book.begin)
        known = []
        for product, batch in self.book.lines.batch_names:
            found = self.book.masters.batches.last((product, batch))
            known.append(found is not None and day_number(found.produced) < first)
        return np.array(known, dtype=bool)

    @cached_property
    def heads_by_party(self) -> list[tuple[str, Ints]]:
        """(party, its lines by time) of everybody who uploads; one line a bill."""
        lines = self.book.lines
        firsts: dict[str, int] = {}
        for line in range(lines.n):
            firsts.setdefault(lines.document(line), line)
        heads = np.array(list(firsts.values()), dtype=np.int64)
        order = np.argsort(lines.party[heads], kind="stable")
        parties, starts = np.unique(lines.party[heads][order], return_index=True)
        parts = np.split(heads[order], starts[1:]) if len(parties) else []
        return [(lines.names[party], members) for party, members in zip(parties.tolist(), parts, strict=True)]

    def documents(
        self,
        detector: str,
        lines: Ints,
        confidence: float,
        reason: str,
        extra: Mapping[int, Iterable[str]] | None = None,
        **detail: Any,
    ) -> Iterator[Finding]:
        """One finding for each bill that ``lines`` belong to; ``extra`` adds evidence ids by line."""
        book = self.book.lines
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for line in np.unique(lines).tolist():
            groups[book.document(line)].append(line)
        for document, members in groups.items():
            ids = [event for line in members for event in book.ids[line]]
            if extra:
                ids += [event for line in members for event in extra.get(line, ())]
            span = (float(book.time[members].min()), float(book.time[members].max()))
            counted = {"lines": len(members), "bill": document, **detail}
            yield finding(detector, "bill", document, span, ids, confidence, reason, **counted)

    def others(self, rows: Ints, other_rows: Ints) -> dict[int, list[str]]:
        """Ids of the other rows' lines by the line of each row, a few each."""
        lines, custody_line = self.book.lines, self.custody.line
        found: defaultdict[int, list[str]] = defaultdict(list)
        if not len(rows):
            return found
        for line, other in np.unique(np.stack([custody_line[rows], custody_line[other_rows]], axis=1), axis=0).tolist():
            if len(found[line]) < 20:
                found[line] += lines.ids[other]
        return found
