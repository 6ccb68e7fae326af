"""Literals: those a pattern cannot do without, and all of a field found in a value in one pass.

What is looked for first keeps most values from ever meeting an expression.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from ahocorasick_rs import AhoCorasick

from analytics.rules.atoms import Op, regex, wildcard_parts
from analytics.rules.prefilter import hyperscan
from analytics.rules.regextree import codes, parse_regex
from analytics.rules.rule import Atom

_MANY = 12
"""From this many literals on, an automaton is faster than one look after another."""
_WORTHWHILE = 400
"""Characters searched per literal before the slower-built, faster-searching database is made."""


class LiteralFinder:
    """Which of many literals (lower-cased) a text contains when lower-cased.

    Aho-Corasick at first; once much text has passed, Hyperscan where it is installed, which reads ASCII without
    lower-casing it first. The answers are the same.
    """

    def __init__(self, literals: Sequence[str]) -> None:
        self._literals = literals
        self._automaton: AhoCorasick | None = None
        self._scan: Any = None
        self._patience = _WORTHWHILE * max(len(literals), 100) if hyperscan is not None and literals else -1
        self._found: list[int] = []

    def find(self, value: str) -> Collection[int]:
        """The indices of the literals in ``value``."""
        if self._scan is not None and value.isascii():
            return self._scanned(value)
        if self._patience > 0:
            self._patience -= len(value)
            if self._patience <= 0 and self._build() and value.isascii():
                return self._scanned(value)
        folded = value.lower()
        if len(self._literals) <= _MANY:
            return [index for index, word in enumerate(self._literals) if word in folded]
        if self._automaton is None:
            self._automaton = AhoCorasick(self._literals)
        return {match[0] for match in self._automaton.find_matches_as_indexes(folded, overlapping=True)}

    def _build(self) -> bool:
        plain = [(index, word) for index, word in enumerate(self._literals) if word.isascii()]
        if not plain:
            return False
        database = hyperscan.Database()
        try:
            database.compile(
                expressions=[re.escape(word).encode() for _, word in plain],
                ids=[index for index, _ in plain],
                elements=len(plain),
                flags=[hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_CASELESS] * len(plain),
            )
        except hyperscan.error:
            return False
        self._scan = database.scan
        return True

    def _scanned(self, value: str) -> Collection[int]:
        found: list[int] = []
        self._found = found
        self._scan(value.encode(), match_event_handler=self._note)
        return found

    def _note(self, number: int, *_: Any) -> None:
        self._found.append(number)


def needed_literal(atom: Atom) -> str:
    """The longest literal, lower-cased, that every value meeting ``atom`` contains; '' where none is certain."""
    if atom.op == Op.WILDCARD:
        return max((part for part in wildcard_parts(atom.value) if part), key=len, default="").lower()
    if atom.op == Op.REGEX:
        pattern = regex(atom.value)
        found = max(_runs(parse_regex(pattern.pattern, pattern.flags)), key=len, default="")
        return found if found.isascii() else ""
    return ""


def _runs(tree: Any) -> list[str]:
    """Literal runs of the parts that must be there, in lower case."""
    runs = [""]
    for code, argument in tree:
        if code is codes.LITERAL:
            runs[-1] += chr(argument).lower()
            continue
        if code is codes.SUBPATTERN and not argument[1] and not argument[2]:
            runs += _runs(argument[3])
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT) and argument[0] >= 1:
            runs += _runs(argument[2])
        runs.append("")
    return runs
