"""Certificate policies as a graph: the work grows with the number of policies, never with the number of paths.

Source: RFC 9618, which replaces the tree of RFC 5280 clause 6.1.2 (a) that grows exponentially.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trust.validation.extension import ANY_POLICY


@dataclass(slots=True, eq=False)
class Node:
    """A policy that holds down to one depth: what the next certificate may call it, and the nodes it comes from."""

    policy: str
    expected: set[str]
    parents: list[Node] = field(default_factory=list)


class PolicyGraph:
    """The graph of one path. ``levels[i]`` maps a policy to its node at depth i; None everywhere once it is empty."""

    def __init__(self) -> None:
        self.levels: list[dict[str, Node]] = [{ANY_POLICY: Node(ANY_POLICY, {ANY_POLICY})}]

    @property
    def empty(self) -> bool:
        """Does no policy hold any more?"""
        return not self.levels

    def clear(self) -> None:
        """No policy holds any more (certificate without policies)."""
        self.levels = []

    def descend(self, policies: frozenset[str], any_allowed: bool) -> None:
        """Go one certificate down, RFC 9618 clause 5.2 (d)."""
        if self.empty:
            return
        above = self.levels[-1]
        by_expected: dict[str, list[Node]] = {}
        for node in above.values():
            for expected in node.expected:
                by_expected.setdefault(expected, []).append(node)
        level: dict[str, Node] = {}
        for policy in policies - {ANY_POLICY}:
            parents = by_expected.get(policy) or ([above[ANY_POLICY]] if ANY_POLICY in above else [])
            if parents:
                level[policy] = Node(policy, {policy}, list(parents))
        if ANY_POLICY in policies and any_allowed:
            for policy, parents in by_expected.items():
                if policy not in level:
                    level[policy] = Node(policy, {policy}, list(parents))
        self.levels.append(level)
        self._prune()

    def map(self, pairs: tuple[tuple[str, str], ...], allowed: bool) -> None:
        """Apply policy mappings of the certificate just gone through, RFC 9618 clause 5.3 (b)."""
        if self.empty:
            return
        targets: dict[str, set[str]] = {}
        for issuer, subject in pairs:
            targets.setdefault(issuer, set()).add(subject)
        level = self.levels[-1]
        for issuer, subjects in targets.items():
            if not allowed:
                level.pop(issuer, None)
            elif issuer in level:
                level[issuer].expected = subjects
            elif ANY_POLICY in level:
                level[issuer] = Node(issuer, subjects, list(level[ANY_POLICY].parents))
        self._prune()

    def _prune(self) -> None:
        """Forget nodes without a child; the graph is empty when the lowest level is."""
        if not self.levels[-1]:
            self.clear()
            return
        for depth in range(len(self.levels) - 1, 0, -1):
            living = {id(parent) for node in self.levels[depth].values() for parent in node.parents}
            self.levels[depth - 1] = {key: node for key, node in self.levels[depth - 1].items() if id(node) in living}

    def authority_policies(self) -> set[str]:
        """Policies the authorities vouch for, in the words of the anchor's domain; RFC 9618 clause 5.4 (g)."""
        if self.empty:
            return set()
        found = {
            node.policy
            for level in self.levels[1:]
            for node in level.values()
            if node.policy != ANY_POLICY and any(parent.policy == ANY_POLICY for parent in node.parents)
        }
        return found | ({ANY_POLICY} if ANY_POLICY in self.levels[-1] else set())


def user_policies(authority: set[str], wanted: frozenset[str]) -> set[str]:
    """The policies the user accepts out of those the authorities vouch for."""
    if ANY_POLICY in wanted:
        return authority
    found = authority & wanted
    return found | wanted if ANY_POLICY in authority else found
