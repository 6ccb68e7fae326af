"""The tree against a naive reading of RFC 6962, published roots, and forged proofs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.ledger.tree import (
    STRIDE,
    Frontier,
    Tree,
    leaf_hash,
    sha256,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.infra.ledger import naive

LEAVES = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Roots of the first 1 to 8 ``LEAVES``: the published vectors of the Certificate Transparency project."""


class Kept:
    """Grows a frontier and keeps what the database would keep."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.frontier = Frontier(sha256)
        self.nodes: dict[tuple[int, int], bytes] = {}
        for place, leaf in enumerate(leaves):
            node = leaf_hash(sha256, leaf)
            self.nodes[0, place] = node
            for level, at, inner in self.frontier.append(node):
                assert level % STRIDE == 0
                self.nodes[level, at] = inner

    def tree(self, size: int) -> Tree:
        return Tree(sha256, size, lambda level, first, count: [self.nodes[level, first + i] for i in range(count)])


def node_of(leaf: bytes) -> bytes:
    return leaf_hash(sha256, leaf)


def many(size: int) -> list[bytes]:
    return [b"leaf %d" % place for place in range(size)]


def test_published_roots():
    for size, root in enumerate(ROOTS, start=1):
        assert Kept(LEAVES[:size]).frontier.root().hex() == root
        assert naive.mth(LEAVES[:size]).hex() == root


@given(st.integers(0, 700))
def test_root_and_resumed_frontier_agree_with_the_definition(size):
    leaves = many(size)
    kept = Kept(leaves)
    assert kept.frontier.root() == naive.mth(leaves)
    resumed = kept.tree(size).frontier()
    assert (resumed.size, resumed.subtrees) == (size, kept.frontier.subtrees)


@given(st.integers(1, 700), st.data())
def test_inclusion(size, data):
    leaves = many(size)
    place = data.draw(st.integers(0, size - 1))
    kept, root = Kept(many(data.draw(st.integers(size, 800)))), naive.mth(leaves)
    path = kept.tree(size).inclusion(place)
    assert path == naive.path(place, leaves)
    node = leaf_hash(sha256, leaves[place])
    assert verify_inclusion(sha256, node, place, size, path, root)
    other = data.draw(st.integers(0, size))
    if other != place:
        assert not verify_inclusion(sha256, node, other, size, path, root)
    assert not verify_inclusion(sha256, node, place, size, [*path, root], root)
    assert not path or not verify_inclusion(sha256, node, place, size, path[:-1], root)


@given(st.integers(1, 700), st.data())
def test_consistency(size, data):
    leaves, old = many(size), data.draw(st.integers(1, size))
    old_root, root = naive.mth(leaves[:old]), naive.mth(leaves)
    path = Kept(leaves).tree(size).consistency(old)
    assert path == naive.proof(old, leaves)
    assert verify_consistency(sha256, old, size, old_root, root, path)
    assert not verify_consistency(sha256, old, size, sha256(old_root), root, path)
    assert not verify_consistency(sha256, old, size, old_root, sha256(root), path)
    assert not verify_consistency(sha256, old, size, old_root, root, [*path, root])
    if path:
        assert not verify_consistency(sha256, old, size, old_root, root, path[:-1])


@given(st.integers(2, 200), st.data())
def test_one_flipped_bit_in_a_proof_is_seen(size, data):
    leaves = many(size)
    tree, root = Kept(leaves).tree(size), naive.mth(leaves)
    place, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    for path, check in (
        (
            tree.inclusion(place),
            lambda p: verify_inclusion(sha256, node_of(leaves[place]), place, size, p, root),
        ),
        (tree.consistency(old), lambda p: verify_consistency(sha256, old, size, naive.mth(leaves[:old]), root, p)),
    ):
        at, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        node = int.from_bytes(path[at]) ^ 1 << bit
        assert check(path)
        assert not check([*path[:at], node.to_bytes(32), *path[at + 1 :]])


@pytest.mark.parametrize(("place", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_the_tree_is_no_member(place, size):
    assert not verify_inclusion(sha256, bytes(32), place, size, [], bytes(32))
    with pytest.raises(IndexError):
        Kept(many(size)).tree(size).inclusion(place)
