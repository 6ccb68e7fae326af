"""What the alerts page shows: the filter of the address, its bubbles, histogram bars, marked raw events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from dashboards.rooms.alerts import AlertFilter, Bar, Stack, State, Why
from dashboards.views.figures import moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.exchange import Level

FACETS = ("level", "state", "dimension", "system", "origin", "owner")
PINNED = ("rule", "entity")
OPEN_STATES = (State.NEW.value, State.ACKNOWLEDGED.value)
ANY = "any"
SEPARATOR = "~"
SHOWN = (Level.LOW, Level.MEDIUM, Level.HIGH, Level.CRITICAL)
LEVEL_ORDER = tuple(reversed(Level))


@dataclass(frozen=True, slots=True)
class Bubble:
    """A condition of the filter in words, and the address without it."""

    words: str
    without: str
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One bar of the histogram: parts bottom up as (level, percent of the full height), and its words."""

    parts: tuple[tuple[Level, float], ...]
    words: str


def chosen(visit: Visit, facet: str) -> tuple[str, ...]:
    """The values of a facet in the address; without any, open states are meant."""
    values = visit.many(facet)
    if facet == "state" and not values:
        return OPEN_STATES
    return () if ANY in values else tuple("" if value == "none" else value for value in values)


def wanted(visit: Visit) -> AlertFilter:
    """The filter the address means."""
    only = {facet: chosen(visit, facet) for facet in (*FACETS, *PINNED)}
    without = {facet: visit.many(f"not_{facet}") for facet in (*FACETS, *PINNED)}
    return AlertFilter(
        window=visit.window(),
        text=visit.param("q")[:200],
        only={facet: values for facet, values in only.items() if values},
        without={facet: values for facet, values in without.items() if values},
    )


def stack_of(visit: Visit) -> Stack:
    """How the address stacks the queue; by rule unless said otherwise."""
    try:
        return Stack(visit.param("stack", Stack.RULE))
    except ValueError:
        return Stack.RULE


def value_words(facet: str, value: str, given: str = "") -> str:
    """A facet's value in words."""
    if facet in ("level", "state", "dimension", "origin") and value:
        return t(f"{'alerts.' if facet in ('state', 'origin') else ''}{facet}.{value}")
    return given or value or t("alerts.unassigned" if facet == "owner" else "alerts.unknown")


def bubbles(visit: Visit) -> list[Bubble]:
    """All conditions of the address as removable bubbles."""
    made = []
    if not visit.param("state"):
        made.append(Bubble(t("alerts.not_closed"), visit.here(state=ANY, sel=None)))
    for facet in (*FACETS, *PINNED):
        for values, name, excludes in (
            (visit.many(facet), facet, False),
            (visit.many(f"not_{facet}"), f"not_{facet}", True),
        ):
            if values and values != (ANY,):
                said = "、".join(value_words(facet, "" if value == "none" else value) for value in values)
                key = "alerts.bubble_not" if excludes else "alerts.bubble"
                words = t(key, facet=t(f"alerts.facet.{facet}"), values=said)
                made.append(Bubble(words, visit.here(**{name: None, "sel": None}), excludes))
    if visit.param("q"):
        made.append(Bubble(t("alerts.bubble_text", text=visit.param("q")[:60]), visit.here(q=None, sel=None)))
    return made


def columns(bars: Sequence[Bar], visit: Visit) -> list[Column]:
    """Histogram bars scaled to the tallest."""
    top = max((sum(bar.counts.values()) for bar in bars), default=0) or 1
    return [
        Column(
            tuple((level, bar.counts.get(level, 0) / top * 100) for level in SHOWN if bar.counts.get(level, 0)),
            t("alerts.bar", time=moment(bar.start, visit.zone, visit.now), count=sum(bar.counts.values())),
        )
        for bar in bars
    ]


def group_key(stack: Stack, key: str) -> str:
    """How a stack is named in the address: ``rule~<id>``."""
    return f"{stack}{SEPARATOR}{key}"


def members(name: str, within: AlertFilter) -> AlertFilter | None:
    """The filter of a stack's members, or None where ``name`` is a single alert."""
    facet, separator, key = name.partition(SEPARATOR)
    if not separator or facet not in ("rule", "entity", "system"):
        return None
    return AlertFilter(
        window=within.window, text=within.text, only={**within.only, facet: (key,)}, without=within.without
    )


def raw_json(event: Mapping[str, object]) -> str:
    """An event as one JSON text, its keys in order, moments as RFC 3339."""
    shown = {key: value for key, value in sorted(event.items()) if value is not None}
    return orjson.dumps(shown, default=str, option=orjson.OPT_INDENT_2).decode()


def marked(text: str, why: Sequence[Why]) -> list[tuple[str, bool]]:
    """The text cut into plain and deciding pieces; a piece decides when it is a value that matched."""
    values = {each.decisive or each.actual for each in why}
    needles = sorted((value for value in values if len(value) > 1), key=len, reverse=True)
    pieces: list[tuple[str, bool]] = [(text, False)]
    for needle in needles:
        pieces = [cut for piece, on in pieces for cut in ([(piece, on)] if on else _cut(piece, needle))]
    return pieces


def _cut(text: str, needle: str) -> list[tuple[str, bool]]:
    made: list[tuple[str, bool]] = []
    for index, piece in enumerate(text.split(needle)):
        if index:
            made.append((needle, True))
        if piece:
            made.append((piece, False))
    return made
