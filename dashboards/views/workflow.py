"""The drawing of a workflow: steps in columns by how far they are from the start, with their state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playbooks.model.flow import Flow

LEVEL_OF = {
    "done": "low", "running": "medium", "waiting": "medium", "failed": "critical", "unknown": "high", "undone": "high",
}  # fmt: skip
MOST = 60


def drawing(tree: Mapping[str, Any], states: Mapping[str, str], href: str) -> dict[str, Any]:
    """Nodes with places in percent and edges, as the page's script draws them."""
    flow = Flow(dict(tree))
    depth = _depths(flow, str(tree["workflow_start"]))
    keys = sorted(depth, key=lambda key: (depth[key], list(flow.steps).index(key)))[:MOST]
    columns: dict[int, list[str]] = {}
    for key in keys:
        columns.setdefault(depth[key], []).append(key)
    wide = max(columns, default=0) + 1
    nodes = [
        {
            "id": key, "kind": str(flow.steps[key]["type"]),
            "words": str(flow.steps[key].get("name") or _short(flow, key)),
            "x": round(100 * (column + 0.5) / wide, 2), "y": round(100 * (row + 0.5) / len(members), 2),
            "level": LEVEL_OF.get(states.get(key, ""), "unknown"), "href": href,
        }
        for column, members in columns.items()
        for row, key in enumerate(members)
    ]  # fmt: skip
    edges = [
        {"from": key, "to": edge.target, "words": str(edge.path[-1]), "level": ""}
        for key in keys
        for edge in flow.edges[key]
        if edge.target in keys
    ]
    return {"nodes": nodes, "edges": edges}


def _short(flow: Flow, key: str) -> str:
    return str(flow.steps[key]["type"]).removesuffix("-condition")


def _depths(flow: Flow, start: str) -> dict[str, int]:
    """Steps from the start, breadth first; branches come before what follows them."""
    depth, row = {start: 0}, [start]
    while row:
        following = []
        for key in row:
            for edge in flow.edges.get(key, ()):
                if edge.target in flow.steps and edge.target not in depth:
                    depth[edge.target] = depth[key] + (1 if edge.branch or not _opens(flow, key) else 2)
                    following.append(edge.target)
        row = following
    return depth


def _opens(flow: Flow, key: str) -> bool:
    return any(edge.branch for edge in flow.edges[key])
