"""The engine and the plain judge agree on real events: with memo and without, raw and through the parser."""

from __future__ import annotations

import io
import random

import orjson
import pytest

from analytics.rules.lens import WindowsLens
from analytics.rules.load import load_rules
from analytics.rules.matcher import Matcher
from analytics.rules.rule import RuleSet
from tests.unit.analytics.rules.oracle import Judge, parse_rules
from tests.unit.analytics.rules.sigmahq import FULL, SIGMA, needs_events, needs_sigma, windows_lines
from yaodun.eventfiles import EventFile, EventReader, FileKind

pytestmark = [needs_sigma, needs_events]
EVENTS, EVERY = (130_000, 3) if FULL else (250, 200)


@pytest.fixture(scope="module")
def ruleset() -> RuleSet:
    return load_rules([SIGMA / "rules" / "windows"])


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return list(windows_lines(EVENTS, every=EVERY))


def verdicts(ruleset: RuleSet, found: list[tuple[int, ...]]) -> list[set[str]]:
    """Rule ids per event."""
    return [{ruleset.rules[ruleset.variants[index].rule].id for index in one} for one in found]


def test_no_difference_from_the_oracle(ruleset: RuleSet, lines: list[bytes]) -> None:
    judge = Judge(parse_rules(SIGMA / "rules" / "windows"))
    matcher = Matcher(ruleset, WindowsLens())
    differences = []
    for line in lines:
        record = orjson.loads(line)
        (mine,) = verdicts(ruleset, [tuple(matcher.match(record, line))])
        named = {**record, "Provider_Name": record["SourceName"]} if "SourceName" in record else record
        if mine - judge.silent != judge.verdicts(named):
            differences.append((mine - judge.silent) ^ judge.verdicts(named))
    assert differences == []
    assert len(lines) == EVENTS or FULL


def test_memo_order_and_batches_change_nothing(ruleset: RuleSet, lines: list[bytes]) -> None:
    sample = lines[:3_000]
    records = [orjson.loads(line) for line in sample]
    matcher = Matcher(ruleset, WindowsLens())
    plainly = Matcher(ruleset, WindowsLens(), memo=False)
    first = [matcher.match(record, line) for record, line in zip(records, sample, strict=True)]
    assert [sorted(plainly.match(record)) for record in records] == [sorted(found) for found in first]
    assert [matcher.match(record) for record in records] == first
    order = list(range(len(sample)))
    random.Random(7).shuffle(order)
    another = Matcher(ruleset, WindowsLens())
    shuffled = {place: another.match(records[place]) for place in order}
    assert [shuffled[place] for place in range(len(sample))] == first
    batched = Matcher(ruleset, WindowsLens())
    hits = {
        start + place: found
        for start in range(0, len(sample), 64)
        for place, _, found in batched.match_lines(sample[start : start + 64])
    }
    assert hits == {place: found for place, found in enumerate(first) if found}


def test_case_changes_nothing_but_for_cased_and_regex(ruleset: RuleSet, lines: list[bytes]) -> None:
    exact = {"cased", "re"}
    plain = {
        index
        for index, variant in enumerate(ruleset.variants)
        if not any(ruleset.atoms[number].op in exact or ruleset.atoms[number].cased for number in variant.atoms)
    }
    matcher = Matcher(ruleset, WindowsLens())
    for line in lines:
        record = orjson.loads(line)
        loud = {
            name: value.upper() if isinstance(value, str) and value.isascii() else value
            for name, value in record.items()
        }
        assert set(matcher.match(record)) & plain == set(matcher.match(loud)) & plain


def test_raw_records_and_parsed_events_meet_the_same_rules(ruleset: RuleSet, lines: list[bytes]) -> None:
    raw, parsed = Matcher(ruleset, WindowsLens()), Matcher(ruleset)
    reader = EventReader()
    sample = lines[:20_000]
    body = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in sample)
    events = reader.read(body, 1, EventFile("sample", FileKind.NDJSON, io.BytesIO()))
    assert events.refused == 0
    mine = verdicts(ruleset, [tuple(raw.match(orjson.loads(line), line)) for line in sample])
    theirs = verdicts(ruleset, [tuple(parsed.match(event)) for event in events.events])
    assert [(number, a ^ b) for number, a, b in zip(events.numbers, mine, theirs, strict=True) if a != b] == []
