"""The text a regular expression cannot do without: looked for first, so that most values never meet the expression."""

from __future__ import annotations

from typing import Any

from analytics.rules.atoms import Op, regex, wildcard_parts
from analytics.rules.regextree import codes, parse_regex
from analytics.rules.rule import Atom


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
