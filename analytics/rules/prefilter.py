"""All regular expressions of a field in one pass, where the optional ``hyperscan`` is installed.

Hyperscan only proposes: every proposal is confirmed by ``re``, so the answer is the same without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from analytics.rules.atoms import regex, test
from analytics.rules.rule import Atom

hyperscan: Any = None
with contextlib.suppress(ImportError):
    hyperscan = import_module("hyperscan")

_FEW = 4
"""Below this many expressions one after the other is as fast."""


class RegexPrefilter:
    """Expressions tested together; ``of`` gives the numbers of those that match."""

    def __init__(self, atoms: Sequence[tuple[int, Atom]]) -> None:
        self._tests = {number: test(atom) for number, atom in atoms}
        self._always = list(self._tests)
        self._database: Any = None
        if hyperscan is not None and len(atoms) >= _FEW:
            self._build(atoms)

    def _build(self, atoms: Sequence[tuple[int, Atom]]) -> None:
        taken = [(number, regex(atom.value)) for number, atom in atoms if _acceptable(atom)]
        if not taken:
            return
        database = hyperscan.Database()
        try:
            database.compile(
                expressions=[pattern.pattern.encode() for _, pattern in taken],
                ids=[number for number, _ in taken],
                elements=len(taken),
                flags=[_flags(pattern.flags) for _, pattern in taken],
            )
        except hyperscan.error:
            return
        self._database = database
        proposed = {number for number, _ in taken}
        self._always = [number for number in self._tests if number not in proposed]

    def of(self, value: str) -> list[int]:
        """The numbers of the expressions that match ``value``."""
        candidates = list(self._always)
        if self._database is not None:
            found: list[int] = []

            def proposed(number: int, *_: Any) -> None:
                found.append(number)

            try:
                self._database.scan(value.encode(), match_event_handler=proposed)
            except (UnicodeEncodeError, hyperscan.error):
                found = list(self._tests)
            candidates += found
        return [number for number in set(candidates) if self._tests[number](value)]


def _acceptable(atom: Atom) -> bool:
    pattern = regex(atom.value)
    with contextlib.suppress(hyperscan.error):
        hyperscan.Database().compile(
            expressions=[pattern.pattern.encode()], ids=[1], elements=1, flags=[_flags(pattern.flags)]
        )
        return True
    return False


def _flags(flags: int) -> int:
    made = (
        hyperscan.HS_FLAG_SINGLEMATCH
        | hyperscan.HS_FLAG_ALLOWEMPTY
        | hyperscan.HS_FLAG_PREFILTER
        | hyperscan.HS_FLAG_UTF8
        | hyperscan.HS_FLAG_UCP
    )
    for mine, theirs in (
        (2, hyperscan.HS_FLAG_CASELESS),
        (8, hyperscan.HS_FLAG_MULTILINE),
        (16, hyperscan.HS_FLAG_DOTALL),
    ):
        if flags & mine:
            made |= theirs
    return int(made)
