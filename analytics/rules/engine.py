"""The detector: events in, signals out, each with the values that made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from analytics.rules.access import raw_reader
from analytics.rules.atoms import MISSING
from analytics.rules.correlation import Correlator, Fired, Hit
from analytics.rules.eventclass import Found
from analytics.rules.lens import EcsLens, Lens
from analytics.rules.matcher import Matcher
from analytics.rules.report import Reporter, event_id_of
from analytics.rules.rule import RuleSet
from infra.events import Event, Signal

Reader = Callable[[Event], tuple[Any, ...]]


class Engine:
    """Matches every rule of a set on every event; implements ``infra.events.Detector``. For one thread.

    ``lens`` says how events are shaped; conformed ones unless told otherwise.
    """

    def __init__(self, ruleset: RuleSet, lens: Lens | None = None) -> None:
        self.lens = lens or EcsLens()
        self._adopt(ruleset)

    def _adopt(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self.matcher = Matcher(ruleset, self.lens)
        self.correlator = Correlator(ruleset)
        self._report = Reporter(ruleset, self.lens)
        self._readers: dict[int, tuple[tuple[str, ...], Reader]] = {}

    def match(self, events: Sequence[Event]) -> list[Signal]:
        """The signals of a batch of conformed events, in the order of the events."""
        signals: list[Signal] = []
        match = self.matcher.match
        for event in events:
            if found := match(event):
                signals += self.signals(found, event)
        return signals

    def signals(self, found: Found, event: Event) -> list[Signal]:
        """What follows from the variants ``found`` on an event: signals of rules, then of correlations."""
        signals = self._report.signals(found, event)
        return signals + self._correlate(found, event) if self.ruleset.correlations else signals

    def tick(self, now: datetime) -> list[Signal]:
        """Decide what waits for the end of a time span, by the clock; for streams that have fallen silent."""
        return self._fired(self.correlator.tick(now.timestamp()))

    def reload(self, ruleset: RuleSet) -> int:
        """Go on with another set; correlations defined as before keep their state. How many groups were kept."""
        state = self.correlator.state()
        self._adopt(ruleset)
        return self.correlator.restore(state)

    def _correlate(self, found: Found, event: Event) -> list[Signal]:
        fired: list[Fired] = []
        seen: set[int] = set()
        for index in found:
            rule = self.ruleset.variants[index].rule
            if rule in seen or not self.correlator.wants(rule):
                continue
            seen.add(rule)
            names, reader = self._reader(index)
            fields = {name: value for name, value in zip(names, reader(event), strict=True) if value is not MISSING}
            time = self._report.moment(event).timestamp()
            fired += self.correlator.feed(Hit(rule, time, event_id_of(event), fields))
        return self._fired(fired)

    def _fired(self, fired: Sequence[Fired]) -> list[Signal]:
        return [signal for one in fired if (signal := self._report.correlated(one, _moment(one)))]

    def _reader(self, index: int) -> tuple[tuple[str, ...], Reader]:
        made = self._readers.get(index)
        if made is None:
            variant = self.ruleset.variants[index]
            names = tuple(name for name in self.correlator.fields(variant.rule) if name in variant.names)
            made = self._readers[index] = (names, raw_reader(self.lens, [variant.names[name] for name in names]))
        return made


def _moment(fired: Fired) -> datetime:
    return datetime.fromtimestamp(fired.time, UTC)
