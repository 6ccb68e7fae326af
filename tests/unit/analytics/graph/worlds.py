"""Random typed graphs for the tests."""

import numpy as np

from analytics.graph.seams import Kind, Node
from analytics.graph.typed import TypedGraph


def random_graph(n: int, edges: int, seed: int, jewels: int = 3, outside: int = 2) -> TypedGraph:
    rng = np.random.default_rng(seed)
    nodes = [Node(f"n{i}", Kind.ASSET, float(rng.random())) for i in range(n)]
    for i in range(outside):
        nodes[i] = Node(f"n{i}", Kind.OUTSIDE)
    for i in range(n - jewels, n):
        nodes[i] = Node(f"n{i}", Kind.DATA, 1.0, jewel=True)
    source, target = rng.integers(0, n, edges), rng.integers(0, n, edges)
    return TypedGraph(
        nodes, source, target, rng.uniform(0.05, 1.0, edges), np.zeros(edges, dtype=np.int64), ["reaches"]
    )
