"""Which rules can fire on what is connected, and which techniques they cover (ATT&CK Navigator layer, version 4.5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from analytics.rules.atoms import holds
from analytics.rules.lens import EcsLens, read
from analytics.rules.rule import RuleSet
from infra.events import Detector, Event, Signal

SEEN_PER_BATCH = 50
"""Events of a batch a watch looks at, evenly spread: sources that matter come again."""
_WEIGHT = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}


class Coverage(msgspec.Struct, frozen=True):
    """One log source: how many rules ask for it, and whether an event of it was seen."""

    logsource: str
    rules: int
    seen: bool
    wants: tuple[str, ...]


class Watch:
    """Remembers which routes of a rule set have met an event; ``ruleset`` is that set."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._lens = EcsLens()
        self._unseen = {variant.where for variant in ruleset.variants}
        self._known: set[tuple[Any, ...]] = set()
        self._names = sorted({name for where in self._unseen for name, _ in where})

    def see(self, events: Iterable[Event]) -> None:
        """Take notice of events."""
        for event in events:
            values = {name: read(self._lens, event, name) for name in self._names}
            key = tuple(map(repr, values.values()))
            if key not in self._known and len(self._known) < 100_000:
                self._known.add(key)
                self._unseen = {where for where in self._unseen if not self._met(where, values)}

    def _met(self, where: tuple[tuple[str, tuple[int, ...]], ...], values: dict[str, Any]) -> bool:
        atoms = self.ruleset.atoms
        return all(any(holds(atoms[number], values[name]) for number in numbers) for name, numbers in where)

    def blind(self) -> set[int]:
        """The rules none of whose routes has met an event."""
        sighted = {variant.rule for variant in self.ruleset.variants if variant.where not in self._unseen}
        fed = {one.rule for one in self.ruleset.correlations if any(rule in sighted for rule in one.rules)}
        off = {number for number, rule in enumerate(self.ruleset.rules) if rule.off}
        return set(range(len(self.ruleset.rules))) - sighted - fed - off

    def report(self) -> list[Coverage]:
        """Per log source, those never seen first."""
        blind = self.blind()
        counts = Counter(str(rule.logsource) for rule in self.ruleset.rules)
        wants: defaultdict[str, dict[str, None]] = defaultdict(dict)
        seen: set[str] = set()
        for variant in self.ruleset.variants:
            source = str(self.ruleset.rules[variant.rule].logsource)
            wants[source][self._words(variant.where)] = None
            if variant.rule not in blind:
                seen.add(source)
        rows = [Coverage(source, count, source in seen, tuple(wants[source])) for source, count in counts.items()]
        return sorted(rows, key=lambda row: (row.seen, -row.rules))

    def _words(self, where: tuple[tuple[str, tuple[int, ...]], ...]) -> str:
        atoms = self.ruleset.atoms
        parts = []
        for name, numbers in where:
            wanted = [atoms[number].value or ("*" if atoms[number].op == "contains" else "-") for number in numbers]
            parts.append(f"{name}={'|'.join(wanted)}")
        return " ".join(parts) or "*"


class Watched:
    """A detector that passes events on to another and lets a watch see some of each batch (``Detector``)."""

    def __init__(self, detector: Detector, watch: Watch) -> None:
        self._detector, self.watch = detector, watch

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        """The signals of the other."""
        self.watch.see(events[:: max(1, len(events) // SEEN_PER_BATCH)])
        return self._detector.match(events, twins)


def navigator_layer(ruleset: RuleSet, name: str) -> dict[str, Any]:
    """A layer of the ATT&CK Navigator: per technique the number of rules, coloured by it."""
    by_technique: defaultdict[str, list[str]] = defaultdict(list)
    scores: Counter[str] = Counter()
    for rule in ruleset.rules:
        for technique in rule.techniques:
            by_technique[technique].append(rule.title)
            scores[technique] += _WEIGHT[rule.level.value]
    return {
        "name": name,
        "versions": {"attack": "17", "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "techniques": [
            {
                "techniqueID": technique,
                "score": scores[technique],
                "comment": "\n".join(sorted(titles)[:20]),
                "enabled": True,
            }
            for technique, titles in sorted(by_technique.items())
        ],
        "gradient": {"colors": ["#d6e6f4", "#08519c"], "minValue": 0, "maxValue": max(scores.values(), default=1)},
    }
