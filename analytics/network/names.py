"""Names as carriers: tunnels (much data below one domain) and generated domains (many that do not exist and read as
nothing a person would choose).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

from analytics.network.finding import Bounded, Finding, Kind, seconds
from infra.events import Event
from infra.exchange import Level

WINDOW_S, AGAIN_S = 600.0, 3600.0
MOST, MOST_NAMES = 20_000, 400
TUNNEL_NAMES, TUNNEL_LENGTH, TUNNEL_BITS = 40, 24, 3.2
"""So many different names below one domain, so long on average (characters), so mixed (bits per character)."""
GENERATED_DOMAINS, GENERATED_SHARE = 10, 0.6
STRANGE = 0.5
VOWELS = frozenset("aeiouy")
_REVERSE = re.compile(r"(?:\d{1,3}\.){4}")
_AFTER = {
    "b": "kqxz",
    "c": "jvxg",
    "d": "xq",
    "f": "qxvzjb",
    "g": "qxv",
    "h": "xz",
    "j": "cfgqsvwxzbdhklmnprt",
    "k": "qxz",
    "l": "qx",
    "m": "qxz",
    "p": "qvxz",
    "q": "bcdfghjklmnprstvwxyz",
    "r": "x",
    "s": "x",
    "t": "qx",
    "v": "bcdfghjkmnpqtwxz",
    "w": "jqvx",
    "x": "bdgjknqrvwz",
    "y": "q",
    "z": "bcfgjklmnpqrstvx",
}
_RARE = frozenset((one, two) for one, after in _AFTER.items() for two in after)
"""Pairs of letters that hardly stand together in English words or pinyin."""


@dataclass(slots=True)
class _Group:
    names: dict[str, float] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    told: float = -math.inf

    def add(self, name: str, now: float) -> bool:
        """Whether the name is a new one of the window."""
        fresh = name not in self.names
        self.names[name] = now
        if len(self.names) > MOST_NAMES:
            del self.names[next(iter(self.names))]
        return fresh

    def recent(self, now: float) -> list[str]:
        """The names of the window."""
        self.names = {name: moment for name, moment in self.names.items() if now - moment <= WINDOW_S}
        return list(self.names)


class NameWatch:
    """Names asked, by source and domain; domains that do not exist, by source."""

    def __init__(self) -> None:
        self._below: Bounded[_Group] = Bounded(MOST, _Group)
        self._missing: Bounded[_Group] = Bounded(MOST, _Group)

    def see(self, event: Event) -> list[Finding]:
        """Take in a name that was asked or answered."""
        source, name = event.get("source.ip"), str(event.get("dns.question.name") or "")
        domain = str(event.get("dns.question.registered_domain") or "")
        if not source or not domain or domain.endswith(".arpa"):
            return []
        found = [self._tunnel(str(source), name, domain, event)]
        if event.get("dns.response_code") == "NXDOMAIN":
            found.append(self._generated(str(source), domain, event))
        return [one for one in found if one is not None]

    def _tunnel(self, source: str, name: str, domain: str, event: Event) -> Finding | None:
        carried = name[: -len(domain) - 1]
        if not carried:
            return None
        group, now = self._below[source, domain], seconds(event)
        if not group.add(carried, now) or len(group.names) < TUNNEL_NAMES or now - group.told < AGAIN_S:
            return None
        names = group.recent(now)
        if len(names) < TUNNEL_NAMES:
            return None
        length, bits = fmean(map(len, names)), entropy("".join(names).replace(".", ""))
        if length < TUNNEL_LENGTH or bits < TUNNEL_BITS or sum(map(looks_reversed, names)) > len(names) / 2:
            return None
        group.told = now
        numbers = (
            ("dns.question.registered_domain", domain, ""), ("different names", len(names), f">= {TUNNEL_NAMES}"),
            ("characters carried", length, f">= {TUNNEL_LENGTH}"), ("bits per character", bits, f">= {TUNNEL_BITS}"),
        )  # fmt: skip
        return Finding(Kind.DNS_TUNNEL, source, Level.HIGH, numbers)

    def _generated(self, source: str, domain: str, event: Event) -> Finding | None:
        group, now = self._missing[source], seconds(event)
        if not group.add(domain, now) or len(group.names) < GENERATED_DOMAINS or now - group.told < AGAIN_S:
            return None
        domains = group.recent(now)
        odd = [one for one in domains if strangeness(one.split(".")[0]) >= STRANGE]
        if len(domains) < GENERATED_DOMAINS or len(odd) < GENERATED_SHARE * len(domains):
            return None
        group.told = now
        numbers = (
            ("dns.question.registered_domain", ", ".join(odd[-3:]), ""),
            ("domains that do not exist", len(domains), f">= {GENERATED_DOMAINS}"),
            ("unlike any word", len(odd) / len(domains), f">= {GENERATED_SHARE}"),
        )
        return Finding(Kind.GENERATED_DOMAINS, source, Level.HIGH, numbers)


def looks_reversed(name: str) -> bool:
    """Whether the labels are an address backwards, as block lists are asked."""
    return bool(_REVERSE.match(name + "."))


def entropy(text: str) -> float:
    """Bits per character (Shannon)."""
    if not text:
        return 0.0
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def strangeness(label: str) -> float:
    """How little a label reads like words or pinyin, 0 to 1: rare pairs, runs of consonants, digits, length."""
    letters = [one for one in label if one.isalpha()]
    if len(label) < 6 or label.startswith("xn--"):
        return 0.0
    pairs = sum(pair in _RARE for pair in pairwise(label))
    run = longest = 0
    for one in label:
        run = 0 if one in VOWELS or not one.isalpha() else run + 1
        longest = max(longest, run)
    turns = sum(1 for one, two in pairwise(label) if one.isdigit() != two.isdigit())
    vowels = sum(one in VOWELS for one in letters) / max(1, len(letters))
    odd_vowels = max(0.0, abs(vowels - 0.4) - 0.12) * 2.5
    long = max(0.0, len(label) - 12) / 20
    return min(1.0, 0.28 * pairs + 0.16 * max(0, longest - 3) + 0.12 * max(0, turns - 1) + odd_vowels + long)
