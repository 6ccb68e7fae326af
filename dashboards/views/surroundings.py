"""The drawing of a node's surroundings: who reaches it to the left, what it reaches to the right, by steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Link = tuple[str, str]
DEEPEST = 6
TALLEST = 12
"""Nodes in one column; a column that would be higher goes on beside itself."""


def columns(centre: str, links: Sequence[Link], nodes: Sequence[str]) -> dict[str, int]:
    """Signed steps from ``centre``: negative for what reaches it, positive for what it reaches; nodes no way leads to
    stand one step to the right."""
    ahead: dict[str, list[str]] = {}
    behind: dict[str, list[str]] = {}
    for start, end in links:
        ahead.setdefault(start, []).append(end)
        behind.setdefault(end, []).append(start)
    place = {centre: 0}
    for step, ways in ((1, ahead), (-1, behind)):
        front, column = [centre], 0
        while front and abs(column) < DEEPEST:
            column += step
            front = [
                n for each in front for n in ways.get(each, ()) if n not in place and not place.update({n: column})
            ]
    for node in nodes:
        place.setdefault(node, 1)
    return place


def surroundings(
    centre: str,
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[Mapping[str, Any]],
    href: Callable[[str], str],
) -> dict[str, Any]:
    """Nodes (id, kind, words, level) with places in percent and edges (from, to, words, level), as the script draws."""
    place = columns(centre, [(edge["from"], edge["to"]) for edge in edges], [node["id"] for node in nodes])
    stacks: list[list[Mapping[str, Any]]] = []
    for column in sorted(set(place.values())):
        mine = [node for node in nodes if place[node["id"]] == column]
        stacks += [mine[start : start + TALLEST] for start in range(0, len(mine), TALLEST)]
    drawn = [
        {
            **node,
            "x": round(100 * (number + 0.5) / len(stacks), 2),
            "y": round(100 * (row + 0.5) / len(stack), 2),
            "href": href(str(node["id"])),
        }
        for number, stack in enumerate(stacks)
        for row, node in enumerate(stack)
    ]
    return {"nodes": drawn, "edges": list(edges)}
