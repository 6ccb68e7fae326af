"""Ways by buckets are the ways networkx finds, whatever the weights; an impassable edge is no way."""

from itertools import pairwise

import networkx
import numpy as np
import pytest
from scipy.sparse import csr_array

from analytics.graph import exposure as ways
from analytics.graph.exposure import Exposure, exposure
from tests.unit.analytics.graph.worlds import random_graph


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every graph counts as large here."""
    monkeypatch.setattr(ways, "LARGE", 0)


def by_networkx(costs: csr_array, starts: list[int]) -> dict[int, float]:
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(costs.shape[0]))
    table = costs.tocoo()
    edges = zip(table.row.tolist(), table.col.tolist(), table.data.tolist(), strict=True)
    graph.add_weighted_edges_from(edge for edge in edges if np.isfinite(edge[2]))
    found: dict[int, float] = networkx.multi_source_dijkstra_path_length(graph, set(starts))
    return found


def agree(found: Exposure, costs: csr_array, starts: list[int]) -> None:
    wanted = by_networkx(costs, starts)
    assert {n for n in range(costs.shape[0]) if np.isfinite(found.cost[n])} == set(wanted)
    assert all(abs(found.cost[node] - cost) <= 1e-9 for node, cost in wanted.items())
    for node in wanted:
        steps = found.path(node)
        assert steps[0] in starts
        total = sum(costs[a, b] for a, b in pairwise(steps))
        assert total == pytest.approx(wanted[node], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_the_ways_are_those_of_networkx(seed: int) -> None:
    graph = random_graph(150, 700, seed)
    agree(exposure(graph.costs, graph.outside), graph.costs, graph.outside.tolist())


@pytest.mark.parametrize("spread", [0.0, 1.0, 12.0])
def test_weights_of_any_spread(spread: float) -> None:
    graph = random_graph(120, 600, 9)
    costs = graph.costs.copy()
    costs.data = np.exp(np.random.default_rng(1).normal(0, spread, costs.nnz))
    costs.data[::17] = np.inf
    agree(exposure(costs, graph.outside), costs, graph.outside.tolist())


def test_no_edges_and_repeated_starts() -> None:
    empty = csr_array((4, 4))
    found = exposure(empty, np.array([1, 1, 3]))
    assert np.isfinite(found.cost).tolist() == [False, True, False, True]
    assert found.path(3) == [3]
