"""B26: records of a feed drift away from the schema and from what they were."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom, chi2, ks_2samp

from analytics.business.calendar import DAY_MS, HOUR_MS
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from infra.events.business import Column, NoticeType, Sample, Schema

Rows = list[dict[str, Any]]
_DATE = re.compile(r"\d{4}[-/年]?\d{1,2}[-/月]?\d{1,2}")


def drifting(desk: Desk) -> Iterator[Finding]:
    """B26: blocks of samples against the schema and against the blocks before."""
    by_feed: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in desk.book.of(Sample):
        by_feed[(sample.feed or sample.province or "?", sample.dataset)].append(sample)
    for (feed, dataset), samples in by_feed.items():
        told: list[tuple[Sample, str, str]] = []
        for block, fault, column in _faults(desk, dataset, samples):
            told += [(sample, fault, column) for sample in block]
        times = [sample.time.timestamp() * 1000 for sample, _, _ in told]
        for group in episodes(list(range(len(told))), times, 10 * DAY_MS):
            chosen = [told[i] for i in group]
            words = sorted({f"{column}: {fault}" for _, fault, column in chosen})
            yield finding(
                "B26", "feed", feed, (times[group[0]], times[group[-1]]), [s.id for s, _, _ in chosen], 0.9,
                "drift", "sharing", feed=feed, dataset=dataset, what="; ".join(words[:5]),
            )  # fmt: skip


def _faults(desk: Desk, dataset: str, samples: list[Sample]) -> Iterator[tuple[list[Sample], str, str]]:
    """(samples, what, column) of every block that drifted."""
    past: defaultdict[str, _Past] = defaultdict(_Past)
    recent: defaultdict[str, list[Rows]] = defaultdict(list)
    learned: Counter[str] = Counter()
    version = None
    limits = desk.limits["drift"]
    for block in _blocks(samples, int(limits["least_rows"])):
        named = block[0].schema_version
        if version is not None and named != version and not _announced(desk, dataset, block[0]):
            yield block, "version", named
        version = named
        rows = [row for sample in block for row in sample.rows]
        schema = _schema(desk, dataset, named)
        faults = list(_against_schema(rows, schema)) if schema else []
        if learned[named] >= limits["learn_samples"]:
            together = [row for group in recent[named] for row in group] + rows
            faults += _against_past(rows, past[named], limits) or _against_past(together, past[named], limits)
        if faults:
            for what, column in faults:
                yield block, what, column
        else:
            recent[named].append(rows)
            if len(recent[named]) > limits["recent_blocks"] or learned[named] < limits["learn_samples"]:
                past[named].add(recent[named].pop(0))
            learned[named] += 1


def _blocks(samples: list[Sample], least: int) -> Iterator[list[Sample]]:
    """Neighbouring samples of one version with at least so many rows together."""
    block: list[Sample] = []
    for sample in samples:
        if block and sample.schema_version != block[0].schema_version:
            yield block
            block = []
        block.append(sample)
        if sum(len(item.rows) for item in block) >= least:
            yield block
            block = []


def _announced(desk: Desk, dataset: str, sample: Sample) -> bool:
    """A switch is planned where the schema was agreed, or a notice says so."""
    moment = round(sample.time.timestamp() * 1000)
    agreed = any(
        schema.version == sample.schema_version and schema.time <= sample.time
        for schema in desk.book.masters.schemas.versions(dataset)
    )
    scopes = {"dataset": dataset, "feed": sample.feed or "", "province": sample.province or "", "system": "sharing"}
    told = desk.book.calendar.told((NoticeType.SCHEMA_SWITCH,), moment, moment, scopes, 72 * HOUR_MS)
    return agreed or told


def _schema(desk: Desk, dataset: str, version: str) -> Schema | None:
    versions = desk.book.masters.schemas.versions(dataset)
    return next((schema for schema in reversed(versions) if schema.version == version), None)


def _against_schema(rows: Rows, schema: Schema) -> Iterator[tuple[str, str]]:
    """More than a few records that the agreed schema forbids."""
    for column in schema.columns:
        values = [row.get(column.name) for row in rows]
        present = [value for value in values if value is not None and value != ""]
        missing = len(values) - len(present)
        if column.required and missing > max(2, 0.1 * len(values)):
            yield "null", column.name
        wrong = sum(not _fits(value, column) for value in present)
        if wrong > max(1, 0.05 * len(present)):
            yield "value" if column.values else "type", column.name


def _fits(value: Any, column: Column) -> bool:
    if column.type == "code":
        return not column.values or str(value) in column.values
    if column.type in ("integer", "number"):
        try:
            number = float(value)
        except (TypeError, ValueError):
            return False
        return column.type == "number" or number == int(number)
    if column.type == "date":
        text = str(value)
        return len(text) >= 8 and text[:4].isdigit()
    return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of some rows: how many, how many empty; ``numbers`` or ``texts`` of the others; ``lengths`` of texts.
    Numbers and lengths are sorted; whether they are dates is asked of the past alone."""

    count: int
    empty: int
    present: int
    numbers: np.ndarray | None
    texts: Counter[str]
    lengths: np.ndarray
    dated: bool

    @classmethod
    def of(cls, values: list[Any], past: bool = False) -> _Column:
        present = [value for value in values if value is not None and value != ""]
        numbers = _numbers(present)
        texts = [str(value) for value in present] if numbers is None else []
        lengths = np.sort(np.fromiter(map(len, texts), dtype=float, count=len(texts)))
        sizes = (len(values), len(values) - len(present), len(present))
        return cls(*sizes, numbers, Counter(texts), lengths, past and _dated(texts))


class _Past:
    """What a feed delivered so far: at most ``MOST`` rows, newest last. The picture of its columns is drawn again once
    a tenth of it is new, not with every block."""

    MOST = 3000

    def __init__(self) -> None:
        self._rows: Rows = []
        self._new = 0
        self._columns: dict[str, _Column] = {}

    def add(self, rows: Rows) -> None:
        """Rows that were as they should be."""
        self._rows = (self._rows + rows)[-self.MOST :]
        self._new += len(rows)

    def columns(self) -> dict[str, _Column]:
        """Every column by name."""
        if not self._columns or self._new * 10 >= len(self._rows):
            self._columns, self._new = _columns(self._rows, past=True), 0
        return self._columns


def _columns(rows: Rows, past: bool = False) -> dict[str, _Column]:
    names = {name for row in rows for name in row}
    return {name: _Column.of([row.get(name) for row in rows], past) for name in names}


def _against_past(rows: Rows, past: _Past, limits: dict[str, float]) -> list[tuple[str, str]]:
    """Columns whose nulls, values, lengths or numbers are not what they were."""
    now, then = _columns(rows), past.columns()
    columns = sorted(now.keys() | then.keys())
    least = 1e-6 / max(1, len(columns))
    none = _Column.of([])
    found = []
    for name in columns:
        what = _drifted(now.get(name, none), then.get(name, none), len(rows), least, limits)
        if what:
            found.append((what, name))
    return found


def _drifted(now: _Column, then: _Column, rows: int, p: float, limits: dict[str, float]) -> str:
    empty = rows - now.present
    usual = (then.empty + 0.5) / (then.count + 1) if then.count else 1.0
    if empty / rows - usual > limits["null_jump"] and float(binom.sf(empty - 1, rows, usual)) < p:
        return "null"
    if now.present < 10 or then.present < 30:
        return ""
    if (now.numbers is None) != (then.numbers is None):
        return "type"
    if now.numbers is not None and then.numbers is not None:
        return _distribution(now.numbers, then.numbers, p, "numbers")
    if then.dated:
        return ""
    if len(then.texts) <= min(30, then.present // 8):
        return _categories(now.texts, then.texts, p, limits)
    return _distribution(now.lengths, then.lengths, p, "lengths")


def _dated(texts: list[str]) -> bool:
    """Dates and times run on; that they do is no drift. A few hundred of the texts tell."""
    some = texts[:: max(1, len(texts) // 300)]
    return sum(bool(_DATE.match(text)) for text in some) > 0.9 * len(some)


def _numbers(values: list[Any]) -> np.ndarray | None:
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return np.sort(np.array(values, dtype=float))
    return None


def _distribution(now: np.ndarray, then: np.ndarray, p: float, word: str) -> str:
    """Kolmogorov and Smirnov: the greatest distance of two distributions; how rare it is is asked where it is wide."""
    both = np.concatenate([now, then])
    share_now = np.searchsorted(now, both, side="right") / len(now)
    share_then = np.searchsorted(then, both, side="right") / len(then)
    if float(np.abs(share_now - share_then).max()) <= 0.25:
        return ""
    return word if ks_2samp(now, then).pvalue < p else ""


def _categories(after: Counter[str], before: Counter[str], p: float, limits: dict[str, float]) -> str:
    now, then = after.total(), before.total()
    new = sum(many for value, many in after.items() if value not in before)
    if new > max(2, 0.05 * now):
        return "value"
    share = {value: (before[value] + 0.5) / (then + 0.5 * len(before)) for value in before}
    psi = sum(
        ((after[value] + 0.5) / (now + 0.5 * len(before)) - was)
        * np.log((after[value] + 0.5) / (now + 0.5 * len(before)) / was)
        for value, was in share.items()
    )
    chi = sum((after[value] - now * was) ** 2 / (now * was) for value, was in share.items())
    rare = float(chi2.sf(chi, max(1, len(share) - 1))) < p
    return "shares" if psi > limits["psi"] and rare else ""


DETECTORS = (drifting,)
