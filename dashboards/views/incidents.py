"""What the workspace of an incident draws: lanes of chips on one time axis, and the graph of its entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from dashboards.visit import Visit, address
from dashboards.words import t
from infra.exchange import Level
from ops.alerts import Alert
from ops.alerts.naming import titled
from ops.incidents import change as c
from ops.incidents.case import CaseEvent
from ops.incidents.desk import CaseView
from ops.incidents.saying import Named, sentence

CHIP_WIDTH = 15.0
"""Percent of the axis a chip covers; chips nearer than that merge."""
MARKS = 5
LANES = ("user", "account", "host", "ip", "file", "process", "domain", "other")
QUIET = (c.Opened, c.Joined)
STEPS_OF_WORK = (
    c.Moved,
    c.Graded,
    c.Appointed,
    c.Task,
    c.Detached,
    c.Raised,
    c.Reviewed,
    c.Measured,
    c.Reported,
    c.Swallowed,
    c.Merged,
    c.Paused,
    c.Resumed,
    c.Opened,
)


@dataclass(slots=True)
class Chip:
    """A chip: left edge in percent, width of its duration bar, words, shape, where it leads; ``more`` are merged in."""

    left: float
    width: float
    words: str
    level: str
    tip: str
    href: str = ""
    more: int = 0


@dataclass(slots=True)
class Lane:
    """A lane of one kind of thing."""

    name: str
    chips: list[Chip] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes over a span, with marks of the axis in percent, the now-line and the statutory window."""

    start: datetime
    end: datetime
    lanes: tuple[Lane, ...]
    marks: tuple[tuple[float, datetime], ...]
    now: float | None
    law: tuple[float, float] | None


def timeline(view: CaseView, events: Sequence[CaseEvent], visit: Visit, named: Named) -> Timeline:
    """The swimlanes of a case: its alerts by kind of entity, the work done on it, its evidence."""
    case = view.case
    end = visit.now if case.open else case.changed
    start = min([case.first_seen, case.opened, *(alert.first_seen for alert in view.alerts)])
    span = max(end - start, timedelta(minutes=10))
    start, end = start - span * 0.02, end + span * 0.06

    def at(moment: datetime) -> float:
        return max(0.0, min(100.0, 100 * ((moment - start) / (end - start))))

    lanes = {name: Lane(t(f"incidents.lane.{name}")) for name in (*LANES, "work", "evidence")}
    for alert in sorted(view.alerts, key=lambda found: found.first_seen):
        kind = alert.entity["type"] if alert.entity["type"] in LANES else "other"
        lanes[kind].chips.append(_alert(alert, at))
    for event in events:
        lane = _lane_of(event)
        if lane:
            words = sentence(event, named)
            lanes[lane].chips.append(Chip(at(event.time), 0.0, words, "step", words))
    drawn = tuple(Lane(lane.name, merged(lane.chips)) for lane in lanes.values() if lane.chips)
    marks = tuple((100.0 * step / MARKS, start + (end - start) * step / MARKS) for step in range(1, MARKS))
    law = None
    if view.law and view.law.steps:
        law = (at(case.opened), at(min(view.law.steps[0].due, end)))
    return Timeline(start, end, drawn, marks, at(visit.now) if case.open else None, law)


def _alert(alert: Alert, at: object) -> Chip:
    left, right = at(alert.first_seen), at(alert.last_seen)  # type: ignore[operator]
    words = titled(alert)
    return Chip(
        left,
        right - left,
        words,
        alert.level,
        f"{words} · {alert.entity['value']} × {alert.count}",
        alert_href(alert.id),
    )


def alert_href(alert: str) -> str:
    """The alerts page on one alert."""
    return address("/alerts", sel=alert, stack="flat", state="any", tr="30d")


def _lane_of(event: CaseEvent) -> str:
    if isinstance(event.change, c.Taken | c.Handed):
        return "evidence"
    if isinstance(event.change, STEPS_OF_WORK):
        return "work"
    return ""


def merged(chips: Sequence[Chip]) -> list[Chip]:
    """Chips of a lane, those that would lie on one another merged into the first as "+n"."""
    kept: list[Chip] = []
    for chip in sorted(chips, key=lambda chip: chip.left):
        last = kept[-1] if kept else None
        if last is not None and chip.left - last.left < CHIP_WIDTH:
            last.more += 1
            last.tip += f"\n{chip.tip}"
            last.width = max(last.width, chip.left + chip.width - last.left)
            if _rank(chip.level) > _rank(last.level):
                last.level = chip.level
        else:
            kept.append(chip)
    return kept


def _rank(level: str) -> int:
    return Level(level).rank if level in tuple(Level) else -1


@dataclass(frozen=True, slots=True)
class Node:
    """A node at a place of a 100 x 100 field."""

    id: str
    kind: str
    words: str
    x: float
    y: float
    level: str
    href: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges (source, target, words, level)."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str, str, str], ...]
    left_out: int = 0


MOST_NODES = 24
COLUMNS = ("clue", "asset", "system")


def graph(view: CaseView) -> Graph:
    """Who did what to which asset of which system: clues at left, assets in the middle, systems at right."""
    levels: dict[tuple[str, str], str] = {}
    edges: dict[tuple[str, str], tuple[str, str]] = {}
    for alert in view.alerts:
        path = [("clue", f"{alert.entity['type']} {alert.entity['value']}")] if alert.entity["value"] else []
        path += [("asset", alert.asset)] if alert.asset and alert.asset != alert.entity["value"] else []
        path += [("system", alert.system)] if alert.system else []
        for node in path:
            levels[node] = max(levels.get(node, Level.INFORMATIONAL), alert.level, key=_rank)
        for left, right in pairwise(path):
            key = (f"{left[0]}:{left[1]}", f"{right[0]}:{right[1]}")
            if key not in edges or _rank(alert.level) > _rank(edges[key][1]):
                edges[key] = (titled(alert), alert.level)
    for clue in view.case.clues:
        levels.setdefault(("clue", f"{clue.kind} {clue.value}"), "unknown")
    clues = {clue.value for clue in view.case.clues}
    for thing in view.case.affected:
        if thing.kind in COLUMNS and thing.id not in clues:
            levels.setdefault((thing.kind, thing.id), "unknown")
    ranked = sorted(levels, key=lambda node: (-_rank(levels[node]), node))
    shown = ranked[:MOST_NODES]
    nodes = [
        node for column in COLUMNS for node in _placed(column, [each for each in shown if each[0] == column], levels)
    ]
    known = {node.id for node in nodes}
    kept = tuple((a, b, *words) for (a, b), words in edges.items() if a in known and b in known)
    return Graph(tuple(nodes), kept, len(ranked) - len(shown))


def _placed(column: str, members: list[tuple[str, str]], levels: dict[tuple[str, str], str]) -> list[Node]:
    x = {"clue": 16.0, "asset": 50.0, "system": 84.0}[column]
    made = []
    for place, (kind, name) in enumerate(members):
        y = 100.0 * (place + 0.5) / len(members)
        what, _, value = name.partition(" ") if kind == "clue" else (kind, "", name)
        made.append(
            Node(
                f"{kind}:{name}",
                t(f"incidents.node.{what}") if what in KINDS else what,
                value,
                x,
                y,
                levels[kind, name],
                address("/hunt", q=f'"{value}"'),
            )
        )
    return made


KINDS = ("ip", "user", "host", "file", "process", "domain", "asset", "system", "source", "account")
