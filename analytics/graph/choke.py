"""Where to cut: the one edge whose repair lowers exposure most, the nodes all paths go through, the least cut.

Exposure is the sum over jewels of value times the probability of the likeliest path from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from analytics.graph.exposure import Exposure, exposure, exposure_map
from analytics.graph.typed import Floats, Ints, TypedGraph


@dataclass(frozen=True, slots=True)
class Fix:
    """Repairing ``source -> target`` lowers exposure from ``before`` to ``after``; it lies on the way to ``jewels``."""

    source: str
    target: str
    before: float
    after: float
    jewels: tuple[str, ...]

    @property
    def gain(self) -> float:
        """What the repair takes away."""
        return self.before - self.after


def total_exposure(graph: TypedGraph, found: Exposure) -> float:
    """Sum over jewels; a jewel without a value counts as 1."""
    return float((_worth(graph) * found.probability[graph.jewels]).sum())


def fixes(graph: TypedGraph, most: int = 10, tried: int = 200) -> list[Fix]:
    """The best repairs of one edge, by trying each edge of the likeliest paths (the ``tried`` that carry most)."""
    now = exposure_map(graph)
    before = total_exposure(graph, now)
    carried = _carried(graph, now)
    answers = []
    for (start, end), jewels in sorted(carried.items(), key=lambda item: -_weight(graph, now, item[1]))[:tried]:
        after = total_exposure(graph, _without(graph, start, end))
        names = tuple(graph.nodes[jewel].id for jewel in jewels)
        answers.append(Fix(graph.nodes[start].id, graph.nodes[end].id, before, after, names))
    return sorted(answers, key=lambda fix: (-fix.gain, fix.source, fix.target))[:most]


def choke_points(graph: TypedGraph, slack: float = 3.0) -> list[tuple[str, float]]:
    """Nodes by the share of exposure that goes through them, over all paths at most ``slack`` dearer than the best.

    Counted like betweenness: on the graph of near-best steps, the flow from outside splits at each node by how likely
    the rest of each way is, and is summed over jewels.
    """
    start = exposure_map(graph)
    flow = np.zeros(len(graph))
    for jewel, worth in zip(graph.jewels, _worth(graph), strict=True):
        if np.isfinite(start.cost[jewel]):
            flow += worth * np.exp(-start.cost[jewel]) * _through(graph, start, int(jewel), slack)
    flow[graph.jewels] = 0.0
    flow[graph.outside] = 0.0
    order = np.argsort(-flow, kind="stable")
    return [(graph.nodes[n].id, float(flow[n])) for n in order if flow[n] > 0]


def least_cut(graph: TypedGraph) -> tuple[float, list[tuple[str, str]]]:
    """The cheapest set of edges that parts outside from every jewel; an edge costs its probability."""
    import networkx

    reached = np.isfinite(exposure_map(graph).cost)
    leads = np.isfinite(exposure(graph.reversed_costs, graph.jewels).cost)
    kept = np.flatnonzero(reached & leads)
    sub = graph.costs[kept][:, kept].tocoo()
    ways: Any = networkx.DiGraph()
    for s, t, cost in zip(kept[sub.row], kept[sub.col], sub.data, strict=True):
        ways.add_edge(int(s), int(t), capacity=float(np.exp(-cost)))
    ways.add_nodes_from(["outside", "jewels"])
    ways.add_edges_from(("outside", int(o)) for o in graph.outside if reached[o] and leads[o])
    ways.add_edges_from((int(j), "jewels") for j in graph.jewels if reached[j] and leads[j])
    value, (near, far) = networkx.minimum_cut(ways, "outside", "jewels")
    cut = [(s, t) for s in near for t in ways[s] if t in far]
    return float(value), sorted((graph.nodes[s].id, graph.nodes[t].id) for s, t in cut)


def _worth(graph: TypedGraph) -> Floats:
    values = graph.values[graph.jewels]
    return np.where(values > 0, values, 1.0)


def _carried(graph: TypedGraph, found: Exposure) -> dict[tuple[int, int], list[int]]:
    """Edges of the likeliest paths with the jewels behind them."""
    edges: dict[tuple[int, int], list[int]] = {}
    for jewel in graph.jewels:
        steps = found.path(int(jewel))
        for pair in pairwise(steps):
            edges.setdefault(pair, []).append(int(jewel))
    return edges


def _weight(graph: TypedGraph, found: Exposure, jewels: list[int]) -> float:
    return float(found.probability[jewels].sum())


def _without(graph: TypedGraph, start: int, end: int) -> Exposure:
    """Exposure with one edge made impassable, and back."""
    costs = graph.costs
    begin, stop = costs.indptr[start], costs.indptr[start + 1]
    place = begin + int(np.flatnonzero(costs.indices[begin:stop] == end)[0])
    kept = costs.data[place]
    costs.data[place] = np.inf
    try:
        return exposure(costs, graph.outside)
    finally:
        costs.data[place] = kept


def _through(graph: TypedGraph, start: Exposure, jewel: int, slack: float) -> Floats:
    """Share of the flow to one jewel that passes each node, following steps that come nearer to it."""
    back = exposure(graph.reversed_costs, np.array([jewel])).cost
    near = np.flatnonzero(start.cost + back <= start.cost[jewel] + slack)
    order = near[np.argsort(-back[near], kind="stable")]
    flow = np.zeros(len(graph))
    sources: Ints = graph.outside[np.isfinite(back[graph.outside])]
    pull = np.exp(-back[sources])
    flow[sources] = pull / pull.sum()
    for node in order:
        if node == jewel or flow[node] == 0.0:
            continue
        begin, stop = graph.costs.indptr[node], graph.costs.indptr[node + 1]
        ahead, cost = graph.costs.indices[begin:stop], graph.costs.data[begin:stop]
        onward = back[ahead] < back[node]
        onward &= start.cost[node] + cost + back[ahead] <= start.cost[jewel] + slack
        if onward.any():
            pull = np.exp(-(cost[onward] + back[ahead[onward]]))
            flow[ahead[onward]] += flow[node] * pull / pull.sum()
    return flow
