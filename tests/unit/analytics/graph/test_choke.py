"""Planted choke points are found, repairs are ranked by what they take away, the cut cuts."""

import networkx as nx
import numpy as np
import pytest

from analytics.graph.choke import choke_points, fixes, least_cut, total_exposure
from analytics.graph.exposure import exposure_map
from analytics.graph.seams import Kind, Node
from analytics.graph.typed import TypedGraph, build
from infra.exchange import Edge


class Planted:
    """Outside -> many front hosts -> one gate (or two) -> many back hosts -> jewels; noise within each side."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.front = [f"front{i}" for i in range(40)]
        self.back = [f"back{i}" for i in range(40)]
        self.gate = "gate"
        self.list = [Edge("internet", f, "reaches", float(rng.uniform(0.2, 0.6))) for f in self.front[:8]]
        for side in (self.front, self.back):
            for _ in range(160):
                a, b = rng.choice(side, 2, replace=False)
                self.list.append(Edge(str(a), str(b), "reaches", float(rng.uniform(0.3, 0.9))))
        self.list += [Edge(str(f), "gate", "reaches", 0.7) for f in rng.choice(self.front, 10, replace=False)]
        self.list += [Edge("gate", "relay", "reaches", 0.7)]
        self.list += [Edge("relay", str(b), "reaches", 0.7) for b in rng.choice(self.back, 10, replace=False)]
        self.list += [Edge(str(b), f"jewel{i}", "reaches", 0.6) for i in range(4) for b in rng.choice(self.back, 3)]

    def nodes(self):
        yield Node("internet", Kind.OUTSIDE)
        for i in range(4):
            yield Node(f"jewel{i}", Kind.DATA, 1.0, jewel=True)

    def edges(self):
        return self.list


def test_the_planted_choke_point_is_in_the_top_five() -> None:
    hits = 0
    for seed in range(20):
        top = [node for node, _ in choke_points(build([Planted(seed)]))[:5]]
        hits += "gate" in top and "relay" in top
    assert hits / 20 >= 0.95


def test_the_best_single_repair_is_the_only_bridge() -> None:
    graph = build([Planted(1)])
    best = fixes(graph)[0]
    assert (best.source, best.target) == ("gate", "relay")
    assert best.after == 0
    assert best.before == pytest.approx(total_exposure(graph, exposure_map(graph)))
    assert set(best.jewels) == {f"jewel{i}" for i in range(4)}


def test_every_repair_equals_building_the_graph_without_the_edge() -> None:
    source = Planted(2)
    for fix in fixes(build([source]), most=5):
        without = Planted(2)
        without.list = [e for e in without.list if (e.source, e.target) != (fix.source, fix.target)]
        graph = build([without])
        assert total_exposure(graph, exposure_map(graph)) == pytest.approx(fix.after, abs=1e-9)


def test_the_cut_parts_outside_from_the_jewels() -> None:
    source = Planted(3)
    graph = build([source])
    value, cut = least_cut(graph)
    assert cut == [("gate", "relay")]
    assert value == pytest.approx(0.7, rel=1e-5)
    rest = nx.DiGraph([(e.source, e.target) for e in source.list if (e.source, e.target) not in set(cut)])
    assert not any(nx.has_path(rest, "internet", f"jewel{i}") for i in range(4))


def test_nothing_reachable_means_nothing_to_fix() -> None:
    empty = np.array([], dtype=np.int64)
    graph = TypedGraph(
        [Node("o", Kind.OUTSIDE), Node("j", Kind.DATA, 1, jewel=True)], empty, empty, np.array([]), empty, []
    )
    assert fixes(graph) == []
    assert choke_points(graph) == []
    assert least_cut(graph) == (0.0, [])
