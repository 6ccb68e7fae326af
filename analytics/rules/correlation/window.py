"""The hits of one group within a sliding time span, in event time, and whether the condition came true.

Lower bounds are decided with each hit, over the span that ends with it. Upper bounds (``lt lte eq neq``) and ``not``
can only be decided when a span is over: it opens with its first hit and closes when the watermark passes its end.
A hit that comes late is put in its place, and every span it lies in is looked at again.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from analytics.rules.correlation.measure import Item, Measure, has_not, measure_of, replay
from analytics.rules.rule import Bound, Correlation

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "gt": float.__gt__,
    "gte": float.__ge__,
    "lt": float.__lt__,
    "lte": float.__le__,
    "eq": float.__eq__,
    "neq": float.__ne__,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What all windows of a correlation share."""

    span: float
    lateness: float
    max_items: int
    bounds: tuple[Bound, ...]
    deferred: bool
    measure: Callable[[], Measure] = field(compare=False)
    floor: float | None = None
    """The only bound, where it is a plain ``gte``: the usual case, decided by one comparison."""

    def met(self, value: float) -> bool:
        """Whether a measured value is within all bounds; NaN (nothing measured) never is."""
        if self.floor is not None:
            return value >= self.floor
        number = float(value)
        return number == number and all(_COMPARE[bound.op](number, bound.value) for bound in self.bounds)


def plan_of(correlation: Correlation, lateness: float, max_items: int) -> Plan:
    """The plan of a correlation."""
    extended = correlation.expression is not True
    bounds = (Bound("gte", 1.0),) if extended else correlation.bounds
    deferred = any(bound.op not in ("gt", "gte") for bound in bounds) or has_not(correlation.expression)
    floor = bounds[0].value if len(bounds) == 1 and bounds[0].op == "gte" else None
    return Plan(correlation.timespan_s, lateness, max_items, bounds, deferred, measure_of(correlation), floor)


class Window:
    """One group of a correlation. ``items`` lie in the current span, ``old`` ones wait for stragglers."""

    __slots__ = ("armed", "dropped", "fired", "items", "measure", "old", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.items: deque[Item] = deque()
        self.old: deque[Item] = deque()
        self.measure = plan.measure()
        self.armed = True
        self.fired = float("-inf")
        self.dropped = 0

    def add(self, item: Item) -> Sequence[Item]:
        """Take a hit; the hits of a span in which the condition came true, or nothing."""
        plan, items, measure, time = self.plan, self.items, self.measure, item[0]
        if plan.deferred:
            return self._keep(item)
        if items and time < items[-1][0]:
            return self._straggler(item)
        items.append(item)
        measure.add(item)
        if items[0][0] < time - plan.span:
            self._expire(time - plan.span)
        if len(items) > plan.max_items:
            self.dropped += 1
            measure.remove(items.popleft())
        value = measure.value()
        if not (plan.met(value) if plan.floor is None else value >= plan.floor):
            self.armed = True
            return ()
        return tuple(items) if self._fire(time) else ()

    def _expire(self, limit: float) -> None:
        """Let go of what lies before ``limit``; ``item[0]`` is its time, read so because this is the hot path."""
        items, old, remove, lateness = self.items, self.old, self.measure.remove, self.plan.lateness
        while items[0][0] < limit:
            item = items.popleft()
            remove(item)
            if lateness:
                old.append(item)
        while old and old[0][0] < limit - lateness:
            old.popleft()

    def _fire(self, time: float) -> bool:
        """Once when the condition comes true, and again after each whole span in which it stays so."""
        if self.armed or time - self.fired >= self.plan.span:
            self.armed = False
            self.fired = time
            return True
        return False

    def _straggler(self, item: Item) -> Sequence[Item]:
        span = self.plan.span
        newest = self.items[-1].time
        current = item.time >= newest - span
        if current:
            self._insert(item)
        elif item.time >= newest - span - self.plan.lateness:
            _insort(self.old, item)
        else:
            self.dropped += 1
            return ()
        near = [one for one in chain(self.old, self.items) if abs(one.time - item.time) <= span]
        found = self._first_span(near, item)
        return found if found and self._fire(found[-1].time) else ()

    def _insert(self, item: Item) -> None:
        _insort(self.items, item)
        self.measure = replay(self.plan.measure(), self.items)

    def _first_span(self, near: Sequence[Item], item: Item) -> tuple[Item, ...]:
        """The first span holding ``item`` in which the condition is true."""
        measure = self.plan.measure()
        start = 0
        for index, one in enumerate(near):
            measure.add(one)
            while near[start].time < one.time - self.plan.span:
                measure.remove(near[start])
                start += 1
            if one.time >= item.time and self.plan.met(measure.value()):
                return tuple(near[start : index + 1])
        return ()

    def _keep(self, item: Item) -> Sequence[Item]:
        _insort(self.items, item)
        if len(self.items) > self.plan.max_items:
            self.dropped += 1
            self.items.popleft()
        return ()

    @property
    def closes(self) -> float:
        """When the open span of a deferred condition is over; infinite where none is open."""
        return self.items[0].time + self.plan.span if self.items and self.plan.deferred else float("inf")

    def close(self) -> Sequence[Item]:
        """End the open span: its hits if the condition held over all of it."""
        end = self.closes
        taken: list[Item] = []
        while self.items and self.items[0].time <= end:
            taken.append(self.items.popleft())
        return taken if self.plan.met(replay(self.plan.measure(), taken).value()) else ()


def _insort(items: deque[Item], item: Item) -> None:
    """In time order; among equals the one that came first stays first."""
    if not items or items[-1].time <= item.time:
        items.append(item)
        return
    ordered = list(items)
    insort(ordered, item, key=lambda one: one.time)
    items.clear()
    items.extend(ordered)
