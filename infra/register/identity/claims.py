"""Claims: which asset holds a key, and when. Names and addresses move on; the intervals stay, so that an old event
finds the asset of its time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

FOREVER = float("inf")


@dataclass(slots=True)
class Claim:
    """``asset`` holds a key in ``[since, until)``; it was last seen with it at ``seen``, by ``by``."""

    asset: str
    since: float
    seen: float
    by: str
    until: float = FOREVER


class Intervals:
    """Holders of one key over time: at most one at a time."""

    __slots__ = ("_claims", "_starts")

    def __init__(self) -> None:
        self._claims: list[Claim] = []
        self._starts: list[float] = []

    def __iter__(self) -> Iterator[Claim]:
        return iter(self._claims)

    def at(self, moment: float) -> Claim | None:
        """Who held it at ``moment``."""
        index = bisect_right(self._starts, moment) - 1
        if index < 0:
            return None
        claim = self._claims[index]
        return claim if moment < claim.until else None

    def before(self, moment: float) -> Claim | None:
        """Who held it last before or at ``moment``, even where that has ended."""
        index = bisect_right(self._starts, moment) - 1
        return self._claims[index] if index >= 0 else None

    def hold(self, asset: str, at: float, by: str, until: float | None = None) -> tuple[Claim, Claim | None]:
        """``asset`` has the key at ``at``; the answer is its claim and the claim this ends, if any."""
        index = bisect_right(self._starts, at) - 1
        current = self._claims[index] if index >= 0 else None
        if current is not None and current.asset == asset and (at < current.until or index == len(self._claims) - 1):
            current.seen, current.by = max(current.seen, at), by
            current.until = max(until, at) if until is not None else max(current.until, FOREVER)
            self._bound(index)
            return current, None
        ended = None
        if current is not None and current.until > at:
            current.until, ended = at, current
        claim = Claim(asset, at, at, by, until if until is not None else FOREVER)
        self._claims.insert(index + 1, claim)
        self._starts.insert(index + 1, at)
        self._bound(index + 1)
        return claim, ended

    def restore(self, claim: Claim) -> None:
        """Put back a claim that was kept."""
        index = bisect_right(self._starts, claim.since)
        self._claims.insert(index, claim)
        self._starts.insert(index, claim.since)

    def give(self, old: str, new: str) -> None:
        """What was ``old``'s is ``new``'s."""
        for claim in self._claims:
            if claim.asset == old:
                claim.asset = new

    def _bound(self, index: int) -> None:
        if index + 1 < len(self._claims):
            self._claims[index].until = min(self._claims[index].until, self._starts[index + 1])
