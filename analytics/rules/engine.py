"""The detector: events in, signals out, each with the values that made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from analytics.rules.access import raw_reader
from analytics.rules.atoms import MISSING
from analytics.rules.canary import Tried
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
        self._tried: dict[str, Tried] = {}
        self._adopt(ruleset)

    def _adopt(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self.matcher = Matcher(ruleset, self.lens)
        self.correlator = Correlator(ruleset)
        self._report = Reporter(ruleset, self.lens, self._tried)
        self._readers: dict[int, tuple[tuple[str, ...], Reader]] = {}

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]:
        """The signals of a batch of conformed events, in the order of the events; ``twins`` as of ``Detector``."""
        if twins is not None:
            return self._match_twins(events, twins)
        signals: list[Signal] = []
        match = self.matcher.match
        for event in events:
            if found := match(event):
                signals += self.signals(found, event)
        return signals

    def _match_twins(self, events: Sequence[Event], twins: Sequence[int]) -> list[Signal]:
        """As ``match``; what depends on the content alone is worked out once for all that say the same."""
        signals: list[Signal] = []
        known: dict[int, tuple[Found, list[Callable[[str], list[Fired]]]]] = {}
        for event, twin in zip(events, twins, strict=True):
            worked_out = known.get(twin)
            if worked_out is None:
                found = self.matcher.match(event)
                hits = self._hits(found, event) if found else []
                worked_out = known[twin] = (found, [self.correlator.again(hit) for hit in hits])
            found, feeds = worked_out
            if found:
                signals += self._report.signals(found, event)
                for feed in feeds:
                    if fired := feed(event_id_of(event)):
                        signals += self._fired(fired, event)
        return signals

    def signals(self, found: Found, event: Event) -> list[Signal]:
        """What follows from the variants ``found`` on an event: signals of rules, then of correlations."""
        signals = self._report.signals(found, event)
        for hit in self._hits(found, event):
            signals += self._fired(self.correlator.feed(hit), event)
        return signals

    def tick(self, now: datetime) -> list[Signal]:
        """Decide what waits for the end of a time span, by the clock; for streams that have fallen silent."""
        return self._fired(self.correlator.tick(now.timestamp()))

    def reload(self, ruleset: RuleSet) -> int:
        """Go on with another set; correlations defined as before keep their state. How many groups were kept."""
        state = self.correlator.state()
        self._adopt(ruleset)
        return self.correlator.restore(state)

    def take_tried(self) -> dict[str, Tried]:
        """What rules on trial would have raised since this was last asked, by rule id."""
        taken = dict(self._tried)
        self._tried.clear()
        return taken

    def _hits(self, found: Found, event: Event) -> list[Hit]:
        """What the correlations are told of an event: one hit for each rule that some of them want."""
        hits: list[Hit] = []
        if not self.ruleset.correlations:
            return hits
        seen: set[int] = set()
        for index in found:
            rule = self.ruleset.variants[index].rule
            if rule in seen or not self.correlator.wants(rule):
                continue
            seen.add(rule)
            names, reader = self._reader(index)
            fields = {name: value for name, value in zip(names, reader(event), strict=True) if value is not MISSING}
            hits.append(Hit(rule, self._report.moment(event).timestamp(), event_id_of(event), fields))
        return hits

    def _fired(self, fired: Sequence[Fired], event: Event | None = None) -> list[Signal]:
        return [signal for one in fired if (signal := self._report.correlated(one, _moment(one), event))]

    def _reader(self, index: int) -> tuple[tuple[str, ...], Reader]:
        made = self._readers.get(index)
        if made is None:
            variant = self.ruleset.variants[index]
            names = tuple(name for name in self.correlator.fields(variant.rule) if name in variant.names)
            made = self._readers[index] = (names, raw_reader(self.lens, [variant.names[name] for name in names]))
        return made


def _moment(fired: Fired) -> datetime:
    return datetime.fromtimestamp(fired.time, UTC)
