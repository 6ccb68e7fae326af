"""B26: records of a feed drift away from the schema and from what they were."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
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
    past: defaultdict[str, Rows] = defaultdict(list)
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
                past[named] = (past[named] + recent[named].pop(0))[-3000:]
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


def _against_past(rows: Rows, past: Rows, limits: dict[str, float]) -> list[tuple[str, str]]:
    """Columns whose nulls, values, lengths or numbers are not what they were."""
    columns = sorted({name for row in past for name in row} | {name for row in rows for name in row})
    least = 1e-6 / max(1, len(columns))
    return [(what, column) for column in columns if (what := _column(rows, past, column, least, limits))]


def _column(rows: Rows, past: Rows, column: str, p: float, limits: dict[str, float]) -> str:
    now, then = ([row.get(column) for row in group] for group in (rows, past))
    empty_now, empty_then = (sum(value is None or value == "" for value in group) for group in (now, then))
    usual = (empty_then + 0.5) / (len(then) + 1)
    jump = empty_now / len(now) - usual
    if jump > limits["null_jump"] and float(binom.sf(empty_now - 1, len(now), usual)) < p:
        return "null"
    present_now, present_then = ([v for v in group if v is not None and v != ""] for group in (now, then))
    if len(present_now) < 10 or len(present_then) < 30:
        return ""
    numbers_now, numbers_then = _numbers(present_now), _numbers(present_then)
    if (numbers_now is None) != (numbers_then is None):
        return "type"
    if numbers_now is not None and numbers_then is not None:
        return _distribution(numbers_now, numbers_then, p, "numbers")
    texts_now, texts_then = [str(v) for v in present_now], [str(v) for v in present_then]
    if _dated(texts_then):
        return ""
    if len(set(texts_then)) <= min(30, len(texts_then) // 8):
        return _categories(texts_now, texts_then, p, limits)
    lengths = [np.array([float(len(text)) for text in group]) for group in (texts_now, texts_then)]
    return _distribution(lengths[0], lengths[1], p, "lengths")


def _dated(texts: list[str]) -> bool:
    """Dates and times run on; that they do is no drift."""
    return sum(bool(_DATE.match(text)) for text in texts) > 0.9 * len(texts)


def _numbers(values: list[Any]) -> np.ndarray | None:
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return np.array(values, dtype=float)
    return None


def _distribution(now: np.ndarray, then: np.ndarray, p: float, word: str) -> str:
    test = ks_2samp(now, then)
    return word if test.statistic > 0.25 and test.pvalue < p else ""


def _categories(now: list[str], then: list[str], p: float, limits: dict[str, float]) -> str:
    before, after = Counter(then), Counter(now)
    new = sum(many for value, many in after.items() if value not in before)
    if new > max(2, 0.05 * len(now)):
        return "value"
    share = {value: (before[value] + 0.5) / (len(then) + 0.5 * len(before)) for value in before}
    psi = sum(
        ((after[value] + 0.5) / (len(now) + 0.5 * len(before)) - was)
        * np.log((after[value] + 0.5) / (len(now) + 0.5 * len(before)) / was)
        for value, was in share.items()
    )
    chi = sum((after[value] - len(now) * was) ** 2 / (len(now) * was) for value, was in share.items())
    rare = float(chi2.sf(chi, max(1, len(share) - 1))) < p
    return "shares" if psi > limits["psi"] and rare else ""


DETECTORS = (drifting,)
