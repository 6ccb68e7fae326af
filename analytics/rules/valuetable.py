"""Which atoms of one field a value meets: worked out once per value, then a dictionary look-up.

A miss costs one exact look-up, one Aho-Corasick pass for every literal of the field, and the full test only of those
atoms whose needed literal was found. A table is bounded in entries and in characters and starts afresh when full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

from ahocorasick_rs import AhoCorasick

from analytics.rules.atoms import LITERAL, MISSING, Op, elements, test, text
from analytics.rules.literals import needed_literal
from analytics.rules.prefilter import RegexPrefilter
from analytics.rules.rule import Atom

MAX_ENTRIES = 50_000
MAX_CHARACTERS = 8_000_000
LONG_VALUE = 1_024
"""Values longer than this are worked out each time: they hardly ever come twice."""
_MANY = 12
"""From this many literals on, an automaton is faster than one look after another."""


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
        self._literals = list(self._found)
        self._entries = [tuple(self._found[word]) for word in self._literals]
        self._automaton = AhoCorasick(self._literals) if len(self._literals) > _MANY else None

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
        folded = value.lower()
        met = set(self._present)
        if folded in self._exact:
            met.update(self._exact[folded])
        if self._entries:
            self._search(value, folded, met)
        for number, meets in self._rest:
            if meets(value):
                met.add(number)
        if self._prefilter:
            met.update(self._prefilter.of(value))
        return met

    def _search(self, value: str, folded: str, met: set[int]) -> None:
        for index in self._indices(folded):
            word = self._literals[index]
            for number, op, meets in self._entries[index]:
                if number in met:
                    continue
                if meets is not None:
                    if meets(value):
                        met.add(number)
                elif (
                    op == Op.CONTAINS
                    or (op == Op.STARTSWITH and folded.startswith(word))
                    or (op == Op.ENDSWITH and folded.endswith(word))
                ):
                    met.add(number)

    def _indices(self, folded: str) -> set[int] | list[int]:
        if self._automaton is None:
            return [index for index, word in enumerate(self._literals) if word in folded]
        return {match[0] for match in self._automaton.find_matches_as_indexes(folded, overlapping=True)}


class ValueTable(dict[Hashable, int]):
    """Value to signature: a small number that stands for the set of atoms the value meets."""

    def __init__(self, meaning: Meaning) -> None:
        super().__init__()
        self._meaning = meaning
        self._numbers: dict[frozenset[int], int] = {frozenset(): 0}
        self.sets: list[frozenset[int]] = [frozenset()]
        self._flags: dict[tuple[type, Any], int] = {}
        self._characters = 0

    def __missing__(self, value: Hashable) -> int:
        if value in (0, 1) and not isinstance(value, str):
            return self._numeral(value)
        signature = self.signature(value)
        if not isinstance(value, str):
            self._keep(value, signature, 16)
        elif len(value) <= LONG_VALUE:
            self._keep(value, signature, len(value))
        return signature

    def signature(self, value: Any) -> int:
        """The signature of a value, worked out."""
        met = self._meaning.of(value)
        number = self._numbers.get(met)
        if number is None:
            number = self._numbers[met] = len(self.sets)
            self.sets.append(met)
        return number

    def _numeral(self, value: Any) -> int:
        """``True`` and ``1`` are one key to a dictionary but read differently: kept apart by type."""
        key = (type(value), value)
        if key not in self._flags:
            self._flags[key] = self.signature(value)
        return self._flags[key]

    def _keep(self, value: Hashable, signature: int, size: int) -> None:
        self._characters += size
        if len(self) >= MAX_ENTRIES or self._characters > MAX_CHARACTERS:
            self.clear()
            self._characters = size
        self[value] = signature
