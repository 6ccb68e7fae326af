"""The graph as pages and the API ask it: one node's surroundings, reach and harm, and the digest of the whole."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from analytics.graph.choke import least_cut
from analytics.graph.digest import Digest, Way
from analytics.graph.exposure import blast_radius, exposure_map, paths, reach
from analytics.graph.impact import Cause, impact, root_causes
from analytics.graph.kept import FILE, read_kept
from analytics.graph.seams import Kind, Node
from analytics.graph.typed import TypedGraph
from infra.errors import AppError, ErrorKind
from infra.exchange import Edge

MOST_NODES = 300
MOST_HOPS = 6


class NodeView(msgspec.Struct, frozen=True, kw_only=True):
    """One node with what the graph says of it."""

    id: str
    kind: Kind
    label: str
    value: float
    jewel: bool
    exposure: float
    way: tuple[str, ...]
    blast: float
    reached: dict[str, int]
    harms: dict[str, float]


class Near(msgspec.Struct, frozen=True):
    """Surroundings of a node: nearest first, capped; ``cut`` says that there are more."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    cut: bool


class GraphDesk:
    """Reads what the worker keeps in ``folder``; a newer file is taken when it is there. Blocks."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._read: tuple[int, TypedGraph, Digest] | None = None

    def digest(self) -> Digest | None:
        """Of the whole site; None before the first refresh."""
        found = self._now()
        return found[1] if found else None

    def node(self, node: str, hops: int = 3) -> NodeView:
        """One node; ``AppError(NOT_FOUND)``."""
        graph = self._graph(node)
        number, exposed = graph.index[node], exposure_map(graph)
        level = reach(graph.costs, [number], _bounded(hops))
        reached: dict[str, int] = {}
        for other in (level > 0).nonzero()[0].tolist():
            kind = str(graph.nodes[other].kind)
            reached[kind] = reached.get(kind, 0) + 1
        one = graph.nodes[number]
        return NodeView(
            id=one.id,
            kind=one.kind,
            label=one.label,
            value=one.value,
            jewel=one.jewel,
            exposure=float(exposed.probability[number]),
            way=tuple(graph.nodes[step].id for step in exposed.path(number)),
            blast=blast_radius(graph, node, _bounded(hops)),
            reached=reached,
            harms=dict(list(impact(graph, [node]).items())[:50]),
        )

    def near(self, node: str, hops: int = 1, most: int = 60) -> Near:
        """What surrounds a node either way."""
        graph = self._graph(node)
        most = max(2, min(most, MOST_NODES))
        nodes, edges = graph.neighbourhood(node, max(1, min(hops, 3)), most)
        return Near(tuple(nodes), tuple(edges), len(nodes) >= most)

    def ways(self, jewel: str, most: int = 5) -> list[Way]:
        """The likeliest ways from outside to a node."""
        graph = self._graph(jewel)
        return [Way(way.nodes, way.probability) for way in paths(graph, jewel, max(1, min(most, 20)))]

    def harm(self, failed: Sequence[str]) -> dict[str, float]:
        """Who is harmed, how likely, when all of ``failed`` fail."""
        graph = self._graph(*failed)
        return impact(graph, list(failed))

    def causes(self, ill: Sequence[str]) -> list[Cause]:
        """Single failures that explain why all of ``ill`` are ill."""
        return root_causes(self._graph(*ill), list(ill))

    def cut(self) -> tuple[float, list[tuple[str, str]]]:
        """The cheapest edges that part outside from every jewel."""
        return least_cut(self._graph())

    def find(self, words: str, most: int = 20) -> list[Node]:
        """Nodes whose id or label has ``words`` in it, jewels and shorter ids first."""
        found, sought = self._now(), words.casefold()
        if found is None:
            return []
        hits = [node for node in found[0].nodes if sought in node.id.casefold() or sought in node.label.casefold()]
        return sorted(hits, key=lambda node: (not node.jewel, len(node.id), node.id))[:most]

    def _graph(self, *wanted: str) -> TypedGraph:
        found = self._now()
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.graph.none_yet", place="graph")
        for node in wanted:
            if node not in found[0].index:
                raise AppError(ErrorKind.NOT_FOUND, "analytics.graph.no_node", place=node[:200])
        return found[0]

    def _now(self) -> tuple[TypedGraph, Digest] | None:
        with self._lock:
            try:
                stamp = self._path.stat().st_mtime_ns
                if self._read is None or self._read[0] != stamp:
                    self._read = (stamp, *read_kept(self._path))
            except FileNotFoundError:
                return None
            return self._read[1], self._read[2]


def _bounded(hops: int) -> int:
    return max(1, min(hops, MOST_HOPS))
