"""What a correlation measures over the hits of a window; each kind adds and removes one hit in (amortised) O(1).

Kinds of Sigma 2.1: ``event_count``, ``value_count``, ``value_sum``, ``value_avg``, ``value_percentile``, ``temporal``,
``temporal_ordered``; and pySigma's ``value_median`` and extended conditions.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, Protocol

from analytics.rules.expression import evaluate
from analytics.rules.rule import Correlation, Expression


class Item(NamedTuple):
    """One hit in a window: Unix time in seconds, rule number, counted value, event id."""

    time: float
    rule: int
    value: Hashable
    event_id: str


class Measure(Protocol):
    """A number over the hits that were added and not removed."""

    def add(self, item: Item) -> None: ...

    def remove(self, item: Item) -> None: ...

    def value(self) -> float: ...


class Events:
    """How many hits."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def add(self, item: Item) -> None:
        self.count += 1

    def remove(self, item: Item) -> None:
        self.count -= 1

    def value(self) -> float:
        return self.count


class Distinct:
    """How many different values (or, for ``temporal``, rules): reference-counted."""

    __slots__ = ("_counts", "_index")

    def __init__(self, index: int) -> None:
        self._counts: dict[Hashable, int] = {}
        self._index = index

    def add(self, item: Item) -> None:
        key = item[self._index]
        self._counts[key] = self._counts.get(key, 0) + 1

    def remove(self, item: Item) -> None:
        key = item[self._index]
        left = self._counts[key] - 1
        if left:
            self._counts[key] = left
        else:
            del self._counts[key]

    def value(self) -> float:
        return len(self._counts)


class Numbers:
    """Sum, mean or a percentile of numeric values, kept sorted; hits whose value is no number do not count."""

    __slots__ = ("_percent", "_sorted", "_sum", "_what")

    def __init__(self, what: str, percent: float) -> None:
        self._what = what
        self._percent = percent
        self._sorted: list[float] = []
        self._sum = 0.0

    def add(self, item: Item) -> None:
        number = item.value
        if isinstance(number, float):
            insort(self._sorted, number)
            self._sum += number

    def remove(self, item: Item) -> None:
        number = item.value
        if isinstance(number, float):
            del self._sorted[bisect_left(self._sorted, number)]
            self._sum = self._sum - number if self._sorted else 0.0

    def value(self) -> float:
        if self._what == "value_sum":
            return self._sum
        if not self._sorted:
            return float("nan")
        if self._what == "value_avg":
            return self._sum / len(self._sorted)
        return self._percentile(50.0 if self._what == "value_median" else self._percent)

    def _percentile(self, percent: float) -> float:
        """Linear interpolation between closest ranks."""
        place = (len(self._sorted) - 1) * percent / 100
        low = int(place)
        high = min(low + 1, len(self._sorted) - 1)
        return self._sorted[low] + (self._sorted[high] - self._sorted[low]) * (place - low)


class Ordered:
    """How many of the rules were met one after another in the order of the correlation, within the window."""

    __slots__ = ("_best", "_floor", "_place")

    def __init__(self, rules: tuple[int, ...]) -> None:
        self._place = {rule: place for place, rule in enumerate(rules)}
        self._best: list[float | None] = [None] * len(rules)
        self._floor = float("-inf")

    def add(self, item: Item) -> None:
        """``_best[k]`` is the latest start of a chain that has come as far as rule ``k``."""
        place = self._place[item.rule]
        if place == 0:
            self._best[0] = item.time
        else:
            start = self._best[place - 1]
            if start is not None:
                self._best[place] = max(start, self._best[place] or start)

    def remove(self, item: Item) -> None:
        """Chains that began with a hit now outside the window are broken."""
        self._best = [None if start is not None and start <= item.time else start for start in self._best]

    def value(self) -> float:
        return max((place + 1 for place, start in enumerate(self._best) if start is not None), default=0)


class Holds:
    """1 where a boolean condition over the rules met in the window holds, else 0."""

    __slots__ = ("_counts", "_expression")

    def __init__(self, expression: Expression) -> None:
        self._counts: Counter[int] = Counter()
        self._expression = expression

    def add(self, item: Item) -> None:
        self._counts[item.rule] += 1

    def remove(self, item: Item) -> None:
        self._counts[item.rule] -= 1
        if not self._counts[item.rule]:
            del self._counts[item.rule]

    def value(self) -> float:
        return 1.0 if self._counts and evaluate(self._expression, self._counts) else 0.0


class HoldsInOrder(Holds):
    """The same, where the operands of ``and`` must be met from left to right."""

    __slots__ = ("_items",)

    def __init__(self, expression: Expression) -> None:
        super().__init__(expression)
        self._items: list[Item] = []

    def add(self, item: Item) -> None:
        super().add(item)
        self._items.append(item)

    def remove(self, item: Item) -> None:
        super().remove(item)
        self._items.remove(item)

    def value(self) -> float:
        return 1.0 if self._items and self._after(self._expression, 0) is not None else 0.0

    def _after(self, expression: Expression, start: int) -> int | None:
        """Index behind the first place where ``expression`` is met from ``start`` on."""
        if not isinstance(expression, list):
            found = (index + 1 for index in range(start, len(self._items)) if self._items[index].rule == expression)
            return next(found, None)
        word, *operands = expression
        if word == "not":
            return start if self._after(operands[0], start) is None else None
        if word == "or":
            return min((end for one in operands if (end := self._after(one, start)) is not None), default=None)
        place: int | None = start
        for one in operands:
            place = self._after(one, place) if place is not None else None
        return place


def measure_of(correlation: Correlation) -> Callable[[], Measure]:
    """Makes fresh measures of the correlation's kind."""
    kind = correlation.kind
    if correlation.expression is not True:
        chosen = HoldsInOrder if kind == "temporal_ordered" else Holds
        return lambda: chosen(correlation.expression)
    if kind == "event_count":
        return Events
    if kind == "value_count":
        return lambda: Distinct(2)
    if kind == "temporal":
        return lambda: Distinct(1)
    if kind == "temporal_ordered":
        return lambda: Ordered(correlation.rules)
    return lambda: Numbers(kind, correlation.percentile)


def has_not(expression: Expression) -> bool:
    """Whether absence plays a part: such a condition can only be decided when its window is over."""
    if not isinstance(expression, list):
        return False
    return expression[0] == "not" or any(has_not(item) for item in expression[1:])


def replay(measure: Measure, items: Iterable[Item]) -> Measure:
    """The measure with all ``items`` added."""
    for item in items:
        measure.add(item)
    return measure
