"""Figures of the typed graph at 100k nodes and 1M edges, beside networkx in the same run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.figure import Row, figure
from bench.rates import seconds


def large_graph(n: int = 100_000, edges: int = 1_000_000) -> Any:
    """Heavy-tailed degrees and communities of 200 nodes."""
    from analytics.graph.seams import Kind, Node
    from analytics.graph.typed import TypedGraph

    rng = np.random.default_rng(0)
    source = rng.integers(0, n, edges)
    near = source // 200 * 200 + rng.integers(0, 200, edges)
    far = (n * rng.power(0.3, edges)).astype(np.int64)
    target = np.minimum(np.where(rng.random(edges) < 0.7, near, far), n - 1)
    nodes = [Node(str(i), Kind.OUTSIDE if i < 5 else Kind.ASSET, 0.1, jewel=i >= n - 5) for i in range(n)]
    kind = np.zeros(edges, dtype=np.int64)
    return TypedGraph(nodes, source, target, rng.uniform(0.05, 0.95, edges), kind, ["reaches"])


@figure("exposure_map_s", "pagerank_s")
def graph_times() -> Iterator[Row]:
    """Exposure map and PageRank at 100k nodes and 1M edges, answers compared with networkx in the same run."""
    import networkx

    from analytics.graph.exposure import exposure_map
    from analytics.graph.rank import pagerank

    graph = large_graph()
    costs = graph.costs
    peer = networkx.DiGraph()
    peer.add_nodes_from(range(len(graph)))
    table = costs.tocoo()
    peer.add_weighted_edges_from(zip(table.row.tolist(), table.col.tolist(), table.data.tolist(), strict=True))
    began = time.process_time()
    lengths = networkx.multi_source_dijkstra_path_length(peer, set(graph.outside.tolist()))
    slow = time.process_time() - began
    found = exposure_map(graph)
    worst = max(abs(found.cost[node] - cost) for node, cost in lengths.items())
    missing = int(np.isfinite(found.cost).sum()) - len(lengths)
    spent = seconds(lambda: exposure_map(graph))
    yield Row("exposure_map_s", spent, "s", "networkx", slow, slow / spent)
    yield Row("exposure_map_difference", float(worst) + abs(missing), "nats", "networkx")
    began = time.process_time()
    ranks = networkx.pagerank(peer, tol=1e-12, max_iter=300)
    slow = time.process_time() - began
    ours = pagerank(costs)
    spent = seconds(lambda: pagerank(costs, graph.reversed_costs))
    yield Row("pagerank_s", spent, "s", "networkx", slow, slow / spent)
    yield Row("pagerank_difference", float(max(abs(ours[n] - ranks[n]) for n in range(len(ours)))), "", "networkx")
