"""The detector: events in, signals out, each with the values that made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from analytics.rules.access import raw_reader
from analytics.rules.atoms import MISSING
from analytics.rules.correlation import Correlator, Fired, Hit
from analytics.rules.lens import EcsLens
from analytics.rules.matcher import Matcher
from analytics.rules.report import Reporter, event_id_of, moment_of
from analytics.rules.rule import RuleSet
from infra.events import Event, Signal

Reader = Callable[[Event], tuple[Any, ...]]


class Engine:
    """Matches every rule of a set on every event; implements ``infra.events.Detector``. For one thread."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._lens = EcsLens()
        self._adopt(ruleset)

    def _adopt(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._matcher = Matcher(ruleset, self._lens)
        self._report = Reporter(ruleset, self._lens)
        self.correlator = Correlator(ruleset)
        self._readers: dict[int, tuple[tuple[str, ...], Reader]] = {}

    def match(self, events: Sequence[Event]) -> list[Signal]:
        """The signals of a batch of conformed events, in the order of the events."""
        signals: list[Signal] = []
        match = self._matcher.match
        for event in events:
            if found := match(event):
                signals += self._report.signals(found, event)
                if self.ruleset.correlations:
                    signals += self._correlate(found, event)
        return signals

    def tick(self, now: datetime) -> list[Signal]:
        """Decide what waits for the end of a time span, by the clock; for streams that have fallen silent."""
        return self._fired(self.correlator.tick(now.timestamp()))

    def reload(self, ruleset: RuleSet) -> int:
        """Go on with another set; correlations defined as before keep their state. How many groups were kept."""
        state = self.correlator.state()
        self._adopt(ruleset)
        return self.correlator.restore(state)

    def _correlate(self, found: Sequence[int], event: Event) -> list[Signal]:
        fired: list[Fired] = []
        seen: set[int] = set()
        for index in found:
            rule = self.ruleset.variants[index].rule
            if rule in seen or not self.correlator.wants(rule):
                continue
            seen.add(rule)
            names, reader = self._reader(index)
            fields = {name: value for name, value in zip(names, reader(event), strict=True) if value is not MISSING}
            fired += self.correlator.feed(Hit(rule, moment_of(event).timestamp(), event_id_of(event), fields))
        return self._fired(fired)

    def _fired(self, fired: Sequence[Fired]) -> list[Signal]:
        return [signal for one in fired if (signal := self._report.correlated(one, _moment(one)))]

    def _reader(self, index: int) -> tuple[tuple[str, ...], Reader]:
        made = self._readers.get(index)
        if made is None:
            variant = self.ruleset.variants[index]
            names = tuple(name for name in self.correlator.fields(variant.rule) if name in variant.names)
            made = self._readers[index] = (names, raw_reader(self._lens, [variant.names[name] for name in names]))
        return made


def _moment(fired: Fired) -> datetime:
    return datetime.fromtimestamp(fired.time, UTC)
