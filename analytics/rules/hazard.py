"""Which regular expressions could hang the engine: found by structure, before any event meets them."""

from __future__ import annotations

import re
from typing import Any

from analytics.rules.regextree import codes, parse_regex

MAX_PATTERN = 4_096
_MANY = 16
"""A repeat that may go round more often than this counts as unbounded."""


def check_regex(pattern: str, flags: str = "") -> str:
    """Why ``pattern`` is refused ('' where it is fine): malformed, too long, or able to backtrack without end."""
    if len(pattern) > MAX_PATTERN:
        return f"regular expression of {len(pattern)} characters; at most {MAX_PATTERN} are taken"
    try:
        tree = parse_regex(pattern, sum(int(getattr(re, flag.upper())) for flag in flags))
    except (re.error, OverflowError, RecursionError) as error:
        return f"regular expression does not compile: {error}"
    if _explodes(tree, inside=False):
        return "regular expression repeats a repeated group and could take exponential time"
    return ""


def _explodes(tree: Any, *, inside: bool) -> bool:
    for code, argument in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _, most, body = argument
            many = most > _MANY
            if many and inside and not _fixed_mark(tree):
                return True
            if _explodes(body, inside=inside or (many and _varies(body))):
                return True
        elif any(_explodes(branch, inside=inside) for branch in _branches(code, argument)):
            return True
    return False


def _varies(body: Any) -> bool:
    """A group that can match the same text in several lengths is dangerous when repeated."""
    low, high = body.getwidth()
    return bool(high != low)


def _fixed_mark(tree: Any) -> bool:
    """A literal beside the inner repeat tells the rounds of the outer one apart, as in ``(?:\\w+\\.)*``."""
    return any(code in (codes.LITERAL, codes.AT) for code, _ in tree)


def _branches(code: Any, argument: Any) -> list[Any]:
    if code is codes.SUBPATTERN:
        return [argument[3]]
    if code is codes.BRANCH:
        return list(argument[1])
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [argument[1]]
    if code is codes.ATOMIC_GROUP:
        return [argument]
    if code is codes.GROUPREF_EXISTS:
        return [branch for branch in argument[1:] if branch]
    return []
