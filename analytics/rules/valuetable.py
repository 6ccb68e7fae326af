"""Which atoms of one field a value meets: worked out once per value, then a dictionary look-up.

A miss costs one exact look-up, one Aho-Corasick pass for every literal of the field, and the full test only of those
atoms whose needed literal was found. A table is bounded in entries and in characters and starts afresh when full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence
from typing import Any

from analytics.rules.atoms import LITERAL, MISSING, Op, elements, test, text
from analytics.rules.literals import LiteralFinder, needed_literal
from analytics.rules.prefilter import RegexPrefilter
from analytics.rules.rule import Atom

MAX_ENTRIES = 50_000
MAX_CHARACTERS = 64_000_000
"""Characters all tables of a matcher hold together."""
LONG_VALUE = 65_536
"""Values longer than this are remembered by their hash."""


class Meaning:
    """The atoms of one field, ready to be tested together. ``atoms`` are pairs of number and atom."""

    def __init__(self, atoms: Sequence[tuple[int, Atom]]) -> None:
        self.missing = frozenset(number for number, atom in atoms if atom.op in (Op.NULL, Op.ABSENT))
        self.null = frozenset(number for number, atom in atoms if atom.op in (Op.NULL, Op.EXISTS))
        self._present = [number for number, atom in atoms if atom.op == Op.EXISTS]
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._found: defaultdict[str, list[tuple[int, str, Any]]] = defaultdict(list)
        self._rest: list[tuple[int, Any]] = []
        regexes: list[tuple[int, Atom]] = []
        for number, atom in atoms:
            if atom.op == Op.REGEX and not needed_literal(atom):
                regexes.append((number, atom))
            elif atom.op not in (Op.NULL, Op.EXISTS, Op.ABSENT):
                self._take(number, atom)
        self._prefilter = RegexPrefilter(regexes) if regexes else None
        self._longest = max(map(len, self._exact), default=-1) * 2
        """Lower case may shorten a text, though never to less than half."""
        self._literals = list(self._found)
        self._whole = [tuple(one[0] for one in self._found[word] if _sure(one)) for word in self._literals]
        self._doubtful = {
            index: tuple(one for one in self._found[word] if not _sure(one))
            for index, word in enumerate(self._literals)
            if not all(map(_sure, self._found[word]))
        }
        self._finder = LiteralFinder(self._literals)

    def _take(self, number: int, atom: Atom) -> None:
        folded = atom.value.lower()
        if atom.op == Op.EQ and not atom.cased:
            self._exact[folded].append(number)
        elif atom.op in LITERAL and not atom.cased and atom.op != Op.EQ:
            if folded:
                self._found[folded].append((number, atom.op, None))
            else:
                self._present.append(number)
        elif needed := folded if atom.op in LITERAL else needed_literal(atom):
            self._found[needed].append((number, "", test(atom)))
        else:
            self._rest.append((number, test(atom)))

    def of(self, value: Any) -> frozenset[int]:
        """The numbers of the atoms that ``value`` meets."""
        if type(value) is str:
            return frozenset(self._of_text(value))
        if value is MISSING:
            return self.missing
        met: set[int] = set()
        items = list(elements(value))
        for item in items:
            met |= self.null if item is None else self._of_text(text(item))
        return frozenset(met) if items else self.null

    def _of_text(self, value: str) -> set[int]:
        met = set(self._present)
        if len(value) <= self._longest and (folded := value.lower()) in self._exact:
            met.update(self._exact[folded])
        if self._literals and (found := self._finder.find(value)):
            self._sift(value, found, met)
        for number, meets in self._rest:
            if meets(value):
                met.add(number)
        if self._prefilter:
            met.update(self._prefilter.of(value))
        return met

    def _sift(self, value: str, found: Collection[int], met: set[int]) -> None:
        """Of the atoms whose literal was found, those that hold."""
        doubtful = self._doubtful
        folded = ""
        for index in found:
            met.update(self._whole[index])
            if index in doubtful:
                folded = folded or value.lower()
                word = self._literals[index]
                for number, op, meets in doubtful[index]:
                    if meets is not None:
                        if meets(value):
                            met.add(number)
                    elif folded.startswith(word) if op == Op.STARTSWITH else folded.endswith(word):
                        met.add(number)


def _sure(entry: tuple[int, str, Any]) -> bool:
    """Whether an atom holds as soon as its literal is found."""
    return entry[1] == Op.CONTAINS and entry[2] is None


class Budget:
    """How many characters the tables of one matcher may hold together; when they would hold more, all start afresh."""

    __slots__ = ("_held", "_limit", "_used")

    def __init__(self, limit: int = MAX_CHARACTERS) -> None:
        self._limit = limit
        self._used = 0
        self._held: list[dict[Hashable, int]] = []

    def admit(self, known: dict[Hashable, int]) -> None:
        """Count a table in."""
        self._held.append(known)

    def spend(self, size: int) -> None:
        """Make room for ``size`` characters."""
        self._used += size
        if self._used > self._limit:
            for known in self._held:
                known.clear()
            self._used = size


class ValueTable:
    """Value to signature: a small number that stands for the set of atoms the value meets.

    ``known`` is read directly by generated code; what it does not hold is asked of ``look``.
    """

    __slots__ = ("_aside", "_budget", "_meaning", "_mixed", "_numbers", "known", "sets")

    def __init__(self, meaning: Meaning, budget: Budget | None = None) -> None:
        self.known: dict[Hashable, int] = {}
        self._meaning = meaning
        self._budget = budget or Budget()
        self._budget.admit(self.known)
        self._numbers: dict[frozenset[int], int] = {frozenset(): 0}
        self.sets: list[frozenset[int]] = [frozenset()]
        self._aside: dict[Hashable, int] = {}
        self._mixed = any(self.signature(flag) != self.signature(int(flag)) for flag in (True, False))

    def look(self, value: Hashable) -> int:
        """The signature of a value, remembered."""
        if isinstance(value, str):
            if len(value) > LONG_VALUE:
                return self._set_aside((hash(value), len(value)), value)
            size = len(value)
        elif self._mixed and value in (0, 1):
            return self._set_aside((type(value), value), value)
        else:
            size = 16
        signature = self.known.get(value)
        if signature is None:
            signature = self.signature(value)
            self._keep(value, signature, size)
        return signature

    def meets(self, value: Any) -> frozenset[int]:
        """The atoms a value meets, worked out and not remembered."""
        return self._meaning.of(value)

    def signature(self, value: Any) -> int:
        """The signature of a value, worked out."""
        met = self._meaning.of(value)
        number = self._numbers.get(met)
        if number is None:
            number = self._numbers[met] = len(self.sets)
            self.sets.append(met)
        return number

    def _set_aside(self, key: Hashable, value: Any) -> int:
        """Long values by their hash (64 bits, keyed per process); and, where it matters, ``True`` apart from ``1``."""
        signature = self._aside.get(key)
        if signature is None:
            if len(self._aside) >= MAX_ENTRIES:
                self._aside.clear()
            signature = self._aside[key] = self.signature(value)
        return signature

    def _keep(self, value: Hashable, signature: int, size: int) -> None:
        if len(self.known) >= MAX_ENTRIES:
            self.known.clear()
        self._budget.spend(size)
        self.known[value] = signature
