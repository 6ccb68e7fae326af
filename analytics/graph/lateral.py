"""Is a new edge a step sideways? Ends that share no company, and a way to a jewel that became shorter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from analytics.graph.exposure import Exposure, to_jewels
from analytics.graph.typed import Floats, Ints, TypedGraph


@dataclass(frozen=True, slots=True)
class NewEdge:
    """``company`` is how much the ends' neighbours have in common (0-1), ``nearer`` by how many nats the source came
    closer to a jewel, ``surprise`` the sum of both in nats; higher is odder."""

    source: str
    target: str
    company: float
    nearer: float
    surprise: float


def judge_new_edges(graph: TypedGraph, edges: list[tuple[str, str, float]]) -> list[NewEdge]:
    """Judge (source, target, probability) triples that are not in ``graph`` yet, oddest first."""
    links = csr_array((np.ones(graph.costs.nnz), graph.costs.indices, graph.costs.indptr), shape=graph.costs.shape)
    both = csr_array((links + links.T) > 0).astype(float)
    degree = np.asarray(both.sum(axis=1)).ravel()
    jewels = to_jewels(graph)
    found = [_judge(graph, both, degree, jewels, *edge) for edge in edges]
    return sorted(found, key=lambda edge: (-edge.surprise, edge.source, edge.target))


def _judge(
    graph: TypedGraph, both: csr_array, degree: Floats, jewels: Exposure, source: str, target: str, probability: float
) -> NewEdge:
    s, t = graph.index.get(source), graph.index.get(target)
    cost = -float(np.log(max(probability, 1e-9)))
    company = _company(both, degree, s, t) if s is not None and t is not None else 0.0
    ahead = cost + float(jewels.cost[t]) if t is not None else np.inf
    behind = float(jewels.cost[s]) if s is not None else np.inf
    nearer = max(min(behind, 20.0) - min(ahead, 20.0), 0.0)
    return NewEdge(source, target, company, nearer, -float(np.log(company + 0.02)) + nearer)


def _company(both: csr_array, degree: Floats, s: int, t: int) -> float:
    """Of the neighbours of ``t``, weighted by rarity (Adamic, Adar 2003), the share near ``s`` or its neighbours."""
    mine = np.union1d(_near(both, s), [s])
    theirs = _near(both, t)
    if len(theirs) == 0:
        return 0.0
    weight = 1.0 / np.log(degree[theirs] + 2.0)
    reached = np.unique(np.concatenate([_near(both, int(n)) for n in mine[:500]]))
    known = np.isin(theirs, reached) | np.isin(theirs, mine)
    return float(weight[known].sum() / weight.sum())


def _near(both: csr_array, node: int) -> Ints:
    return np.asarray(both.indices[both.indptr[node] : both.indptr[node + 1]], dtype=np.int64)
