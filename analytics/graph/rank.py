"""Which nodes matter by how others point at them, and which belong together."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from analytics.graph.typed import Floats, Ints


def pagerank(
    links: csr_array,
    turned: csr_array | None = None,
    damping: float = 0.85,
    tolerance: float = 1e-9,
    rounds: int = 200,
) -> Floats:
    """PageRank by weights (Page, Brin, 1998); nodes without an edge out spread evenly, as in networkx.

    ``turned`` is the transposed matrix where the caller has it; ``tolerance`` the sum of changes in the last round.
    """
    n = links.shape[0]
    if n == 0:
        return np.empty(0)
    totals = np.asarray(links.sum(axis=1)).ravel()
    share = np.divide(1.0, totals, out=np.zeros(n), where=totals > 0)
    dangling = np.flatnonzero(totals == 0)
    onward = csr_array(links.T) if turned is None else turned
    rank = np.full(n, 1.0 / n)
    for _ in range(rounds):
        spread = damping * (onward @ (rank * share))
        spread += (damping * rank[dangling].sum() + 1.0 - damping) / n
        change = np.abs(spread - rank).sum()
        rank = spread
        if change < tolerance:
            break
    return rank


def islands(links: csr_array, *, strong: bool) -> Ints:
    """The number of the component of each node; ``strong``: reachable both ways along the edges."""
    _, labels = connected_components(links, directed=True, connection="strong" if strong else "weak")
    return np.asarray(labels, dtype=np.int64)


def core_numbers(links: csr_array) -> Ints:
    """For each node the greatest k such that it lies in a part where all have k neighbours, edges taken both ways."""
    both = csr_array(links + links.T)
    both.setdiag(0)
    both.eliminate_zeros()
    degree = np.diff(both.indptr).astype(np.int64)
    core = np.zeros(len(degree), dtype=np.int64)
    alive = np.ones(len(degree), dtype=bool)
    k = 0
    while alive.any():
        k = max(k, int(degree[alive].min()))
        front = np.flatnonzero(alive & (degree <= k))
        core[front] = k
        alive[front] = False
        lost = np.concatenate([both.indices[both.indptr[n] : both.indptr[n + 1]] for n in front])
        np.subtract.at(degree, lost, 1)
    return core
