"""B26: records of a feed drift away from the schema and from what they were."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from analytics.business.calendar import DAY_MS, HOUR_MS
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from analytics.business.sample_columns import Floats, Past, Picture, SampleColumn
from analytics.business.tails import binomial_at_least, chi_square_above, smirnov_above
from infra.events.business import Column, NoticeType, Sample, Schema


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
    past: defaultdict[str, Past] = defaultdict(Past)
    recent: defaultdict[str, list[Picture]] = defaultdict(list)
    learned: Counter[str] = Counter()
    version = None
    limits = desk.limits["drift"]
    for block in _blocks(samples, int(limits["least_rows"])):
        named = block[0].schema_version
        if version is not None and named != version and not _announced(desk, dataset, block[0]):
            yield block, "version", named
        version = named
        now = Picture.of([row for sample in block for row in sample.rows])
        schema = _schema(desk, dataset, named)
        faults = list(_against_schema(now, schema)) if schema else []
        if learned[named] >= limits["learn_samples"]:
            faults += _against_past(now, past[named], limits) or _against_past(
                Picture.together([*recent[named], now]), past[named], limits
            )
        if faults:
            for what, column in faults:
                yield block, what, column
        else:
            recent[named].append(now)
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


def _against_schema(now: Picture, schema: Schema) -> Iterator[tuple[str, str]]:
    """More than a few records that the agreed schema forbids."""
    for agreed in schema.columns:
        column = now.column(agreed.name)
        missing = now.rows - column.count
        if agreed.required and missing > max(2, 0.1 * now.rows):
            yield "null", agreed.name
        if _wrong(column, agreed) > max(1, 0.05 * column.count):
            yield "value" if agreed.values else "type", agreed.name


def _wrong(column: SampleColumn, agreed: Column) -> int:
    """How many values are not what was agreed."""
    if column.numbers is not None and agreed.type in ("integer", "number"):
        return 0 if agreed.type == "number" else int((column.numbers != np.trunc(column.numbers)).sum())
    if column.plain:
        if agreed.type not in ("code", "integer", "number", "date"):
            return 0
        return sum(many for text, many in column.counted().items() if not _fits(text, agreed))
    return sum(not _fits(value, agreed) for value in column.present)


def _fits(value: Any, column: Column) -> bool:
    if column.type == "code":
        return not column.values or str(value) in column.values
    if column.type in ("integer", "number"):
        try:
            number = float(value)
            return column.type == "number" or number == int(number)
        except (TypeError, ValueError, OverflowError):
            return False
    if column.type == "date":
        text = str(value)
        return len(text) >= 8 and text[:4].isdigit()
    return isinstance(value, str)


def _against_past(now: Picture, past: Past, limits: dict[str, float]) -> list[tuple[str, str]]:
    """Columns whose nulls, values, lengths or numbers are not what they were."""
    then = past.picture()
    names = sorted(now.columns.keys() | then.columns.keys())
    least = 1e-6 / max(1, len(names))
    judged = ((_drifted(name, (now, then), past.dated, least, limits), name) for name in names)
    return [(what, name) for what, name in judged if what]


def _drifted(
    name: str, pictures: tuple[Picture, Picture], dated: Callable[[str], bool], p: float, limits: dict[str, float]
) -> str:
    now, then = (picture.column(name) for picture in pictures)
    rows, before = (picture.rows for picture in pictures)
    empty = rows - now.count
    usual = (before - then.count + 0.5) / (before + 1) if name in pictures[1].columns else 1.0
    if empty / rows - usual > limits["null_jump"] and binomial_at_least(empty, rows, usual) < p:
        return "null"
    if now.count < 10 or then.count < 30:
        return ""
    if (now.numbers is None) != (then.numbers is None):
        return "type"
    if now.numbers is not None and then.numbers is not None:
        return _distribution(now, then.numbers, p, "numbers")
    if dated(name):
        return ""
    if then.categorical():
        return _categories(now.counted(), then.counted(), p, limits)
    return _distribution(now, then.lengths, p, "lengths")


def _distribution(now: SampleColumn, then: Floats, p: float, word: str) -> str:
    """Kolmogorov and Smirnov: the greatest distance of two distributions; how rare it is is asked where it is wide.
    Between two values of ``now`` only the other one moves, so that it is greatest beside one of them."""
    values, up_to, below = now.steps()
    at, before = then.searchsorted(values, side="right"), then.searchsorted(values, side="left")
    distance = float(max(np.abs(at / len(then) - up_to).max(), np.abs(before / len(then) - below).max()))
    return word if distance > 0.25 and smirnov_above(distance, len(values), len(then)) < p else ""


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
    rare = chi_square_above(chi, max(1, len(share) - 1)) < p
    return "shares" if psi > limits["psi"] and rare else ""


DETECTORS = (drifting,)
