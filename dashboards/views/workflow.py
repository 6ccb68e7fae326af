"""The drawing of a workflow: steps in columns by how far they are from the start, with their state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.words import t
from playbooks.library.wording import step_name
from playbooks.model.flow import Flow

LEVEL_OF = {
    "done": "low", "running": "medium", "waiting": "medium", "failed": "critical", "unknown": "high", "undone": "high",
}  # fmt: skip
MOST = 60
PLAIN = {"on_completion", "on_success"}


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
            "id": key, "kind": _kind(flow, key), "words": step_name(str(flow.steps[key].get("name") or "")),
            "x": round(100 * (column + 0.5) / wide, 2), "y": round(100 * (row + 0.5) / len(members), 2),
            "level": LEVEL_OF.get(states.get(key, ""), "unknown"), "href": href,
        }
        for column, members in columns.items()
        for row, key in enumerate(members)
    ]  # fmt: skip
    edges = [
        {"from": key, "to": target, "words": words, "level": ""}
        for key in keys
        for target, words in _ways(flow, key).items()
        if target in keys
    ]
    return {"nodes": nodes, "edges": edges}


def _ways(flow: Flow, key: str) -> dict[str, str]:
    """Where a step leads, with the words of the way; the usual one needs none."""
    ways: dict[str, list[str]] = {}
    for edge in flow.edges[key]:
        ways.setdefault(edge.target, []).append(str(edge.path[-1]))
    return {target: "" if PLAIN & set(names) else " / ".join(map(_way, names)) for target, names in ways.items()}


def _way(name: str) -> str:
    if name in ("on_failure", "on_true", "on_false"):
        return t(f"playbooks.edge.{name}")
    return "" if name.isdigit() else name


def _kind(flow: Flow, key: str) -> str:
    return t(f"playbooks.node.{str(flow.steps[key]['type']).replace('-', '_')}")


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
