"""B09: packages that contradict themselves: a child away from its parent, two packers, two parents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import Pack, PackAction


def broken_packages(desk: Desk) -> Iterator[Finding]:
    """B09, in the three ways it shows; each parent is told once."""
    seen: set[str] = set()
    for parent, span, events in (*_two_parents(desk), *_two_packers(desk), *_child_alone(desk)):
        if parent not in seen:
            seen.add(parent)
            yield finding("B09", "code", parent, span, events, 0.92, "broken_package", parent=parent)


Break = tuple[str, tuple[float, float], list[str]]


def _two_parents(desk: Desk) -> Iterator[Break]:
    """A child is packed into another parent although it never left the first."""
    packing, codes = desk.book.codes.packing, desk.book.codes
    order = np.lexsort((packing.begins, packing.child))
    one, two = order[:-1], order[1:]
    clash = (
        (packing.child[one] == packing.child[two])
        & (packing.parent[one] != packing.parent[two])
        & (packing.unpacked[one] > packing.begins[two])
    )
    for first, second in zip(one[clash].tolist(), two[clash].tolist(), strict=True):
        events = [codes.packs[packing.event[row]].id for row in (second, first)]
        span = (float(packing.begins[first]), float(packing.begins[second]))
        yield codes.name(int(packing.parent[second])), span, events


def _two_packers(desk: Desk) -> Iterator[Break]:
    """A parent is packed by a second party although it was never unpacked."""
    by_parent: defaultdict[str, list[Pack]] = defaultdict(list)
    for pack in desk.book.codes.packs:
        by_parent[pack.parent].append(pack)
    for parent, packs in by_parent.items():
        for one, two in pairwise(packs):
            both = one.action is PackAction.PACK and two.action is PackAction.PACK
            if both and one.party != two.party:
                span = (one.time.timestamp() * 1000, two.time.timestamp() * 1000)
                yield parent, span, [two.id, one.id]


def _child_alone(desk: Desk) -> Iterator[Break]:
    """A child is named by itself while its parent, still closed, is elsewhere or moves on afterwards."""
    lines, codes = desk.book.lines, desk.book.codes
    packing = codes.packing
    by_child = np.argsort(packing.child, kind="stable")
    children = packing.child[by_child]
    moved = np.flatnonzero(~lines.inbound[codes.named_line]) if lines.n else np.zeros(0, dtype=np.int64)
    code, line = codes.named_code[moved], codes.named_line[moved]
    first = np.searchsorted(children, code, side="left")
    many = np.searchsorted(children, code, side="right") - first
    row = np.repeat(np.arange(len(code)), many)
    held = by_child[np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first, many)]
    time = lines.time[line[row]]
    inside = (packing.begins[held] < time) & (time < packing.ends[held]) & (packing.unpacked[held] > time)
    moves = _moves_of_parents(desk)
    for at, which in zip(row[inside].tolist(), held[inside].tolist(), strict=True):
        parent, child_line = int(packing.parent[which]), int(line[at])
        stay = (int(packing.begins[which]), int(packing.unpacked[which]))
        other = _elsewhere(desk, moves.get(parent, []), child_line, stay)
        if other is not None:
            moments = sorted((float(lines.time[child_line]), float(lines.time[other])))
            events = [*lines.ids[child_line], *lines.ids[other], codes.packs[packing.event[which]].id]
            yield codes.name(parent), (moments[0], moments[1]), events


def _moves_of_parents(desk: Desk) -> dict[int, list[int]]:
    """Lines that name each parent as a whole, births left out, by time."""
    lines, codes = desk.book.lines, desk.book.codes
    chosen = np.flatnonzero(codes.parents[codes.named_code] & (lines.kind[codes.named_line] != 101))
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row in chosen.tolist():
        found[int(codes.named_code[row])].append(int(codes.named_line[row]))
    return found


def _elsewhere(desk: Desk, moves: list[int], child_line: int, stay: tuple[int, int]) -> int | None:
    """The line of the parent that contradicts the child's line."""
    lines = desk.book.lines
    moment, party = int(lines.time[child_line]), int(lines.party[child_line])
    inside = [line for line in moves if stay[0] <= lines.time[line] < stay[1] and line != child_line]
    before = [line for line in inside if lines.time[line] <= moment]
    after = [line for line in inside if lines.time[line] > moment]
    if before and (lines.party[before[-1]] != party or not lines.inbound[before[-1]]):
        return before[-1]
    return next((line for line in after if not lines.inbound[line]), None)


DETECTORS = (broken_packages,)
