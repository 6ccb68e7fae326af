"""Patterns of queries: wildcards and the regular-expression dialect that every engine reads alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from infra.errors import AppError, ErrorKind

MAX_PATTERN = 1000
MAX_WILDCARDS = 32
MAX_REPEAT = 1000

ANY_RUN, ANY_ONE = "*", "?"


@dataclass(frozen=True, slots=True)
class Wild:
    """A wildcard pattern as pieces: text, ``*`` and ``?`` (as the two constants above, marked by ``special``)."""

    pieces: tuple[tuple[bool, str], ...]

    def like(self) -> str:
        """For SQL ``LIKE ... ESCAPE '\\'``."""
        return "".join(_LIKE[text] if special else _like_escape(text) for special, text in self.pieces)

    def regex(self) -> str:
        """For Python's ``re`` with DOTALL and ``fullmatch``."""
        return "".join(_PYTHON[text] if special else re.escape(text) for special, text in self.pieces)

    def contains(self) -> str | None:
        """The text of a pattern that is nothing but ``*text*``."""
        match self.pieces:
            case ((True, "*"), (False, text), (True, "*")):
                return text
        return None

    def literals(self) -> list[str]:
        """The runs of plain text in it."""
        return [text for special, text in self.pieces if not special]


_LIKE = {ANY_RUN: "%", ANY_ONE: "_"}
_PYTHON = {ANY_RUN: ".*", ANY_ONE: "."}


def _like_escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@lru_cache(maxsize=4096)
def wild(pattern: str, place: str = "wildcard") -> Wild:
    """The pieces of ``pattern``; ``AppError(INVALID)`` where it is longer or wilder than the limits."""
    if len(pattern) > MAX_PATTERN:
        raise AppError(ErrorKind.INVALID, "infra.query_pattern_long", place=place, limit=MAX_PATTERN)
    pieces: list[tuple[bool, str]] = []
    text, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char in (ANY_RUN, ANY_ONE):
            if text:
                pieces.append((False, text))
                text = ""
            if not (char == ANY_RUN and pieces and pieces[-1] == (True, ANY_RUN)):
                pieces.append((True, char))
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            text += pattern[at]
        else:
            text += char
        at += 1
    if text:
        pieces.append((False, text))
    if sum(special for special, _ in pieces) > MAX_WILDCARDS:
        raise AppError(ErrorKind.INVALID, "infra.query_pattern_wild", place=place, limit=MAX_WILDCARDS)
    return Wild(tuple(pieces))


@dataclass(frozen=True, slots=True)
class Dialects:
    """One regular expression in the spelling of each engine; all anchored at both ends by their callers."""

    python: str
    re2: str
    lucene: str


_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": " \\t\\n\\r\\f"}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_REPEAT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")


@lru_cache(maxsize=4096)
def regex(pattern: str, place: str = "regex") -> Dialects:
    """``pattern`` for every engine. ``AppError(INVALID)`` with the position where it leaves the shared dialect.

    Shared are literals, ``.`` (newline too), ``[...]``, ``(...)``, ``|``, ``* + ? {m,n}`` and ``\\d \\w \\s`` (ASCII).
    A leading ``^`` and a trailing ``$`` are taken off, for the whole value is matched anyway.
    """
    if len(pattern) > MAX_PATTERN:
        raise AppError(ErrorKind.INVALID, "infra.query_pattern_long", place=place, limit=MAX_PATTERN)
    return _Translation(pattern, place).run()


class _Translation:
    def __init__(self, pattern: str, place: str) -> None:
        self.pattern, self.place = pattern, place
        self.at, self.depth = 0, 0
        self.shared: list[str] = []
        self.lucene: list[str] = []
        self.repeatable = False

    def run(self) -> Dialects:
        end = len(self.pattern)
        if self.pattern.startswith("^"):
            self.at = 1
        if self.pattern.endswith("$") and not self.pattern.endswith("\\$") and end > self.at:
            end -= 1
        while self.at < end:
            self._step(end)
        if self.depth:
            self._refuse("group")
        python = "".join(self.shared)
        try:
            re.compile(python)
        except (re.error, OverflowError, RecursionError):
            self._refuse("syntax")
        return Dialects(python, python, "".join(self.lucene))

    def _refuse(self, what: str) -> None:
        raise AppError(
            ErrorKind.INVALID, "infra.query_regex_unshared", place=f"{self.place}:{self.at + 1}", what=what
        ) from None

    def _emit(self, shared: str, lucene: str | None = None, repeatable: bool = True) -> None:
        self.shared.append(shared)
        self.lucene.append(shared if lucene is None else lucene)
        self.repeatable = repeatable

    def _step(self, end: int) -> None:
        char = self.pattern[self.at]
        if char == "\\":
            self._escape(end)
        elif char == "[":
            self._class(end)
        elif char in "*+?":
            self._repeat(char)
        elif char == "{":
            self._counted(end)
        elif char == "(":
            self._open(end)
        elif char == ")":
            self._close()
        elif char == "|":
            self._emit("|", repeatable=False)
        elif char == ".":
            self._emit(".")
        elif char in "^$":
            self._refuse("anchor")
        else:
            self._emit(re.escape(char), _lucene_literal(char))
        self.at += 1

    def _escape(self, end: int) -> None:
        self.at += 1
        if self.at >= end:
            self._refuse("escape")
        char = self.pattern[self.at]
        if char.lower() in _CLASSES and char.isascii():
            self._emit(f"[{'^' if char.isupper() else ''}{_CLASSES[char.lower()]}]", _lucene_class(char))
        elif char in _CONTROLS:
            self._emit(re.escape(_CONTROLS[char]), _lucene_literal(_CONTROLS[char]))
        elif char.isalnum():
            self._refuse("escape")
        else:
            self._emit(re.escape(char), _lucene_literal(char))

    def _repeat(self, char: str) -> None:
        if not self.repeatable:
            self._refuse("repeat")
        self._emit(char, repeatable=False)

    def _counted(self, end: int) -> None:
        found = _REPEAT.match(self.pattern, self.at, end)
        if found is None or not self.repeatable:
            self._refuse("repeat")
            return
        if any(int(part) > MAX_REPEAT for part in (found[1], found[3]) if part):
            self._refuse("repeat")
        self._emit(found[0], repeatable=False)
        self.at = found.end() - 1

    def _open(self, end: int) -> None:
        if self.pattern.startswith("(?", self.at):
            if not self.pattern.startswith("(?:", self.at):
                self._refuse("look-around")
            self.at += 2
        self.depth += 1
        if self.depth > 20:
            self._refuse("group")
        self._emit("(?:", "(", repeatable=False)

    def _close(self) -> None:
        if not self.depth:
            self._refuse("group")
        self.depth -= 1
        self._emit(")")

    def _class(self, end: int) -> None:
        shared, lucene = "[", "["
        self.at += 1
        if self.pattern.startswith("^", self.at):
            shared, lucene = "[^", "[^"
            self.at += 1
        first = True
        while self.at < end and (self.pattern[self.at] != "]" or first):
            one, other = self._member(end)
            shared, lucene, first = shared + one, lucene + other, False
            self.at += 1
        if self.at >= end or first:
            self._refuse("class")
        self._emit(shared + "]", lucene + "]")

    def _member(self, end: int) -> tuple[str, str]:
        char = self.pattern[self.at]
        if char == "-":
            return "-", "-" if self.at > 0 and self._is_range(end) else "\\-"
        if char == "\\":
            self.at += 1
            if self.at >= end:
                self._refuse("escape")
            char = self.pattern[self.at]
            if char in _CLASSES:
                return _CLASSES[char], _CLASSES[char].replace("\\t", "\t").replace("\\n", "\n").replace(
                    "\\r", "\r"
                ).replace("\\f", "\f")
            if char in _CONTROLS:
                return re.escape(_CONTROLS[char]), _CONTROLS[char]
            if char.isalnum():
                self._refuse("escape")
        elif char == "[":
            self._refuse("class")
        return re.escape(char), f"\\{char}" if not char.isalnum() else char

    def _is_range(self, end: int) -> bool:
        before, after = self.pattern[self.at - 1], self.at + 1
        return before not in "[^" and after < end and self.pattern[after] != "]"


def _lucene_literal(char: str) -> str:
    return char if char.isalnum() or char in " _" or ord(char) > 127 else f"\\{char}"


def _lucene_class(char: str) -> str:
    members = _CLASSES[char.lower()]
    for name, control in _CONTROLS.items():
        members = members.replace(f"\\{name}", control)
    return f"[{'^' if char.isupper() else ''}{members}]"
