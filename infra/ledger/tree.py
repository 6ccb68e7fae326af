"""The hash tree of RFC 6962 section 2.1 (same as RFC 9162): leaves, heads, inclusion and consistency proofs.

Nothing here knows of a database or of the product: a verifier needs this file and ``hashlib`` only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Digest = Callable[[bytes], bytes]
"""A hash function from bytes to a digest."""

RangeReader = Callable[[int, int, int], Sequence[bytes]]
"""``(level, first, count)``: ``count`` neighbouring node hashes of ``level`` (0 or a multiple of ``STRIDE``)."""

STRIDE = 8
"""Levels between those whose nodes are kept; one kept node covers 256 of the kept level below."""


SM3_PRESENT = "sm3" in hashlib.algorithms_available
_EMPTY_SM3 = hashlib.new("sm3") if SM3_PRESENT else None


def sha256(data: bytes) -> bytes:
    """SHA-256 (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905); only where ``SM3_PRESENT``. A copy of an empty state costs less than looking the name up."""
    assert _EMPTY_SM3 is not None
    state = _EMPTY_SM3.copy()
    state.update(data)
    return state.digest()


def leaf_hash(digest: Digest, leaf: bytes) -> bytes:
    """Hash of a leaf: ``H(0x00 || leaf)``."""
    return digest(b"\x00" + leaf)


def node_hash(digest: Digest, left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: ``H(0x01 || left || right)``."""
    return digest(b"\x01" + left + right)


class Frontier:
    """The right edge of a growing tree: the hashes of its perfect subtrees, largest first."""

    def __init__(self, digest: Digest, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        self._digest = digest
        self.size = size
        self.subtrees = list(subtrees)

    def append(self, leaf: bytes) -> Sequence[tuple[int, int, bytes]]:
        """Take one leaf hash in; the inner nodes it completes that are to be kept, as (level, place, hash)."""
        node, level, size, digest, subtrees = leaf, 0, self.size, self._digest, self.subtrees
        kept: Sequence[tuple[int, int, bytes]] = ()
        while size >> level & 1:
            node = digest(b"\x01" + subtrees.pop() + node)
            level += 1
            if level % STRIDE == 0:
                kept = [*kept, (level, size >> level, node)]
        subtrees.append(node)
        self.size = size + 1
        return kept

    def root(self) -> bytes:
        """The tree head; of an empty tree the hash of nothing."""
        if not self.subtrees:
            return self._digest(b"")
        node = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            node = node_hash(self._digest, left, node)
        return node


class Tree:
    """Reads a kept tree of ``size`` leaves through ``reader``; a proof reads some hundred nodes, never all."""

    def __init__(self, digest: Digest, size: int, reader: RangeReader) -> None:
        self._digest = digest
        self.size = size
        self._read = reader

    def frontier(self) -> Frontier:
        """The right edge, ready to grow on."""
        subtrees, start = [], 0
        for level in range(self.size.bit_length() - 1, -1, -1):
            if self.size >> level & 1:
                subtrees.append(self._perfect(start, level))
                start += 1 << level
        return Frontier(self._digest, self.size, subtrees)

    def root(self) -> bytes:
        """The tree head."""
        return self.frontier().root()

    def inclusion(self, leaf: int) -> list[bytes]:
        """Audit path of ``leaf`` (RFC 6962 section 2.1.1), from the leaf upwards."""
        if not 0 <= leaf < self.size:
            raise IndexError(leaf)
        path, start, end = [], 0, self.size
        while end - start > 1:
            middle = start + split(end - start)
            if leaf < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Proof that the tree of ``old`` leaves is the beginning of this one (RFC 6962 section 2.1.2)."""
        if not 0 < old <= self.size:
            raise IndexError(old)
        path, start, end, whole = [], 0, self.size, True
        while old != end:
            middle = start + split(end - start)
            if old <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._range(start, end))
        return path[::-1]

    def _range(self, start: int, end: int) -> bytes:
        count = end - start
        if count & (count - 1) == 0:
            return self._perfect(start, count.bit_length() - 1)
        middle = start + split(count)
        return node_hash(self._digest, self._range(start, middle), self._range(middle, end))

    def _perfect(self, start: int, level: int) -> bytes:
        """Hash of the perfect subtree of 2**level leaves from ``start`` on."""
        kept = level - level % STRIDE
        nodes = list(self._read(kept, start >> kept, 1 << (level - kept)))
        while len(nodes) > 1:
            nodes = [node_hash(self._digest, *nodes[i : i + 2]) for i in range(0, len(nodes), 2)]
        return nodes[0]


def split(count: int) -> int:
    """The largest power of two below ``count`` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def verify_inclusion(digest: Digest, leaf: bytes, place: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Is the leaf with hash ``leaf`` at ``place`` of the tree with ``size`` and ``root``? (RFC 9162 2.1.3.2)"""
    if not 0 <= place < size:
        return False
    at, last, node = place, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(digest, sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(digest, node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(
    digest: Digest, old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]
) -> bool:
    """Is the tree of ``old`` leaves the beginning of the one of ``size``? (RFC 9162 2.1.4.2)"""
    if not 0 < old <= size:
        return False
    if old == size:
        return not path and old_root == root
    nodes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not nodes:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node_hash(digest, node, older), node_hash(digest, node, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(digest, newer, node)
        at, last = at >> 1, last >> 1
    return last == 0 and older == old_root and newer == root
