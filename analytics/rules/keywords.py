"""Keywords: atoms that look at every value of an event. One pass over all its text finds whether any could hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ahocorasick_rs import AhoCorasick

from analytics.rules.atoms import LITERAL, test, text
from analytics.rules.literals import needed_literal
from analytics.rules.rule import Atom

ADMINISTRATIVE = ("event.id", "event.ingested", "event.created", "event.hash", "ecs.version")
"""Values the platform writes itself: never searched, nor is anything below ``yaodun.`` but the overflow."""
_SEPARATOR = "\x1f"
MAX_DEPTH = 8


class Keywords:
    """The keyword atoms of a class."""

    def __init__(self, atoms: Sequence[tuple[int, Atom]]) -> None:
        self._tests = {number: test(atom) for number, atom in atoms}
        self._by_word: dict[str, list[int]] = {}
        self._always: list[int] = []
        for number, atom in atoms:
            word = atom.value.lower() if atom.op in LITERAL else needed_literal(atom)
            if word:
                self._by_word.setdefault(word, []).append(number)
            else:
                self._always.append(number)
        self._words = list(self._by_word)
        self._automaton = AhoCorasick(self._words)
        self._numbers: dict[frozenset[int], int] = {frozenset(): 0}
        self.sets: list[frozenset[int]] = [frozenset()]

    def signature(self, record: Mapping[str, Any]) -> int:
        """A small number for the set of keywords the record holds."""
        met = self.met(record)
        number = self._numbers.get(met)
        if number is None:
            number = self._numbers[met] = len(self.sets)
            self.sets.append(met)
        return number

    def met(self, record: Mapping[str, Any]) -> frozenset[int]:
        """The numbers of the keyword atoms that some value of the record meets."""
        values = list(searched_texts(record))
        whole = _SEPARATOR.join(values).lower()
        found = {match[0] for match in self._automaton.find_matches_as_indexes(whole, overlapping=True)}
        candidates = [number for index in found for number in self._by_word[self._words[index]]] + self._always
        return frozenset(number for number in candidates if any(map(self._tests[number], values)))


def searched_texts(record: Mapping[str, Any]) -> Iterator[str]:
    """The texts a keyword is looked for in."""
    for name, value in record.items():
        if name in ADMINISTRATIVE or (name.startswith("yaodun.") and name != "yaodun.flat"):
            continue
        yield from _texts(value, MAX_DEPTH)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        if depth:
            for item in value.values():
                yield from _texts(item, depth - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, depth - 1)
    elif value is not None and not isinstance(value, bytes):
        yield text(value)
