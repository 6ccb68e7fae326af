"""Every rule can fire: per rule a raw record is made, parsed by the shipped parsers, conformed and matched.

A record counts only when the engine, holding all rules, names the rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics.rules.matcher import Matcher
from analytics.rules.rule import KEYWORD, RuleSet
from collectors.parsers import Parsed, ShippedParsers
from infra.events import Conformed, Conformer, Event, Frame, table
from tests.unit.analytics.rules.generate import choices, fields_of
from tests.unit.analytics.rules.raw.formats import writers
from tests.unit.analytics.rules.raw.wanted import Raw, UnsayableError, Wanted

RECEIVED = datetime(2026, 3, 2, 8, 15, 31, tzinfo=UTC)
SEEDS = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one rule: the record that fired it, or what went wrong, most often first."""

    rule: int
    raw: Raw | None
    tries: int
    problems: tuple[str, ...] = ()


class Proof:
    """Makes records for the rules of one set and runs them through parsers and engine."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._matcher = Matcher(ruleset)
        self._parsers = ShippedParsers()
        self._conformer = Conformer(table())
        self._variants: dict[int, list[int]] = {}
        for index, variant in enumerate(ruleset.variants):
            self._variants.setdefault(variant.rule, []).append(index)

    def run(self, rules: Sequence[int], seeds: int = SEEDS) -> Iterator[Outcome]:
        """One outcome per rule."""
        return (self.prove(rule, seeds) for rule in rules)

    def prove(self, rule: int, seeds: int = SEEDS) -> Outcome:
        """Try every variant and format with ever other values until one fires."""
        problems: Counter[str] = Counter()
        tries = 0
        for seed in range(seeds):
            for index in self._variants.get(rule, ()):
                for raw in self._made(index, seed, problems):
                    tries += 1
                    if self.fires(rule, raw, problems):
                        return Outcome(rule, raw, tries)
        return Outcome(rule, None, tries, tuple(f"{many} x {problem}" for problem, many in problems.most_common(4)))

    def _made(self, index: int, seed: int, problems: Counter[str]) -> Iterator[Raw]:
        wanted = wanted_of(self.ruleset, index, seed)
        if wanted is None:
            problems["contradicts itself"] += 1
            return
        for write in writers(wanted):
            try:
                yield write(wanted)
            except UnsayableError as error:
                problems[f"{_name(write)} cannot say {error}"] += 1

    def fires(self, rule: int, raw: Raw, problems: Counter[str]) -> bool:
        """Whether the record fires the rule; why not goes into ``problems``."""
        for event in self.events(raw, problems):
            if any(self.ruleset.variants[found].rule == rule for found in self._matcher.match(event)):
                return True
        problems[f"{raw.format} is parsed and does not fire"] += 1
        return False

    def events(self, raw: Raw, problems: Counter[str] | None = None) -> Iterator[Event]:
        """What parsers and conforming make of a record."""
        problems = Counter() if problems is None else problems
        frame = Frame(
            "proof", raw.kind, raw.count, int(RECEIVED.timestamp() * 1e9), raw.body, "192.0.2.1", "", raw.meta
        )
        for item in self._parsers.parse(frame):
            if not isinstance(item, Parsed):
                problems[f"{raw.format} refused: {item.rejection.detail[:80]}"] += 1
                continue
            found = self._conformer.conform(item.document, frame.received, frame.collected)
            if isinstance(found, Conformed):
                yield {**found.event, "yaodun.stream": item.stream.value}
            else:
                problems[f"{raw.format} quarantined: {found.field} {found.detail[:80]}"] += 1


def _name(write: Callable[[Wanted], Raw]) -> str:
    return getattr(write, "__name__", None) or str(getattr(write, "args", write))


def wanted_of(ruleset: RuleSet, index: int, seed: int) -> Wanted | None:
    """What a record has to say for a variant; None where this seed contradicts itself."""
    variant = ruleset.variants[index]
    fields = fields_of(choices(variant.when, ruleset, seed), seed)
    if fields is None:
        return None
    keyword = fields.pop(KEYWORD, "")
    route: dict[str, str | None] = {}
    for name, atoms in variant.where:
        atom = ruleset.atoms[atoms[seed % len(atoms)]]
        route[name] = None if atom.op == "null" else str(atom.value or "*")
    told: dict[str, Any] = {
        name: value for name, value in fields.items() if not (name in route and value in ("zq", None))
    }
    source = ruleset.rules[variant.rule].logsource
    return Wanted(
        source,
        {name: told.get(name, value) for name, value in route.items()},
        told,
        "" if keyword in (None, "zq") else keyword,
    )
