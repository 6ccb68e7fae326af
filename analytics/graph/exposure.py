"""Who can be reached from outside, how likely, by which path, and what lies within reach of a node.

Costs are -ln(probability that the step succeeds), so that the cheapest path is the likeliest one
(attack graphs after Noel, Jajodia, "Managing attack graph complexity through visual hierarchical aggregation", 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from analytics.graph.typed import Floats, Ints, TypedGraph

LARGE = 50_000
"""Edges from which on ways are found by the compiled buckets."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """``cost`` from the nearest start to each node (inf: not reachable) and ``before``, the node before it (-9999)."""

    cost: Floats
    before: Ints

    @property
    def probability(self) -> Floats:
        """Of the likeliest path to each node."""
        return np.exp(-self.cost)

    def path(self, node: int) -> list[int]:
        """The nodes of the likeliest path, start first; empty where there is none."""
        if not np.isfinite(self.cost[node]):
            return []
        steps = [node]
        while self.before[steps[-1]] >= 0:
            steps.append(int(self.before[steps[-1]]))
        return steps[::-1]


@dataclass(frozen=True, slots=True)
class Path:
    """One way to a jewel: ids from the start to it, and the probability of the whole way."""

    nodes: tuple[str, ...]
    probability: float


def exposure(costs: csr_array, starts: Ints) -> Exposure:
    """The cheapest way from any of ``starts`` to every node; one run for all of them."""
    if len(starts) == 0:
        n = costs.shape[0]
        return Exposure(np.full(n, np.inf), np.full(n, -9999))
    if costs.nnz >= LARGE:
        return _in_buckets(costs, starts)
    cost, before, _ = dijkstra(costs, directed=True, indices=starts, min_only=True, return_predecessors=True)
    return Exposure(cost, before)


def _in_buckets(costs: csr_array, starts: Ints) -> Exposure:
    """The same on a large graph, where the compiled way is worth its loading."""
    from analytics.graph.buckets import cheapest, widths

    n = costs.shape[0]
    cost, before = np.full(n, np.inf), np.full(n, -9999, dtype=np.int64)
    width, many = widths(costs.data)
    cheapest(costs.indptr, costs.indices, costs.data, np.asarray(starts, dtype=np.int64), width, many, cost, before)
    return Exposure(cost, before)


def exposure_map(graph: TypedGraph) -> Exposure:
    """From outside to every node."""
    return exposure(graph.costs, graph.outside)


def to_jewels(graph: TypedGraph) -> Exposure:
    """From every node to the nearest jewel; ``path`` then runs from the jewel backwards."""
    return exposure(graph.reversed_costs, graph.jewels)


def paths(graph: TypedGraph, jewel: str, most: int = 5) -> list[Path]:
    """The ``most`` likeliest simple paths from outside to ``jewel``, by Yen's algorithm on the part between them."""
    import networkx

    goal = graph.index[jewel]
    start = exposure_map(graph)
    if not np.isfinite(start.cost[goal]):
        return []
    between = _between(graph, start, goal, slack=6.0)
    ways: Any = networkx.DiGraph()
    sub = graph.costs[between][:, between].tocoo()
    ways.add_weighted_edges_from(zip(between[sub.row], between[sub.col], sub.data, strict=True))
    ways.add_weighted_edges_from(("outside", int(o), 0.0) for o in graph.outside if o in ways)
    found = []
    for steps in networkx.shortest_simple_paths(ways, "outside", goal, weight="weight"):
        ids = tuple(graph.nodes[step].id for step in steps[1:])
        found.append(Path(ids, float(np.exp(-networkx.path_weight(ways, steps, "weight")))))
        if len(found) == most:
            break
    return found


def _between(graph: TypedGraph, start: Exposure, goal: int, slack: float, most: int = 3000) -> Ints:
    """Nodes on some path at most ``slack`` dearer than the cheapest one; the ``most`` best where there are more."""
    back = exposure(graph.reversed_costs, np.array([goal]))
    through = start.cost + back.cost
    fit = np.flatnonzero(through <= start.cost[goal] + slack)
    return np.sort(fit[np.argsort(through[fit], kind="stable")[:most]])


def reach(costs: csr_array, starts: Sequence[int] | Ints, hops: int) -> Ints:
    """For each node the number of steps from the nearest start, -1 beyond ``hops``."""
    level = np.full(costs.shape[0], -1, dtype=np.int64)
    front = np.unique(np.asarray(starts, dtype=np.int64))
    level[front] = 0
    for hop in range(1, hops + 1):
        begins, ends = costs.indptr[front], costs.indptr[front + 1]
        near = costs.indices[_ranges(begins, ends)]
        front = np.unique(near[level[near] < 0])
        level[front] = hop
    return level


def blast_radius(graph: TypedGraph, node: str, hops: int = 3, damping: float = 0.5) -> float:
    """Value within ``hops`` of ``node``, each step further worth ``damping`` times as much; the node itself counts."""
    level = reach(graph.costs, [graph.index[node]], hops)
    hit = level >= 0
    return float((graph.values[hit] * damping ** level[hit]).sum())


def all_blast_radii(graph: TypedGraph, hops: int = 3, damping: float = 0.5, block: int = 512) -> Floats:
    """The same for every node at once, by sparse reachability in blocks."""
    links = csr_array((np.ones(graph.costs.nnz, dtype=np.float32), graph.costs.indices, graph.costs.indptr))
    links = csr_array(links, shape=graph.costs.shape)
    totals = np.empty(len(graph))
    for start in range(0, len(graph), block):
        numbers = np.arange(start, min(start + block, len(graph)))
        totals[numbers] = _block_radii(links, graph.values, numbers, hops, damping)
    return totals


def _block_radii(links: csr_array, values: Floats, numbers: Ints, hops: int, damping: float) -> Floats:
    many, n = len(numbers), links.shape[0]
    seen = np.zeros((many, n), dtype=bool)
    seen[np.arange(many), numbers] = True
    totals = values[numbers].copy()
    rows, columns = np.arange(many), numbers
    for hop in range(1, hops + 1):
        begins, ends = links.indptr[columns], links.indptr[columns + 1]
        near = links.indices[_ranges(begins, ends)]
        owner = np.repeat(rows, ends - begins)
        fresh = ~seen[owner, near]
        owner, near = owner[fresh], near[fresh]
        seen[owner, near] = True
        key = np.unique(owner.astype(np.int64) * n + near)
        rows, columns = key // n, key % n
        totals += damping**hop * np.bincount(rows, weights=values[columns], minlength=many)
    return totals


def _ranges(begins: Ints, ends: Ints) -> Ints:
    """All numbers of all half-open ranges, one after another."""
    lengths = ends - begins
    total = int(lengths.sum())
    if total == 0:
        return np.empty(0, dtype=np.int64)
    offsets = np.repeat(begins - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return np.asarray(offsets + np.arange(total), dtype=np.int64)
