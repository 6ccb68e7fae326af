"""Words: lower-case runs of letters and digits, and each Han character by itself. The same on every engine.

Lucene's ``standard`` analyser joins ``10.0.0.1`` into one word and other engines join a whole run of Han characters
into one; this rule is simple enough to be said in one regular expression for each engine.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

_HAN_RANGES = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(f"[{_HAN_RANGES}]|[^\\W_{_HAN_RANGES}]+")
_HAN = re.compile(f"[{_HAN_RANGES}]")

HAN_RE2 = r"\x{3005}\x{3007}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{F900}-\x{FAFF}\x{20000}-\x{3FFFF}"
"""The Han class as RE2 and Java write it."""
HAN_CLASS = f"[{HAN_RE2}]"
_WORD_RE2 = r"\p{L}\p{N}"
TOKEN_JAVA = f"[{HAN_RE2}]|[{_WORD_RE2}&&[^{HAN_RE2}]]+"
"""One token, for the pattern tokenizer of OpenSearch."""
_ANY_WORD = f"[^{_WORD_RE2}{HAN_RE2}]"
_EDGE_BEFORE = f"(?:^|{_ANY_WORD}|[{HAN_RE2}])"
_EDGE_AFTER = f"(?:$|{_ANY_WORD}|[{HAN_RE2}])"


def fold(text: str) -> str:
    """Lower case, character by character: no context (final sigma) and no growth (dotted I)."""
    if text.isascii():
        return text.lower()
    return text.replace("\u0130", "i").replace("\u03a3", "\u03c3").lower()


def tokens(text: str) -> list[str]:
    """The words of ``text`` in order."""
    return _TOKEN.findall(fold(text))


def has_phrase(words: list[str], wanted: list[str]) -> bool:
    """True where ``wanted`` stands in ``words``, adjacent and in order."""
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


@lru_cache(maxsize=4096)
def phrase_re2(wanted: tuple[str, ...]) -> str:
    """An RE2 expression that finds ``wanted``, adjacent and in order, in folded text. ``wanted`` is not empty."""
    parts = [_EDGE_BEFORE if not is_han(wanted[0]) else "", re.escape(wanted[0])]
    for before, word in pairwise(wanted):
        parts.append(_ANY_WORD + ("*" if is_han(before) or is_han(word) else "+"))
        parts.append(re.escape(word))
    parts.append("" if is_han(wanted[-1]) else _EDGE_AFTER)
    return "".join(parts)


def is_han(word: str) -> bool:
    """True for a word that is one Han character."""
    return _HAN.match(word) is not None
