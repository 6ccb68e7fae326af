"""``iptables-save`` and ``ip6tables-save`` (with ``-c`` for counters) as chains."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from ops.controls.firewalls.ruleset import MOST_RULES, Chain, Match, Rule, Verdict, joined, network, span

DEEPEST = 8
LONGEST = 4_096
_COUNTED = re.compile(r"\[(\d+):\d+\]\s+(.*)")
_DENYING = ("DROP", "REJECT")
_BUILT_IN = {"INPUT": "input", "FORWARD": "forward", "OUTPUT": "output"}
_SETS = {"-p": "protocols", "-i": "came_in", "-o": "goes_out", "--ctstate": "states", "--state": "states"}
_ADDRESSES = {"-s": "source", "-d": "target", "--src-range": "source", "--dst-range": "target"}
_PORTS = {
    "--dport": "ports", "--dports": "ports", "--sport": "source_ports", "--sports": "source_ports",
}  # fmt: skip
_QUIET = ("--comment", "--reject-with", "--log-prefix", "--log-level")
"""Options with a value that narrow nothing."""


def read_iptables(text: str) -> list[Chain]:
    """The chains of table filter; ``ValueError`` with the line where it is no such text."""
    policies: dict[str, str] = {}
    rules: dict[str, list[tuple[int, list[str], int | None]]] = {}
    table = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()[:LONGEST]
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":") and table == "filter":
            name, policy, *_ = line[1:].split()
            policies[name] = policy
        elif table == "filter" and line and not line.startswith(("#", "COMMIT")):
            chain, words, packets = _line(number, line)
            rules.setdefault(chain, []).append((number, words, packets))
    if not policies:
        raise ValueError("iptables-save: no table *filter with its chains")
    return [
        Chain(name, hook, Verdict.DENY if policies[name] in _DENYING else Verdict.ACCEPT,
              list(_opened(rules, name, Match(), 0))[:MOST_RULES])
        for name, hook in _BUILT_IN.items() if name in policies
    ]  # fmt: skip


def _line(number: int, line: str) -> tuple[str, list[str], int | None]:
    counted = _COUNTED.fullmatch(line)
    packets, rest = (int(counted[1]), counted[2]) if counted else (None, line)
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise ValueError(f"iptables-save: line {number}: {error}") from None
    if len(words) < 2 or words[0] != "-A":
        raise ValueError(f"iptables-save: line {number}: not a rule: {line[:80]}")
    return words[1], words[2:], packets


def _opened(
    rules: dict[str, list[tuple[int, list[str], int | None]]], chain: str, outer: Match, depth: int
) -> Iterator[Rule]:
    for number, words, packets in rules.get(chain, []):
        match, target = _told(words)
        whole = outer.joined(match)
        if target in rules and depth < DEEPEST:
            yield from _opened(rules, target, whole, depth + 1)
        elif target == "RETURN":
            outer = replace(outer, rest=outer.rest | {f"past {chain}:{number}"})
        else:
            verdict = Verdict.ACCEPT if target == "ACCEPT" else Verdict.DENY if target in _DENYING else Verdict.OTHER
            yield Rule(whole, verdict, f"{chain}:{number}", packets)


def _told(words: list[str]) -> tuple[Match, str]:
    match, target, negated, place = Match(), "", False, 0
    while place < len(words):
        word = words[place]
        value = words[place + 1] if place + 1 < len(words) else ""
        if word == "!":
            negated, place = True, place + 1
            continue
        if word in ("-j", "-g"):
            target, place = value, place + 2
        elif word == "-m" or word in _QUIET:
            place += 2
        elif word.startswith("-"):
            takes = bool(value) and not value.startswith("-") and value != "!"
            match = _narrowed(match, word, value if takes else "", negated=negated)
            place += 2 if takes else 1
        else:
            match = replace(match, rest=match.rest | {word})
            place += 1
        negated = False
    return match, target


def _narrowed(match: Match, option: str, value: str, *, negated: bool) -> Match:
    """With one condition more; one we cannot read counts as text, so that it is never taken for none."""
    name = _SETS.get(option) or _ADDRESSES.get(option) or _PORTS.get(option)
    try:
        if negated or name is None or not value or getattr(match, name) is not None:
            raise ValueError
        if option in _SETS:
            return match.narrowed(**{name: frozenset(value.lower().split(","))})
        read = network if option in _ADDRESSES else _ports
        return match.narrowed(**{name: joined(read(each) for each in value.split(","))})
    except ValueError:
        return replace(match, rest=match.rest | {f"{'! ' if negated else ''}{option} {value}"})


def _ports(text: str) -> tuple[int, int]:
    low, colon, high = text.partition(":")
    return span(int(low or 0), int(high or 65_535) if colon else int(low))
