"""Impact runs upwards along dependencies; the root cause is the lower thing that explains all that is ill."""

import pytest

from analytics.graph.impact import impact, root_causes
from analytics.graph.lateral import judge_new_edges
from analytics.graph.observed import Observed, account_id
from analytics.graph.seams import DEPENDS, Kind, Node
from analytics.graph.typed import build
from infra.exchange import Edge


class Site:
    def nodes(self):
        for i in range(3):
            yield Node(f"licence{i}", Kind.BUSINESS, 1.0)
            yield Node(f"app{i}", Kind.APPLICATION)
        yield Node("db", Kind.DATA, 1.0, jewel=True)
        yield Node("storage", Kind.ASSET)
        yield Node("net", Kind.OUTSIDE)

    def edges(self):
        for i in range(3):
            yield Edge(f"licence{i}", f"app{i}", DEPENDS, 1.0)
            yield Edge(f"app{i}", f"vm{i}", DEPENDS, 0.9)
        for i in range(2):
            yield Edge(f"app{i}", "db", DEPENDS, 0.8)
        yield Edge("db", "storage", DEPENDS, 0.9)


@pytest.fixture
def site():
    return build([Site()])


def test_harm_is_the_product_along_the_likeliest_chain(site) -> None:
    harm = impact(site, ["storage"])
    assert harm == pytest.approx({"db": 0.9, "app0": 0.72, "app1": 0.72, "licence0": 0.72, "licence1": 0.72})
    assert impact(site, ["licence0"]) == {}


def test_the_common_dependency_is_the_cause(site) -> None:
    causes = root_causes(site, ["licence0", "licence1", "app0", "app1", "db"])
    assert causes[0].node in ("db", "storage")
    assert {cause.node for cause in causes[:2]} == {"db", "storage"}
    single = root_causes(site, ["licence2", "app2"])[0]
    assert single.node in ("app2", "vm2")


def test_dependencies_are_no_attack_way(site) -> None:
    assert site.costs.nnz == 0
    assert site.needs.nnz == 9


def test_a_step_sideways_is_odder_than_a_colleague(site) -> None:
    teams = [(f"u{i}", f"h{i % 5 + 5 * (i // 10)}", 3) for i in range(20)]
    teams += [(f"u{i}", f"h{(i + 1) % 5 + 5 * (i // 10)}", 3) for i in range(20)]
    flows = [("h9", "db", 5432, 50)]
    graph = build([Site(), Observed(logins=teams, flows=flows)])
    usual = (account_id("u1"), "h3", 0.6)
    sideways = (account_id("u1"), "h9", 0.6)
    judged = judge_new_edges(graph, [usual, sideways])
    assert judged[0].target == "h9"
    assert judged[0].company < judged[1].company
    assert judged[0].nearer > 0
    unknown = judge_new_edges(graph, [("stranger", "nowhere", 0.5)])[0]
    assert unknown.company == 0


def test_the_neighbourhood_is_capped(site) -> None:
    nodes, edges = site.neighbourhood("db", hops=2, most=4)
    assert len(nodes) <= 4
    assert nodes[0].id == "db"
    assert {edge.source for edge in edges} <= {node.id for node in nodes}
