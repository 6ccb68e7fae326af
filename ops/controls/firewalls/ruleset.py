"""Rules of a packet filter, whatever tool wrote them, and what can be said of them for certain."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

Spans = tuple[tuple[int, int], ...]
"""Inclusive, of addresses (IPv6 behind IPv4) or ports."""
_V6 = 1 << 40
MOST_RULES = 20_000
MOST_EARLIER = 2_000
HOOKS = ("input", "forward")


class Verdict(StrEnum):
    """What a rule does with a packet that meets it; ``other`` leaves it to the rules behind."""

    ACCEPT = "accept"
    DENY = "deny"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Match:
    """What a packet must meet. None is any. ``rest`` holds conditions we only know by their text."""

    source: Spans | None = None
    target: Spans | None = None
    protocols: frozenset[str] | None = None
    source_ports: Spans | None = None
    ports: Spans | None = None
    came_in: frozenset[str] | None = None
    goes_out: frozenset[str] | None = None
    states: frozenset[str] | None = None
    rest: frozenset[str] = frozenset()

    def joined(self, inner: Match) -> Match:
        """Both at once; where both narrow the same thing the inner one is kept, and the outer one as text."""
        told, lost = {}, set()
        for name in _ALL:
            wide, narrow = getattr(self, name), getattr(inner, name)
            told[name] = wide if narrow is None else narrow
            if narrow is not None and wide not in (None, narrow):
                lost.add(f"{name}={wide}")
        return Match(**told, rest=self.rest | inner.rest | lost)

    def narrowed(self, **conditions: Any) -> Match:
        """With these conditions more."""
        return replace(self, **conditions)

    def covers(self, other: Match) -> bool:
        """Whether every packet that meets ``other`` meets this one; False where it cannot be told."""
        spans = all(_holds(getattr(self, name), getattr(other, name)) for name in _SPANS)
        sets = all(_within(getattr(other, name), getattr(self, name)) for name in _SETS)
        return spans and sets and self.rest <= other.rest

    @property
    def anything(self) -> bool:
        """No condition at all."""
        return not self.rest and all(getattr(self, name) is None for name in _ALL)


_SPANS = ("source", "target", "source_ports", "ports")
_SETS = ("protocols", "came_in", "goes_out", "states")
_ALL = (*_SPANS, *_SETS)


@dataclass(frozen=True, slots=True)
class Rule:
    """``packets`` is its counter, None where it counts nothing; ``place`` is where a reader finds it."""

    match: Match
    verdict: Verdict
    place: str
    packets: int | None = None


@dataclass(slots=True)
class Chain:
    """The rules one hook runs through, inner chains opened in place; ``policy`` is what happens at its end."""

    name: str
    hook: str
    policy: Verdict
    rules: list[Rule] = field(default_factory=list)

    @property
    def refuses(self) -> bool:
        """Whether what no rule lets through is refused."""
        closing = any(rule.verdict is Verdict.DENY and rule.match.anything for rule in self.rules)
        return closing or self.policy is Verdict.DENY


@dataclass(frozen=True, slots=True)
class Account:
    """What can be said of a whole rule set; lists name rules."""

    default_deny: bool
    stateful: bool
    five_tuple: bool
    any_any: tuple[str, ...]
    shadowed: tuple[str, ...]
    unused: tuple[str, ...] | None


def account(chains: Sequence[Chain]) -> Account:
    """Of all chains at the hooks that guard the machine and what lies behind it."""
    guards = [chain for chain in chains if chain.hook in HOOKS]
    rules = [rule for chain in guards for rule in chain.rules]
    accepting = [rule for rule in rules if rule.verdict is Verdict.ACCEPT]
    counted = [rule for rule in accepting if rule.packets is not None]
    asked = [rule for rule in accepting if not _usual(rule.match)]
    return Account(
        default_deny=all(any(chain.refuses for chain in guards if chain.hook == hook) for hook in HOOKS),
        stateful=any(_follows(rule.match) for rule in accepting),
        five_tuple=bool(asked) and all(_says_who_and_what(rule.match) for rule in asked),
        any_any=tuple(rule.place for rule in accepting if rule.match.anything),
        shadowed=tuple(place for chain in guards for place in _shadowed(chain.rules)),
        unused=tuple(rule.place for rule in counted if not rule.packets) if counted else None,
    )


def _usual(match: Match) -> bool:
    """Loopback, answers to what was let through, and ICMP: no service is opened by them."""
    icmp = match.protocols is not None and match.protocols <= {"icmp", "icmpv6", "ipv6-icmp", "1", "58"}
    return match.came_in == frozenset({"lo"}) or _follows(match) or icmp


def _follows(match: Match) -> bool:
    return match.states is not None and match.states <= {"established", "related"}


def _says_who_and_what(match: Match) -> bool:
    who = match.source is not None or match.target is not None
    return who and match.protocols is not None and (match.ports is not None or match.source_ports is not None)


def _shadowed(rules: Sequence[Rule]) -> list[str]:
    """Rules that no packet reaches, because an earlier one takes all of theirs."""
    found: list[str] = []
    earlier: list[Match] = []
    for rule in rules:
        if any(match.covers(rule.match) for match in earlier):
            found.append(rule.place)
        elif rule.verdict is not Verdict.OTHER and len(earlier) < MOST_EARLIER and not _at_times(rule.match):
            earlier.append(rule.match)
    return found


def _at_times(match: Match) -> bool:
    """Whether the same packet may meet it now and not a moment later."""
    return any(word in text for text in match.rest for word in ("limit", "quota", "recent", "statistic", "time"))


def _holds(outer: Spans | None, inner: Spans | None) -> bool:
    if outer is None:
        return True
    return inner is not None and all(any(a <= low and high <= b for a, b in outer) for low, high in inner)


def _within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def network(text: str) -> tuple[int, int]:
    """An address, a network, or ``low-high`` as a span; ``ValueError`` for anything else."""
    low, dash, high = text.partition("-")
    if dash:
        return _number(ipaddress.ip_address(low)), _number(ipaddress.ip_address(high))
    net = ipaddress.ip_network(text, strict=False)
    return _number(net.network_address), _number(net.broadcast_address)


def _number(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return int(address) + (_V6 if address.version == 6 else 0)


def span(low: int, high: int) -> tuple[int, int]:
    """Ports from ``low`` to ``high``; ``ValueError`` where there are none."""
    if not 0 <= low <= high <= 65_535:
        raise ValueError(f"{low}-{high}")
    return low, high


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Sorted, neighbours merged."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)
