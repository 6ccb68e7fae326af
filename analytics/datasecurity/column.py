"""What a column holds: a verdict for every kind that its values prove.

For a kind with a check digit the verdict is a test: among values of that shape, far more pass than accident lets pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

from analytics.datasecurity.hints import hinted
from analytics.datasecurity.kinds import ADDRESS, PATTERNS, SENSITIVITY, Kind, Sensitivity, shapes
from analytics.datasecurity.mask import mask
from analytics.datasecurity.names import could_be_name

SAMPLE = 2000
"""Values looked at in a column, spread evenly over it."""
_LONGEST = 4000
_SHARE_PROVEN = 0.5
_SHARE_SHAPE_ONLY = {Kind.PHONE: 0.8, Kind.TRACE_CODE: 0.8}
_ACCIDENT = {Kind.IDENTITY: 0.1, Kind.CREDIT_CODE: 0.1, Kind.LICENCE: 0.1}


class ColumnVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A column holds ``kind``: in ``share`` of its values, ``proven`` of ``shaped`` passed; ``sample`` is masked."""

    column: str
    kind: Kind
    sensitivity: Sensitivity
    confidence: float
    share: float
    shaped: int
    proven: int
    values: int
    sample: str


@dataclass(slots=True)
class _Tally:
    """What was seen in a column."""

    values: int = 0
    shaped: Counter[Kind] = field(default_factory=Counter)
    proven: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, str] = field(default_factory=dict)
    numbers: dict[Kind, list[int]] = field(default_factory=dict)

    def take(self, text: str) -> None:
        """Count every kind at most once a value."""
        self.values += 1
        seen: set[Kind] = set()
        taken: list[tuple[int, int]] = []
        for pattern, start, end, proven in shapes(text):
            kind = pattern.kind
            if any(start < other_end and other_start < end for other_start, other_end in taken) or kind in seen:
                continue
            seen.add(kind)
            self.shaped[kind] += 1
            if proven:
                taken.append((start, end))
                self._keep(kind, text[start:end])
        if match := ADDRESS.search(text):
            self.shaped[Kind.ADDRESS] += 1
            self._keep(Kind.ADDRESS, match[0])
        if could_be_name(text):
            self.shaped[Kind.NAME] += 1
            self._keep(Kind.NAME, text)

    def _keep(self, kind: Kind, text: str) -> None:
        self.proven[kind] += 1
        self.examples.setdefault(kind, text)
        if text.isdigit():
            self.numbers.setdefault(kind, []).append(int(text))


def judge_table(columns: Mapping[str, Sequence[Any]]) -> list[ColumnVerdict]:
    """Verdicts of every column, in the order of the columns."""
    return [verdict for name, values in columns.items() for verdict in judge_column(name, values)]


def judge_column(name: str, values: Sequence[Any]) -> list[ColumnVerdict]:
    """What the column holds, surest first; empty where nothing is proven. Values are looked at as text."""
    tally = _Tally()
    for text in _sample(values):
        tally.take(text)
    found = [_verdict(name, kind, tally) for kind in Kind if tally.proven[kind] and _holds(name, kind, tally)]
    return sorted(found, key=lambda verdict: -verdict.confidence)


def _sample(values: Sequence[Any]) -> Iterable[str]:
    step = max(1, len(values) // SAMPLE)
    for value in values[::step]:
        text = "" if value is None else str(value).strip()[:_LONGEST]
        if text:
            yield text


def _holds(name: str, kind: Kind, tally: _Tally) -> bool:
    proven, shaped = tally.proven[kind], tally.shaped[kind]
    if kind is Kind.EMAIL:
        return True
    if kind is Kind.NAME:
        return _holds_names(name, tally)
    if kind is Kind.ADDRESS:
        return (proven >= 2 and proven / tally.values >= 0.05) or proven == tally.values
    chance = next(pattern.chance for pattern in PATTERNS if pattern.kind is kind) or 0.0
    rare = _accident(proven, shaped, chance) < (0.2 if hinted(name, kind) else _ACCIDENT.get(kind, 0.01))
    enough = proven / shaped >= _SHARE_SHAPE_ONLY.get(kind, _SHARE_PROVEN)
    return rare and enough and not _counter(kind, tally)


def _accident(proven: int, shaped: int, chance: float) -> float:
    """How likely so many pass by accident: the upper tail of a binomial."""
    from scipy.special import bdtrc

    return float(bdtrc(proven - 1, shaped, chance)) if proven > 0 else 1.0


def _holds_names(name: str, tally: _Tally) -> bool:
    share = tally.proven[Kind.NAME] / tally.values
    if hinted(name, Kind.NAME):
        return share >= 0.6
    return share >= 0.9 and tally.values >= 5


def _counter(kind: Kind, tally: _Tally) -> bool:
    """Numbers that run on in small steps are counted, not dialled."""
    numbers = tally.numbers.get(kind, [])
    if kind not in _SHARE_SHAPE_ONLY or len(numbers) < 5:
        return False
    largest = 9 if kind is Kind.TRACE_CODE else 2000
    steps = sum(0 < after - before <= largest for before, after in pairwise(numbers))
    return steps > 0.6 * (len(numbers) - 1)


def _verdict(name: str, kind: Kind, tally: _Tally) -> ColumnVerdict:
    proven, shaped = tally.proven[kind], tally.shaped[kind]
    sure = proven / shaped * (1 - 1 / (proven + 1.5)) if kind is not Kind.NAME else 0.6 * proven / tally.values
    confidence = min(0.99, sure + (0.25 if hinted(name, kind) else 0.0))
    return ColumnVerdict(
        column=name, kind=kind, sensitivity=SENSITIVITY[kind], confidence=round(confidence, 3),
        share=round(proven / tally.values, 4), shaped=shaped, proven=proven, values=tally.values,
        sample=mask(kind, tally.examples[kind]),
    )  # fmt: skip
