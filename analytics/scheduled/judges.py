"""The judges: what each job does with one window."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from analytics.behaviour.activity import Contribution
from analytics.behaviour.risk import Risk, risk
from analytics.behaviour.watch import Behaviour
from analytics.graph.lateral import judge_new_edges
from analytics.graph.observed import LOGIN_PROBABILITY, Observed, account_id
from analytics.graph.places import OUTSIDE, Places
from analytics.graph.seams import GraphSource
from analytics.graph.typed import TypedGraph, build
from analytics.models.lessons import Lessons
from analytics.scheduled.entities import Kind, activities
from analytics.scheduled.reading import lines, rows, steps
from analytics.scheduled.wording import DETECTOR, signal
from analytics.series.reason import reason
from analytics.series.watch import Watch
from analytics.templates.watch import Finding, TemplateWatch
from infra.events.signal import Signal, Why
from infra.exchange import Level
from infra.store.query.tree import Window
from infra.store.seams import EventStore

TOLD_BELOW = 1e-4
_KEPT = timedelta(days=7)
STEP_S = 300


@dataclass(slots=True)
class EntityJudge:
    """Behaviour of one kind of entity, window by window; keeps contributions for the risk of each."""

    store: EventStore
    kind: Kind
    behaviour: Behaviour = field(default_factory=lambda: Behaviour(learn_windows=12))
    lessons: Lessons = field(default_factory=Lessons)
    kept: deque[Contribution] = field(default_factory=lambda: deque(maxlen=100_000))

    def __call__(self, window: Window) -> list[Signal]:
        judged = self.behaviour.window(activities(self.store, window, self.kind), window.end)
        found = [self._taught(one) for one in judged]
        self.kept.extend(found)
        while self.kept and self.kept[0].time < window.end - _KEPT:
            self.kept.popleft()
        return [self._signal(one) for one in found if one.p < TOLD_BELOW]

    def risks(self, now: datetime, most: int = 100) -> list[Risk]:
        """The riskiest entities with every contribution."""
        by_entity: dict[str, list[Contribution]] = {}
        for contribution in self.kept:
            by_entity.setdefault(contribution.entity, []).append(contribution)
        ranked = sorted((risk(e, found, now) for e, found in by_entity.items()), key=lambda r: (-r.score, r.entity))
        return ranked[:most]

    def _taught(self, one: Contribution) -> Contribution:
        """With the probability that the answers to such findings leave."""
        return replace(one, p=self.lessons.ease(f"{DETECTOR}.{one.facet}", one.entity, one.subject, one.p))

    def _signal(self, one: Contribution) -> Signal:
        why = [Why(one.subject, one.value, one.usual)]
        return signal(one.facet, one.subject, (self.kind.name, one.entity), one.time, one.p, why)


class SourceJudge:
    """Events of each source in steps of five minutes: bursts, falls, and silence (which is no zero)."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.places: dict[str, int] = {}
        self.watch = Watch(0)

    def __call__(self, window: Window) -> list[Signal]:
        found = steps(self.store, window, "yaodun.source", STEP_S)
        self._know(found)
        signals: list[Signal] = []
        moment = window.start
        while moment < window.end:
            signals += self._step(moment, found)
            moment += timedelta(seconds=STEP_S)
        return signals

    def _know(self, found: dict[str, dict[datetime, int]]) -> None:
        for name in sorted(found.keys() - self.places.keys()):
            self.places[name] = len(self.places)
        if len(self.places) > self.watch.series:
            self.watch = self.watch.grown(len(self.places))

    def _step(self, moment: datetime, found: dict[str, dict[datetime, int]]) -> list[Signal]:
        values = np.full(len(self.places), np.nan)
        for name, times in found.items():
            values[self.places[name]] = times.get(moment, np.nan)
        if not len(values):
            return []
        step = self.watch.step(values, np.full(len(values), moment.hour))
        end, signals = moment + timedelta(seconds=STEP_S), []
        for name, place in self.places.items():
            if step.alert[place]:
                told = reason(step, place, values[place], moment.hour)
                why = [Why("events", f"{values[place]:.0f}", told)]
                signals.append(
                    signal("series", "events", ("source", name), end, float(np.exp(-step.score[place])), why)
                )
            if step.silent[place]:
                why = [Why("events", "", "")]
                signals.append(signal("silent", "events", ("source", name), end, 0.0, why, Level.MEDIUM))
        return signals


@dataclass(slots=True)
class TemplateJudge:
    """Kinds of log line: new, vanished, suddenly frequent."""

    store: EventStore
    watch: TemplateWatch = field(default_factory=lambda: TemplateWatch(learn=12))

    def __call__(self, window: Window) -> list[Signal]:
        return [_template_signal(one, window.end) for one in self.watch.interval(lines(self.store, window))]


def _template_signal(one: Finding, time: datetime) -> Signal:
    why = [Why("template", one.template.text, ""), Why("count", str(one.count), f"{one.usual:.4g}")]
    if one.line:
        why.append(Why("message", one.line[:500], ""))
    kind = f"template_{one.change}"
    level = Level.LOW if one.change == "new" else None
    return signal(kind, one.template.text[:120], ("template", str(one.template.id)), time, one.p, why, level)


@dataclass(slots=True)
class LateralJudge:
    """Logins that were never seen and bring somebody nearer to what must not be reached."""

    store: EventStore
    sources: Sequence[GraphSource] = ()
    places: Places | None = None
    logins: dict[tuple[str, str], int] = field(default_factory=dict)
    graph: TypedGraph | None = None

    def __call__(self, window: Window) -> list[Signal]:
        seen = {(str(u), str(h)): n for (u, h), n in rows(self.store, window, ("user.name", "host.name")) if u and h}
        new = [pair for pair in seen if pair not in self.logins]
        found: list[Signal] = []
        if self.graph is not None and new and len(self.graph):
            edges = [(account_id(user), self._host(host), LOGIN_PROBABILITY) for user, host in new[:500]]
            names = {self._host(host): host for _, host in new}
            odd = [edge for edge in judge_new_edges(self.graph, edges) if edge.nearer > 1.0 and edge.company < 0.2]
            found = [
                signal(
                    "lateral",
                    names[edge.target],
                    ("user", edge.source.removeprefix("account:")),
                    window.end,
                    float(np.exp(-edge.surprise)),
                    [Why("host.name", names[edge.target], ""), Why("company", f"{edge.company:.2f}", "")],
                    Level.MEDIUM,
                )
                for edge in odd
            ]
        for pair, times in seen.items():
            self.logins[pair] = self.logins.get(pair, 0) + times
        flows = [
            (self._address(str(s)), self._address(str(d)), int(p or 0), n)
            for (s, d, p), n in rows(self.store, window, ("source.ip", "destination.ip", "destination.port"))
            if s and d
        ]
        told = [flow for flow in flows if flow[0] and flow[1]]
        outside = frozenset({OUTSIDE} if self.places else ())
        observed = Observed([(u, self._host(h), n) for (u, h), n in self.logins.items()], told, outside)
        self.graph = build([*self.sources, observed])
        return found

    def _host(self, name: str) -> str:
        return self.places.host(name) if self.places else name

    def _address(self, address: str) -> str:
        return self.places.address(address) if self.places else address
