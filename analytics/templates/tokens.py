"""From a line to its skeleton: words and marks in order, what varies replaced by a place holder.

What varies by its look: anything with a digit, paths, addresses, names of days and months, the value after ``=``.
Runs of Han characters are words of their own, so that 用户zhang3登录失败 falls apart where the script changes.
"""

from __future__ import annotations

import re

ANY = "<*>"
Skeleton = tuple[str, ...]
MOST_TOKENS = 256
MOST_CHARACTERS = 8192

_PIECES = re.compile(
    r"(?P<word>[^\s=:,;()\[\]{}\"'<>|\u3000-\u303f\uff00-\uffef\u3400-\u9fff]+)"
    r"|(?P<han>[\u3400-\u9fff]+)"
    r"|(?P<mark>[=:,;()\[\]{}\"'<>|\u3000-\u303f\uff00-\uffef]+)"
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATES = frozenset([*_DAYS, *_MONTHS])
_ZONES = frozenset(["utc", "gmt", "cst", "est", "edt", "pst", "pdt"])
_EMPTY = {"()": ("(", ANY, ")"), "[]": ("[", ANY, "]"), '""': ('"', ANY, '"'), "''": ("'", ANY, "'")}


class Tokens:
    """Cuts lines; remembers what became of each word, up to a bound."""

    def __init__(self, most: int = 200_000) -> None:
        self._words: dict[str, str] = {}
        self._most = most

    def skeleton(self, line: str) -> Skeleton:
        """The skeleton of ``line``; at most ``MOST_TOKENS`` parts, place holders side by side count once."""
        words = self._words
        out: list[str] = []
        last = ""
        for piece in _PIECES.findall(line[:MOST_CHARACTERS]):
            word = piece[0] or piece[1] or piece[2]
            kept = words.get(word)
            if kept is None:
                kept = self._learn(word, mark=bool(piece[2]))
            if last == "=" and not piece[2]:
                kept = ANY
            if kept == ANY and last == ANY:
                continue
            if kept in _EMPTY:
                out.extend(_EMPTY[kept])
            else:
                out.append(kept)
            last = out[-1]
            if len(out) >= MOST_TOKENS:
                break
        return tuple(out)

    def _learn(self, word: str, *, mark: bool) -> str:
        kept = word if mark else masked(word)
        if len(self._words) < self._most:
            self._words[word] = kept
        return kept


def masked(word: str) -> str:
    """The word, or the place holder where its look says that it varies."""
    if any(character.isdigit() for character in word):
        return ANY
    if (word[0] in "/\\" and len(word) > 1) or word.count("/") > 1 or ":\\" in word or "@" in word[1:-1]:
        return ANY
    return ANY if word.lower() in _DATES or word in _ZONES else word


def shown(skeleton: Skeleton) -> str:
    """The template as people read it: spaces between words, none around marks."""
    text = " ".join(skeleton)
    text = re.sub(r" ?([=:|]) ?", r"\1", text)
    text = re.sub(r" ([,;)\]}])", r"\1", text)
    text = re.sub(r"([(\[{]) ", r"\1", text)
    return re.sub(r" ?([\u3000-\u303f\uff00-\uffef]) ?", r"\1", text)
