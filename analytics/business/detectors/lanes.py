"""Flows between parties: new lanes (B14), shells (B17)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from analytics.business.calendar import DAY_MS, HOUR_MS
from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import NoticeType, Role

RETAIL = frozenset({Role.PHARMACY, Role.HOSPITAL, Role.VACCINATION, Role.ONLINE})
_TRADE_OUT = frozenset({"201", "207", "209"})


def new_lane(desk: Desk) -> Iterator[Finding]:
    """B14: a lane first used after the learning time, in volume, between parties with nothing in common."""
    limits, lines = desk.limits["lane"], desk.book.lines
    lanes = _lanes(desk)
    known_until = desk.book.begin + limits["learn_days"] * DAY_MS
    settled = [pair for pair, members in lanes.items() if lines.time[members[0]] < known_until]
    customers, suppliers = _neighbours(settled)
    for (source, target), members in lanes.items():
        if lines.time[members[0]] < known_until or len(members) < limits["least_bills"]:
            continue
        volume = float(lines.quantity[members].sum())
        shared = _shared(customers, suppliers, source, target) + _near(desk, customers, source, target)
        if shared >= limits["common_neighbours"] or _filed(desk, source, target, members):
            continue
        one, two = lines.names[source], lines.names[target]
        ids = [event for line in members for event in lines.ids[line]]
        span = (float(lines.time[members[0]]), float(lines.time[members[-1]]))
        yield finding(
            "B14", "lane", f"{one}>{two}", span, ids, 0.85, "new_lane",
            source=one, target=two, bills=len(members), units=f"{volume:.0f}",
        )  # fmt: skip


Lanes = dict[tuple[int, int], list[int]]


def _lanes(desk: Desk) -> Lanes:
    """Outbound trade lines by (from, to), by time."""
    lines = desk.book.lines
    found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for line in np.flatnonzero(lines.is_kind(_TRADE_OUT) & (lines.target >= 0)).tolist():
        found[(int(lines.party[line]), int(lines.target[line]))].append(line)
    return found


def _neighbours(lanes: Iterable[tuple[int, int]]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Customers and suppliers of each party by lanes that were there before: a new one vouches for no other."""
    customers: defaultdict[int, set[int]] = defaultdict(set)
    suppliers: defaultdict[int, set[int]] = defaultdict(set)
    for source, target in lanes:
        customers[source].add(target)
        suppliers[target].add(source)
    return customers, suppliers


def _shared(customers: dict[int, set[int]], suppliers: dict[int, set[int]], source: int, target: int) -> int:
    """Customers of the source that also buy from a supplier of the target."""
    rivals = suppliers[target] - {source}
    mine = customers[source] - {target}
    return sum(1 for other in mine if suppliers[other] & rivals)


def _near(desk: Desk, customers: dict[int, set[int]], source: int, target: int) -> int:
    """Whether the target is a newcomer near customers of the source."""
    city = _city(desk, target)
    return sum(1 for other in customers[source] if other != target and city and _city(desk, other) == city)


def _city(desk: Desk, number: int) -> str:
    known = desk.book.masters.parties.last(desk.book.lines.names[number])
    return (known.place.city or "") if known and known.place else ""


def _filed(desk: Desk, source: int, target: int, members: list[int]) -> bool:
    lines = desk.book.lines
    one, two = lines.names[source], lines.names[target]
    begins, ends = int(lines.time[members[0]]), int(lines.time[members[-1]])
    return any(
        desk.book.calendar.told((NoticeType.CUSTOMER_FILING,), begins, ends, scopes, 60 * DAY_MS)
        for scopes in ({"lane": f"{one}>{two}"}, {"party": two}, {"party": one})
    )


def shell(desk: Desk) -> Iterator[Finding]:
    """B17: everything that comes in goes out at once, and never to a patient or to who serves patients."""
    limits, lines = desk.limits["shell"], desk.book.lines
    dwell = _dwell(desk)
    for number, name in enumerate(lines.names):
        if desk.book.masters.role(name) is not Role.DISTRIBUTOR:
            continue
        own = lines.party == number
        ins, outs = np.flatnonzero(own & lines.inbound), np.flatnonzero(own & ~lines.inbound)
        if min(len(ins), len(outs)) < limits["least_bills"] or number not in dwell:
            continue
        taken, given = float(lines.quantity[ins].sum()), float(lines.quantity[outs].sum())
        served = {desk.book.masters.role(lines.names[int(t)]) for t in lines.target[outs] if t >= 0}
        through = given / taken if taken else 0.0
        if served & RETAIL or dwell[number] > limits["dwell_hours"] * HOUR_MS or through < limits["through"]:
            continue
        ids = [event for line in np.r_[ins, outs].tolist() for event in lines.ids[line]]
        span = (float(lines.time[own].min()), float(lines.time[own].max()))
        yield finding(
            "B17", "party", name, span, ids, 0.9, "shell", party=name, through=f"{through:.0%}",
            hours=f"{dwell[number] / HOUR_MS:.1f}",
        )  # fmt: skip


def _dwell(desk: Desk) -> dict[int, float]:
    """Median time between taking in and giving out a code, by party."""
    book = desk.custody
    outs = np.flatnonzero(~book.inbound & (book.own_before >= 0))
    outs = outs[book.inbound[book.own_before[outs]]]
    stay = book.time[outs] - book.time[book.own_before[outs]]
    order = np.argsort(book.party[outs], kind="stable")
    parties, starts = np.unique(book.party[outs][order], return_index=True)
    groups = np.split(stay[order], starts[1:]) if len(parties) else []
    return {int(party): float(np.median(group)) for party, group in zip(parties, groups, strict=True)}


DETECTORS = (new_lane, shell)
