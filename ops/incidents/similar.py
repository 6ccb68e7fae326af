"""Incidents like this one: by what they share, said in words that can be checked."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ops.incidents.case import Case

WEIGHTS = {"clues": 0.45, "rules": 0.25, "techniques": 0.15, "systems": 0.15}
LEAST = 0.1
MOST = 10


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """Another incident, how alike (0 to 1), and what both share by kind."""

    incident: str
    title: str
    state: str
    verdict: str
    score: float
    shared: dict[str, tuple[str, ...]]


def features(case: Case) -> dict[str, frozenset[str]]:
    """What a case is compared by."""
    return {
        "clues": frozenset(f"{clue.kind}:{clue.value}" for clue in case.clues),
        "rules": frozenset(case.rules),
        "techniques": frozenset(case.techniques),
        "systems": frozenset(case.systems),
    }


def similar(case: Case, others: Iterable[Case]) -> list[Likeness]:
    """The most alike of ``others``: the weighted mean of the Jaccard index of each kind both could share."""
    mine = features(case)
    found = [made for other in others if other.id != case.id and (made := _like(mine, other)).score >= LEAST]
    return sorted(found, key=lambda likeness: (-likeness.score, likeness.incident))[:MOST]


def _like(mine: dict[str, frozenset[str]], other: Case) -> Likeness:
    theirs = features(other)
    score = sum(
        weight * len(mine[kind] & theirs[kind]) / len(mine[kind] | theirs[kind])
        for kind, weight in WEIGHTS.items()
        if mine[kind] | theirs[kind]
    )
    possible = sum(weight for kind, weight in WEIGHTS.items() if mine[kind] | theirs[kind]) or 1.0
    shared = {kind: tuple(sorted(mine[kind] & theirs[kind])) for kind in WEIGHTS if mine[kind] & theirs[kind]}
    return Likeness(
        incident=other.id, title=other.title, state=other.state, verdict=other.verdict,
        score=round(score / possible, 4), shared=shared,
    )  # fmt: skip
