"""The sparse answers are those of networkx, to 1e-9."""

import networkx as nx
import numpy as np
import pytest

from analytics.graph.exposure import all_blast_radii, blast_radius, exposure_map, paths, reach, to_jewels
from analytics.graph.rank import core_numbers, islands, pagerank
from analytics.graph.typed import HOP_COST, TypedGraph
from tests.unit.analytics.graph.worlds import random_graph


def plain(graph: TypedGraph) -> nx.DiGraph:
    """Built from the raw edges, not from our matrix: parallel edges keep the least cost."""
    out = nx.DiGraph()
    out.add_nodes_from(range(len(graph)))
    for s, t, p in zip(graph.source, graph.target, graph.probability, strict=True):
        cost = -np.log(p) + HOP_COST
        if not out.has_edge(s, t) or cost < out[s][t]["weight"]:
            out.add_edge(int(s), int(t), weight=cost)
    return out


@pytest.fixture(params=range(4))
def world(request) -> tuple[TypedGraph, nx.DiGraph]:
    graph = random_graph(200, 700, request.param)
    return graph, plain(graph)


def test_exposure_is_multi_source_dijkstra(world) -> None:
    graph, oracle = world
    wanted = nx.multi_source_dijkstra_path_length(oracle, set(graph.outside.tolist()))
    got = exposure_map(graph)
    assert {int(n) for n in np.flatnonzero(np.isfinite(got.cost))} == set(wanted)
    assert max(abs(got.cost[n] - cost) for n, cost in wanted.items()) < 1e-9
    back = nx.multi_source_dijkstra_path_length(oracle.reverse(), set(graph.jewels.tolist()))
    assert max(abs(to_jewels(graph).cost[n] - cost) for n, cost in back.items()) < 1e-9


def test_a_path_has_the_probability_it_says(world) -> None:
    graph, oracle = world
    got = exposure_map(graph)
    for jewel in graph.jewels:
        steps = got.path(int(jewel))
        if steps:
            assert steps[0] in graph.outside
            assert nx.path_weight(oracle, steps, "weight") == pytest.approx(got.cost[jewel], abs=1e-9)


def test_k_shortest_are_yens(world) -> None:
    graph, oracle = world
    oracle.add_edges_from(("out", int(o), {"weight": 0.0}) for o in graph.outside)
    for jewel in graph.jewels:
        ours = paths(graph, graph.nodes[jewel].id, 5)
        if not ours:
            assert not nx.has_path(oracle, "out", int(jewel))
            continue
        ways = nx.shortest_simple_paths(oracle, "out", int(jewel), weight="weight")
        wanted = [float(np.exp(-nx.path_weight(oracle, next(ways), "weight"))) for _ in ours]
        np.testing.assert_allclose([path.probability for path in ours], wanted, atol=1e-9)


def test_pagerank_islands_and_cores(world) -> None:
    graph, oracle = world
    links = graph.costs
    wanted = nx.pagerank(oracle, weight="weight", tol=1e-14, max_iter=500)
    np.testing.assert_allclose(pagerank(links), [wanted[n] for n in range(len(graph))], atol=1e-9)
    for strong, parts in ((True, nx.strongly_connected_components), (False, nx.weakly_connected_components)):
        labels = islands(links, strong=strong)
        ours = {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}
        assert ours == {frozenset(part) for part in parts(oracle)}
    flat = oracle.to_undirected()
    flat.remove_edges_from(list(nx.selfloop_edges(flat)))
    cores = nx.core_number(flat)
    assert core_numbers(links).tolist() == [cores[n] for n in range(len(graph))]


def test_reach_and_blast_radius_are_breadth_first(world) -> None:
    graph, oracle = world
    for node in (5, 17):
        wanted = nx.single_source_shortest_path_length(oracle, node, cutoff=3)
        level = reach(graph.costs, [node], 3)
        assert {n: int(level[n]) for n in np.flatnonzero(level >= 0)} == dict(wanted)
        worth = sum(graph.values[n] * 0.5**hop for n, hop in wanted.items())
        assert blast_radius(graph, f"n{node}") == pytest.approx(worth)
    everything = all_blast_radii(graph, block=64)
    np.testing.assert_allclose(everything, [blast_radius(graph, f"n{n}") for n in range(len(graph))])


def test_the_networkx_view_has_every_edge() -> None:
    graph = random_graph(50, 120, 9)
    pairs = set(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    assert {(int(s[1:]), int(t[1:])) for s, t in graph.networkx.edges()} == pairs
