"""Conditions: STIX patterning comparisons over variables, with or without brackets.

In: the text of a condition.  Out: a condition that is true or false for given variables, or None: then a person
decides, and the answer is kept. Grammar: STIX 2.1 clause 9, comparison expressions; beyond it, two variables may be
compared.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playbooks.model.vocabulary import REFERENCE

MAX_TEXT = 4000
MAX_DEPTH = 50
_TOKEN = re.compile(
    r"\s*(?:(?P<variable>__[a-zA-Z_][a-zA-Z0-9_-]*?__:value)|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<number>[-+]?\d+(?:\.\d+)?(?![\w.]))|(?P<operator>==|!=|<>|<=|>=|=|<|>)|(?P<mark>[\[\](),])"
    r"|(?P<word>[A-Za-z]+(?![\w:-])))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<>": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_WORDS = frozenset({"IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"})

Values = Mapping[str, str | None]
Test = Callable[[Values], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that can be decided by machine."""

    test: Test
    variables: tuple[str, ...]

    def holds(self, values: Values) -> bool:
        """Is it true for these variables? A variable without a value makes a comparison false."""
        return self.test(values)


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    pass


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition | None:
    """The condition, or None where the text is no pattern over variables."""
    if len(text) > MAX_TEXT:
        return None
    try:
        parser = _Parser(_tokens(text))
        test = parser.disjunction(0)
        parser.end()
    except _Unreadable:
        return None
    return Condition(test, tuple(dict.fromkeys(REFERENCE.findall(text))))


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place, text = [], 0, text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise _Unreadable
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise _Unreadable

    def disjunction(self, depth: int) -> Test:
        tests = [self._conjunction(depth)]
        while self._word("OR"):
            tests.append(self._conjunction(depth))
        return tests[0] if len(tests) == 1 else lambda values: any(test(values) for test in tests)

    def _conjunction(self, depth: int) -> Test:
        tests = [self._primary(depth)]
        while self._word("AND"):
            tests.append(self._primary(depth))
        return tests[0] if len(tests) == 1 else lambda values: all(test(values) for test in tests)

    def _primary(self, depth: int) -> Test:
        if depth > MAX_DEPTH:
            raise _Unreadable
        if self._word("NOT"):
            inner = self._primary(depth + 1)
            return lambda values: not inner(values)
        for opening, closing in (("(", ")"), ("[", "]")):
            if self._mark(opening):
                test = self.disjunction(depth + 1)
                self._need(closing)
                return test
        if self._word("EXISTS"):
            name = self._take("variable").removesuffix(":value")
            return lambda values: values.get(name) not in (None, "")
        return self._comparison()

    def _comparison(self) -> Test:
        left = self._operand()
        negated = self._word("NOT")
        kind, text = self._peek()
        if kind == "operator":
            self._at += 1
            test = _compared(_COMPARE[text], left, self._operand())
        elif kind == "word" and text.upper() in _WORDS:
            self._at += 1
            test = self._special(text.upper(), left)
        elif not negated:
            return lambda values: str(left(values)).lower() in ("true", "1")
        else:
            raise _Unreadable
        return (lambda values: not test(values)) if negated else test

    def _special(self, word: str, left: Callable[[Values], Any]) -> Test:
        if word == "IN":
            self._need("(")
            options = [self._operand()]
            while self._mark(","):
                options.append(self._operand())
            self._need(")")
            tests = [_compared(operator.eq, left, option) for option in options]
            return lambda values: any(test(values) for test in tests)
        right = self._operand()
        return lambda values: _SPECIAL[word](left(values), right(values))

    def _operand(self) -> Callable[[Values], Any]:
        kind, text = self._peek()
        self._at += 1
        if kind == "variable":
            name = text.removesuffix(":value")
            return lambda values: values.get(name)
        if kind == "string":
            plain = re.sub(r"\\(.)", r"\1", text[1:-1])
            return lambda values: plain
        if kind == "number" or (kind == "word" and text.lower() in ("true", "false")):
            return lambda values: text
        raise _Unreadable

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _word(self, word: str) -> bool:
        kind, text = self._peek()
        found = kind == "word" and text.upper() == word
        self._at += found
        return found

    def _mark(self, mark: str) -> bool:
        found = self._peek() == ("mark", mark)
        self._at += found
        return found

    def _need(self, mark: str) -> None:
        if not self._mark(mark):
            raise _Unreadable

    def _take(self, kind: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise _Unreadable
        self._at += 1
        return text


def _compared(
    compare: Callable[[Any, Any], bool], left: Callable[[Values], Any], right: Callable[[Values], Any]
) -> Test:
    def test(values: Values) -> bool:
        first, second = left(values), right(values)
        if first is None or second is None:
            return compare is operator.ne and first is not second
        return bool(compare(*_alike(str(first), str(second))))

    return test


def _alike(first: str, second: str) -> tuple[Any, Any]:
    """Numbers compare as numbers, truth as truth, all else as text."""
    lowered = (first.lower(), second.lower())
    if all(word in ("true", "false") for word in lowered):
        return lowered
    try:
        return float(first), float(second)
    except ValueError:
        return first, second


def _like(value: Any, pattern: Any) -> bool:
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in str(pattern))
    return value is not None and re.fullmatch("".join(parts), str(value)[:10_000], re.DOTALL) is not None


def _matching(value: Any, pattern: Any) -> bool:
    try:
        return value is not None and re.search(str(pattern)[:500], str(value)[:10_000]) is not None
    except re.error:
        return False


def _subset(value: Any, other: Any) -> bool:
    try:
        inner, outer = ipaddress.ip_interface(str(value)).network, ipaddress.ip_interface(str(other)).network
        return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
    except ValueError:
        return False


_SPECIAL: dict[str, Callable[[Any, Any], bool]] = {
    "LIKE": _like,
    "MATCHES": _matching,
    "ISSUBSET": _subset,
    "ISSUPERSET": lambda value, other: _subset(other, value),
}
