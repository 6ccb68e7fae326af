"""The drawing of surroundings: sides by direction, columns by steps, everything inside the frame."""

from hypothesis import given
from hypothesis import strategies as st

from dashboards.views.surroundings import TALLEST, columns, surroundings

NAMES = st.sampled_from([f"n{i}" for i in range(30)])


def test_what_reaches_the_node_stands_left_and_what_it_reaches_right() -> None:
    links = [("a", "b"), ("b", "c"), ("c", "d"), ("x", "d")]
    assert columns("c", links, ["a", "b", "c", "d", "x"]) == {"c": 0, "b": -1, "a": -2, "d": 1, "x": 1}


@given(st.lists(st.tuples(NAMES, NAMES), max_size=120))
def test_every_node_is_drawn_once_inside_the_frame(links: list[tuple[str, str]]) -> None:
    names = sorted({"n0", *(name for link in links for name in link)})
    nodes = [{"id": name, "kind": "k", "words": name, "level": ""} for name in names]
    edges = [{"from": a, "to": b, "words": "", "level": ""} for a, b in links]
    drawn = surroundings("n0", nodes, edges, lambda node: "/ui/graph?node=" + node)["nodes"]
    assert sorted(node["id"] for node in drawn) == names
    assert all(0 < node["x"] < 100 and 0 < node["y"] < 100 for node in drawn)
    places = [(node["x"], node["y"]) for node in drawn]
    assert len(set(places)) == len(places)
    assert max(sum(1 for x, _ in places if x == column) for column, _ in places) <= TALLEST
