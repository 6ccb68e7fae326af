"""The meaning of a configuration: statements under the sections they stand in, order left out where it says nothing.

Indented (Cisco, Huawei, H3C, Arista) and braced (Juniper, nginx) configurations become the same: pairs of path and
statement. A difference is then what was added, removed or changed, whatever moved and however it is laid out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

MAX_LINES = 200_000
_NOISE = re.compile(
    r"^(?:!|#|;|//)|^(?:Building configuration|Current configuration|Last configuration change|NVRAM config last|"
    r"ntp clock-period|Using \d+ out of|: Saved|Cryptochecksum|: Written by|return$|end$|exit$|quit$|version info)|"
    r"^(?:sysname-time|uptime is|## Last (?:commit|changed))",
    re.I,
)
_ORDERED = re.compile(r"access-list|\bacl\b|route-map|policy-map|prefix-list|filter|firewall|rule|term", re.I)


class Difference(msgspec.Struct, frozen=True):
    """One statement that is no longer, is new, or takes another value (``before`` and ``after`` both set)."""

    section: str
    before: str
    after: str


def statements(text: str) -> list[tuple[str, str]]:
    """Section and statement of every line that means something."""
    braced = sum(line.rstrip().endswith("{") for line in text.splitlines()[:2_000]) > 2
    return list(_braced(text) if braced else _indented(text))[:MAX_LINES]


def _indented(text: str) -> Iterator[tuple[str, str]]:
    open_: list[tuple[int, str]] = []
    for line in text.splitlines()[:MAX_LINES]:
        words = line.strip()
        if not words or _NOISE.match(words):
            continue
        depth = len(line) - len(line.lstrip())
        while open_ and open_[-1][0] >= depth:
            open_.pop()
        yield " / ".join(each for _, each in open_), words
        open_.append((depth, words))


def _braced(text: str) -> Iterator[tuple[str, str]]:
    open_: list[str] = []
    for line in text.splitlines()[:MAX_LINES]:
        words = line.strip()
        if not words or _NOISE.match(words):
            continue
        if words.endswith("{"):
            open_.append(words[:-1].strip())
        elif words.startswith("}"):
            if open_:
                open_.pop()
        else:
            yield " / ".join(open_), words.rstrip(";").strip()


def differences(before: str, after: str) -> list[Difference]:
    """What changed between two configurations; [] where they mean the same."""
    old, new = statements(before), statements(after)
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    found = [*_paired(gone, come), *_moved(old, new)]
    return sorted(found, key=lambda each: (each.section, each.before or each.after))


def _paired(gone: Counter[tuple[str, str]], come: Counter[tuple[str, str]]) -> Iterator[Difference]:
    """A statement gone and one come in the same section with the same first words is one changed."""
    left = list(come.elements())
    for section, statement in gone.elements():
        twin = next((each for each in left if each[0] == section and _alike(statement, each[1])), None)
        if twin:
            left.remove(twin)
        yield Difference(section, statement, twin[1] if twin else "")
    for section, statement in left:
        yield Difference(section, "", statement)


def _alike(one: str, other: str) -> bool:
    first, second = one.split(), other.split()
    same = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        same += 1
    return same >= max(1, min(len(first), len(second)) - 2)


def _moved(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> Iterator[Difference]:
    """In lists where the first match wins, another order is another meaning."""
    for section in {each for each, statement in old if _ORDERED.search(each) or _ORDERED.search(statement)}:
        before = [words for each, words in old if each == section and (_ORDERED.search(each) or _ORDERED.search(words))]
        after = [words for each, words in new if each == section and (_ORDERED.search(each) or _ORDERED.search(words))]
        if before != after and Counter(before) == Counter(after):
            place = next(number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
            yield Difference(section, f"order: {before[place]}", f"order: {after[place]}")
