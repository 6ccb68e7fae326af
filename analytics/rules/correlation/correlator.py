"""Feeds hits to the windows of every correlation that refers to their rule; what fires feeds the next in a chain."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import product
from typing import Any, NamedTuple

import msgspec

from analytics.rules.atoms import MISSING, elements, number, text
from analytics.rules.correlation.measure import Item
from analytics.rules.correlation.window import Window, plan_of
from analytics.rules.rule import Correlation, RuleSet

LATENESS_S = 60.0
"""How far behind the newest hit one may come and still count."""
MAX_GROUPS = 100_000
MAX_ITEMS = 10_000
MAX_COMBINATIONS = 64
"""Groups one event may fall into through fields of several values."""


class Hit(NamedTuple):
    """A rule was met: ``fields`` are the values by Sigma field name."""

    rule: int
    time: float
    event_id: str
    fields: Mapping[str, Any]


class Fired(NamedTuple):
    """A correlation came true for a group."""

    correlation: Correlation
    group: dict[str, str]
    items: Sequence[Item]
    value: float

    @property
    def time(self) -> float:
        """Time of the last hit behind it."""
        return self.items[-1].time


class _Kept(msgspec.Struct, array_like=True):
    rule_id: str
    shape: str
    key: list[str]
    items: list[tuple[float, int, str | float, str]]
    old: list[tuple[float, int, str | float, str]]
    fired: float
    armed: bool


class Correlator:
    """All correlations of a rule set. Groups are bounded: the one that was quiet longest goes first, and is counted."""

    def __init__(self, ruleset: RuleSet, *, lateness_s: float = LATENESS_S, max_groups: int = MAX_GROUPS) -> None:
        self._ruleset = ruleset
        self._max_groups = max_groups
        self._correlations = list(ruleset.correlations)
        self._plans = [plan_of(one, lateness_s, MAX_ITEMS) for one in self._correlations]
        self._windows: list[OrderedDict[tuple[str, ...], Window]] = [OrderedDict() for _ in self._correlations]
        self._plain = [_plain_fields(one) for one in self._correlations]
        self._closing: list[tuple[float, int, tuple[str, ...]]] = []
        self._lateness = lateness_s
        self._newest = float("-inf")
        self._by_rule: defaultdict[int, list[int]] = defaultdict(list)
        for index, one in enumerate(self._correlations):
            for rule in one.rules:
                self._by_rule[rule].append(index)
        self.evicted = 0

    def wants(self, rule: int) -> bool:
        """Whether some correlation refers to this rule."""
        return rule in self._by_rule

    def fields(self, rule: int) -> tuple[str, ...]:
        """The fields of a hit of ``rule`` that correlations ask for."""
        asked: dict[str, None] = {}
        for index in self._by_rule.get(rule, ()):
            one = self._correlations[index]
            asked |= {_field(one, name, rule): None for name in (*one.group_by, *one.fields)}
        return tuple(asked)

    def feed(self, hit: Hit) -> list[Fired]:
        """Take a hit; what fired by it, chains included."""
        fired: list[Fired] = []
        rule, time, event_id, fields = hit
        if time > self._newest:
            self._newest = time
            if self._closing:
                fired += self._close(time - self._lateness)
        for index in self._by_rule.get(rule, ()):
            if plain := self._plain[index]:
                group, counted = plain
                key, value = fields.get(group), fields.get(counted) if counted else ""
                if type(key) is str and type(value) is str:
                    if found := self._add(index, (key,), Item(time, rule, value, event_id)):
                        fired += [found, *self.feed(_chained(found))]
                    continue
            one = self._correlations[index]
            for key in _keys(one, hit):
                for value in _values(one, hit):
                    if found := self._add(index, key, Item(time, rule, value, event_id)):
                        fired += [found, *self.feed(_chained(found))]
        return fired

    def again(self, hit: Hit) -> Callable[[str], list[Fired]]:
        """A function that feeds a hit like ``hit`` but of another event; its groups and values are worked out once."""
        places = [
            (index, key, value)
            for index in self._by_rule.get(hit.rule, ())
            for key in _keys(self._correlations[index], hit)
            for value in _values(self._correlations[index], hit)
        ]
        rule, time, add = hit.rule, hit.time, self._add

        def feed(event_id: str) -> list[Fired]:
            if time > self._newest:
                return self.feed(Hit(rule, time, event_id, hit.fields))
            fired: list[Fired] = []
            for index, key, value in places:
                if found := add(index, key, Item(time, rule, value, event_id)):
                    fired += [found, *self.feed(_chained(found))]
            return fired

        return feed

    def tick(self, now: float) -> list[Fired]:
        """Close spans that are over by the clock, for streams that have fallen silent."""
        return self._close(now - self._lateness)

    def _add(self, index: int, key: tuple[str, ...], item: Item) -> Fired | None:
        windows = self._windows[index]
        window = windows.get(key)
        if window is None:
            window = self._window(index, key)
        else:
            windows.move_to_end(key)
        if not window.plan.deferred:
            items = window.add(item)
            return self._fired(index, key, items) if items else None
        was_closing = window.closes
        window.add(item)
        if window.closes < was_closing:
            heappush(self._closing, (window.closes, index, key))
        return None

    def _window(self, index: int, key: tuple[str, ...]) -> Window:
        windows = self._windows[index]
        if key not in windows:
            if len(windows) >= self._max_groups:
                windows.popitem(last=False)
                self.evicted += 1
            windows[key] = Window(self._plans[index])
        return windows[key]

    def _close(self, watermark: float) -> list[Fired]:
        fired: list[Fired] = []
        while self._closing and self._closing[0][0] < watermark:
            end, index, key = heappop(self._closing)
            window = self._windows[index].get(key)
            if window is None or window.closes != end:
                continue
            items = window.close()
            if window.items:
                heappush(self._closing, (window.closes, index, key))
            if items:
                found = self._fired(index, key, items)
                fired += [found, *self.feed(_chained(found))]
        return fired

    def _fired(self, index: int, key: tuple[str, ...], items: Sequence[Item]) -> Fired:
        one = self._correlations[index]
        measure = self._plans[index].measure()
        for item in items:
            measure.add(item)
        return Fired(one, dict(zip(one.group_by, key, strict=True)), items, measure.value())

    @property
    def groups(self) -> int:
        """How many groups are held now."""
        return sum(len(windows) for windows in self._windows)

    @property
    def dropped(self) -> int:
        """Hits that came too late or overflowed their group."""
        return sum(window.dropped for windows in self._windows for window in windows.values())

    def state(self) -> bytes:
        """Everything held, to be restored after a restart or a change of rules."""
        kept = [
            _Kept(
                self._ruleset.rules[one.rule].id,
                _shape(self._ruleset, one),
                list(key),
                [_plain(item, one) for item in window.items],
                [_plain(item, one) for item in window.old],
                window.fired if window.fired > float("-inf") else 0.0,
                window.armed,
            )
            for one, windows in zip(self._correlations, self._windows, strict=True)
            for key, window in windows.items()
        ]
        return msgspec.msgpack.encode((self._newest if kept else 0.0, kept))

    def restore(self, state: bytes) -> int:
        """Take up the state of correlations that are still defined the same; how many groups came back."""
        newest, kept = msgspec.msgpack.decode(state, type=tuple[float, list[_Kept]])
        known = {
            (self._ruleset.rules[one.rule].id, _shape(self._ruleset, one)): index
            for index, one in enumerate(self._correlations)
        }
        restored = 0
        for group in kept:
            index = known.get((group.rule_id, group.shape))
            if index is not None:
                self._revive(index, group)
                restored += 1
        self._newest = max(self._newest, newest)
        return restored

    def _revive(self, index: int, group: _Kept) -> None:
        rules = self._correlations[index].rules
        window = self._window(index, tuple(group.key))
        for item in group.items:
            revived = Item(item[0], rules[item[1]], item[2], item[3])
            window.items.append(revived)
            window.measure.add(revived)
        window.old.extend(Item(item[0], rules[item[1]], item[2], item[3]) for item in group.old)
        window.fired = group.fired or float("-inf")
        window.armed = group.armed
        if window.closes < float("inf"):
            heappush(self._closing, (window.closes, index, tuple(group.key)))


_UNCOUNTED: Sequence[Hashable] = ("",)


def _plain(item: Item, one: Correlation) -> Any:
    """With the rule's place in the correlation instead of its number, which another load may change."""
    return (item.time, one.rules.index(item.rule), item.value, item.event_id)


def _shape(ruleset: RuleSet, one: Correlation) -> str:
    """What must be equal for state to carry over: everything but the numbers of the rules."""
    names = [ruleset.rules[rule].id for rule in one.rules]
    bounds = [(bound.op, bound.value) for bound in one.bounds]
    return repr((one.kind, names, one.group_by, one.timespan_s, bounds, one.fields, one.percentile))


def _chained(fired: Fired) -> Hit:
    return Hit(fired.correlation.rule, fired.time, fired.items[-1].event_id, fired.group)


def _field(one: Correlation, name: str, rule: int) -> str:
    return one.aliases.get(name, {}).get(rule, name)


def _plain_fields(one: Correlation) -> tuple[str, str] | None:
    """The field to group by and the one to count ('' for none), where it is that simple: the usual case."""
    counted = one.fields if one.kind == "value_count" else ()
    if one.aliases or len(one.group_by) != 1 or len(one.fields) != len(counted) or len(counted) > 1:
        return None
    return one.group_by[0], counted[0] if counted else ""


def _keys(one: Correlation, hit: Hit) -> Sequence[tuple[str, ...]]:
    """The groups of a hit; none where a field to group by is missing."""
    choices = [_texts(hit.fields.get(_field(one, name, hit.rule), MISSING)) for name in one.group_by]
    return list(product(*choices))[:MAX_COMBINATIONS]


def _texts(value: Any) -> list[str]:
    if value is MISSING:
        return []
    return list(dict.fromkeys(text(item) for item in elements(value) if item is not None))


def _values(one: Correlation, hit: Hit) -> Sequence[Hashable]:
    """What a hit brings to count: nothing to tell apart for counts of events, else each value of the fields."""
    if not one.fields:
        return _UNCOUNTED
    choices = [_texts(hit.fields.get(_field(one, name, hit.rule), MISSING)) for name in one.fields]
    if one.kind == "value_count":
        return ["\x1f".join(parts) for parts in product(*choices)][:MAX_COMBINATIONS]
    return [found for parts in product(*choices) for part in parts if (found := number(part)) is not None]
