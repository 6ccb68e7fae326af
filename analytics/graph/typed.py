"""The typed graph: arrays and sparse matrices are the truth, a networkx graph is made from them where one is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analytics.graph.seams import DEPENDS, GraphSource, Kind, Node
from infra.exchange import Edge

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOP_COST = 1e-6
"""Added to every edge: of two equally likely paths the shorter one is told, and no edge costs nothing."""


class TypedGraph:
    """Nodes by number. ``source``, ``target``, ``probability``, ``kind`` describe edges, at most one of each kind.

    The attack matrix holds ``-ln(probability) + HOP_COST`` of every edge that is no dependency; between two nodes the
    likeliest counts. The dependency matrix holds probabilities of ``depends`` edges.
    """

    def __init__(
        self, nodes: Sequence[Node], source: Ints, target: Ints, probability: Floats, kind: Ints, kinds: Sequence[str]
    ) -> None:
        self.nodes, self.kinds = list(nodes), list(kinds)
        self.source, self.target, self.probability, self.kind = source, target, probability, kind

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def index(self) -> dict[str, int]:
        """Number of each node by its id."""
        return {node.id: number for number, node in enumerate(self.nodes)}

    @cached_property
    def values(self) -> Floats:
        """Value of each node."""
        return np.array([node.value for node in self.nodes])

    @cached_property
    def jewels(self) -> Ints:
        """Numbers of the nodes that must not be reached."""
        return np.array([number for number, node in enumerate(self.nodes) if node.jewel], dtype=np.int64)

    @cached_property
    def outside(self) -> Ints:
        """Numbers of the nodes an attack starts from."""
        return np.array([number for number, node in enumerate(self.nodes) if node.kind is Kind.OUTSIDE], dtype=np.int64)

    @cached_property
    def costs(self) -> csr_array:
        """The attack matrix."""
        depends = self.kinds.index(DEPENDS) if DEPENDS in self.kinds else -1
        way = (self.kind != depends) & (self.probability > 0)
        cost = -np.log(np.minimum(self.probability[way], 1.0)) + HOP_COST
        return _least(self.source[way], self.target[way], cost, len(self))

    @cached_property
    def reversed_costs(self) -> csr_array:
        """The attack matrix with every edge turned round."""
        return csr_array(self.costs.T)

    @cached_property
    def needs(self) -> csr_array:
        """The dependency matrix: row depends on column."""
        if DEPENDS not in self.kinds:
            return csr_array((len(self), len(self)))
        way = self.kind == self.kinds.index(DEPENDS)
        least = _least(self.source[way], self.target[way], -self.probability[way], len(self))
        least.data *= -1.0
        return least

    @cached_property
    def networkx(self) -> Any:
        """A ``networkx.MultiDiGraph`` with node and edge attributes, for what networkx does best."""
        import networkx

        graph: Any = networkx.MultiDiGraph()
        graph.add_nodes_from((n.id, {"kind": str(n.kind), "value": n.value, "jewel": n.jewel}) for n in self.nodes)
        ids = [node.id for node in self.nodes]
        for s, t, p, k in zip(self.source, self.target, self.probability, self.kind, strict=True):
            graph.add_edge(ids[s], ids[t], key=self.kinds[k], probability=float(p))
        return graph

    def neighbourhood(self, node: str, hops: int = 1, most: int = 100) -> tuple[list[Node], list[Edge]]:
        """Nodes within ``hops`` either way, nearest first and at most ``most``, and the edges among them."""
        found, front = [self.index[node]], {self.index[node]}
        known = set(found)
        for _ in range(hops):
            hit = np.isin(self.source, list(front)) | np.isin(self.target, list(front))
            ends = set(np.unique(np.concatenate([self.source[hit], self.target[hit]])).tolist())
            front = set(sorted(ends - known)[: most - len(found)])
            found += sorted(front)
            known |= front
        inside = np.isin(self.source, found) & np.isin(self.target, found)
        return [self.nodes[number] for number in found], [self._edge(e) for e in np.flatnonzero(inside)[: 20 * most]]

    def _edge(self, number: int) -> Edge:
        s, t = self.nodes[self.source[number]].id, self.nodes[self.target[number]].id
        return Edge(s, t, self.kinds[self.kind[number]], float(self.probability[number]))


def build(sources: Iterable[GraphSource]) -> TypedGraph:
    """One graph from all sources: a node told twice keeps the greater value; an edge to an unknown node makes it an
    asset; of equal edges the likeliest stays."""
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str, str], float] = {}
    for source in sources:
        for node in source.nodes():
            nodes[node.id] = _joined(nodes.get(node.id), node)
        for edge in source.edges():
            key = (edge.source, edge.target, edge.kind)
            edges[key] = max(edges.get(key, 0.0), edge.probability)
    for start, end, _ in edges:
        for name in (start, end):
            nodes.setdefault(name, Node(name, Kind.ASSET))
    index = {name: number for number, name in enumerate(nodes)}
    kinds = sorted({kind for _, _, kind in edges})
    place = {kind: number for number, kind in enumerate(kinds)}
    source_of = np.array([index[start] for start, _, _ in edges], dtype=np.int64)
    target_of = np.array([index[end] for _, end, _ in edges], dtype=np.int64)
    kind_of = np.array([place[kind] for _, _, kind in edges], dtype=np.int64)
    return TypedGraph(list(nodes.values()), source_of, target_of, np.array(list(edges.values())), kind_of, kinds)


def _joined(old: Node | None, new: Node) -> Node:
    if old is None:
        return new
    return Node(old.id, old.kind, max(old.value, new.value), old.jewel or new.jewel, old.label or new.label)


def _least(source: Ints, target: Ints, weight: Floats, n: int) -> csr_array:
    """A square matrix with the least weight of parallel edges (a plain conversion would add them up)."""
    order = np.lexsort((weight, target, source))
    source, target, weight = source[order], target[order], weight[order]
    first = np.ones(len(source), dtype=bool)
    first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    small = (source[first].astype(np.int32), target[first].astype(np.int32))
    return csr_array((weight[first], small), shape=(n, n))
