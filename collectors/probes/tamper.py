"""Has a page been tampered with? Compared with what it always was, what always changes left out.

A baseline learns from several views: places whose value differs between them are lively, and later values of the same
shape are no change there. New scripts, frames, handlers, hidden parts, form targets and links to other hosts are told
wherever they stand: they are what an intruder needs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from collectors.probes.page_parts import Part, host_of, parts_of

MAX_VIEWS = 20
_SHARP = ("script", "frame", "handler", "form", "hidden")
_DIGITS, _LATIN, _HAN = re.compile(r"\d+"), re.compile(r"[A-Za-z]+"), re.compile(r"[\u4e00-\u9fff]+")


class Change(msgspec.Struct, frozen=True):
    """One difference: ``what`` is its kind, ``before`` and ``after`` masked values ('' where there was or is none)."""

    what: str
    path: str
    before: str
    after: str


class PageBaseline:
    """What a page is like. ``learn`` some views, then ``compare``."""

    def __init__(self) -> None:
        self._views: list[Counter[Part]] = []
        self._lively: dict[tuple[str, str], set[str]] = {}
        self._hosts: set[str] = set()

    @property
    def views(self) -> int:
        """How many views were learnt from."""
        return len(self._views)

    def learn(self, page: str) -> None:
        """Take a view that is known to be good."""
        parts = parts_of(page)
        self._views = [*self._views[-MAX_VIEWS + 1 :], Counter(parts)]
        self._hosts |= {host_of(each.value) for each in parts if each.kind in ("link", "script", "form")}
        self._lively = self._places()

    def compare(self, page: str) -> list[Change]:
        """What is not as it was; [] for the same page."""
        now, last = Counter(parts_of(page)), self._views[-1]
        gone, come = last - now, now - last
        places: dict[tuple[str, str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for parts, side in ((gone, 0), (come, 1)):
            for part, count in parts.items():
                places[part.kind, part.path][side].extend([part.value] * count)
        changes = []
        for (kind, path), (before, after) in places.items():
            changes += self._judge(kind, path, before, after)
        return changes

    def _judge(self, kind: str, path: str, before: list[str], after: list[str]) -> list[Change]:
        lively = self._lively.get((kind, path))
        if lively is not None:
            after = [value for value in after if not self._usual(kind, value, lively)]
            before = [value for value in before if value not in lively]
        if not before and not after:
            return []
        shown = max(len(before), len(after))
        pairs = zip(before + [""] * (shown - len(before)), after + [""] * (shown - len(after)), strict=True)
        return [Change(kind, path, old[:200], new[:200]) for old, new in pairs]

    def _usual(self, kind: str, value: str, lively: set[str]) -> bool:
        """A lively place may take another value of a shape it had; what can hurt only a value it had."""
        if kind in _SHARP:
            return value in lively
        if kind == "link":
            return value in lively or (
                host_of(value) in self._hosts and shape(value) in {shape(each) for each in lively}
            )
        return value in lively or shape(value) in {shape(each) for each in lively}

    def _places(self) -> dict[tuple[str, str], set[str]]:
        """Places whose values differ between views, with the values that not every view had."""
        seen: dict[tuple[str, str], list[Counter[str]]] = defaultdict(lambda: [Counter() for _ in self._views])
        for number, view in enumerate(self._views):
            for part, count in view.items():
                seen[part.kind, part.path][number][part.value] = count
        lively = {}
        for place, counters in seen.items():
            if any(counter != counters[0] for counter in counters[1:]):
                steady = set.intersection(*(set(counter) for counter in counters))
                lively[place] = {value for counter in counters for value in counter} - steady
        return lively


def shape(value: str) -> str:
    """Digits as 9, Latin words as a, Chinese as 文: what kind of thing stands at a place."""
    return _HAN.sub("文", _LATIN.sub("a", _DIGITS.sub("9", value)))


def tampered(views: Sequence[str], page: str) -> list[Change]:
    """The changes of ``page`` against views known to be good."""
    baseline = PageBaseline()
    for view in views:
        baseline.learn(view)
    return baseline.compare(page)
