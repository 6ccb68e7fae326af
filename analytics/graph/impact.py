"""What stops working when something fails, and what must have failed when all this stops working.

Dependencies run business -> application -> data -> infrastructure; each carries the probability that the failure of
the lower one harms the upper one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from analytics.graph.seams import Kind
from analytics.graph.typed import Floats, TypedGraph

_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Cause:
    """A candidate: ``score`` are log odds that it explains what is seen, against chance."""

    node: str
    kind: Kind
    score: float
    explains: tuple[str, ...]
    unexplained: tuple[str, ...]
    silent: tuple[str, ...]


def impact(graph: TypedGraph, failed: list[str]) -> dict[str, float]:
    """The probability of harm to each node that depends on ``failed``, most harmed first, without those themselves."""
    harm = _harm(graph.needs, np.array([graph.index[name] for name in failed]))
    order = np.argsort(-harm, kind="stable")
    lost = set(failed)
    return {graph.nodes[n].id: float(harm[n]) for n in order if harm[n] > 0 and graph.nodes[n].id not in lost}


def root_causes(graph: TypedGraph, seen: list[str], most: int = 5, false_alarm: float = 0.02) -> list[Cause]:
    """Single failures that explain the nodes ``seen`` to be ill, best first.

    A candidate's score compares, over all nodes that could show it, the chance of exactly these being ill if it failed
    with the chance of them being ill by themselves (``false_alarm`` each).
    """
    ill = {graph.index[name] for name in seen if name in graph.index}
    candidates = _below(graph.needs, ill)
    causes = [_cause(graph, candidate, ill, false_alarm) for candidate in sorted(candidates)]
    return sorted(causes, key=lambda cause: (-cause.score, cause.node))[:most]


def _harm(needs: csr_array, failed: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """Likeliest chain of harm to each node: a fixed point of max over dependencies of probability times harm."""
    harm = np.zeros(needs.shape[0])
    harm[failed] = 1.0
    rows = np.repeat(np.arange(needs.shape[0]), np.diff(needs.indptr))
    for _ in range(_ROUNDS):
        carried = needs.data * harm[needs.indices]
        better = harm.copy()
        np.maximum.at(better, rows, carried)
        if np.array_equal(better, harm):
            break
        harm = better
    return harm


def _below(needs: csr_array, ill: set[int]) -> set[int]:
    """The ill nodes and everything they depend on."""
    known, front = set(ill), set(ill)
    while front:
        front = {int(b) for n in front for b in needs.indices[needs.indptr[n] : needs.indptr[n + 1]]} - known
        known |= front
    return known


def _cause(graph: TypedGraph, candidate: int, ill: set[int], false_alarm: float) -> Cause:
    harm = np.clip(_harm(graph.needs, np.array([candidate])), 0.0, 0.98)
    touched = set(np.flatnonzero(harm > 0).tolist()) | {candidate}
    score = 0.0
    for node in touched:
        chance = 1.0 - (1.0 - harm[node]) * (1.0 - false_alarm)
        score += np.log(chance / false_alarm) if node in ill else np.log((1.0 - chance) / (1.0 - false_alarm)) * 0.5
    name = graph.nodes
    explains = tuple(sorted(name[n].id for n in touched & ill))
    rest = tuple(sorted(name[n].id for n in ill - touched))
    silent = tuple(sorted(name[n].id for n in touched - ill if harm[n] > 0.5 and n != candidate))
    cause = graph.nodes[candidate]
    return Cause(cause.id, cause.kind, float(score), explains, rest, silent)
