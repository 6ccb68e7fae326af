"""What the graph says of the whole site, worked out once for each refresh, so that a page only reads it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from analytics.graph.choke import choke_points, fixes, total_exposure
from analytics.graph.exposure import all_blast_radii, exposure_map, paths
from analytics.graph.typed import TypedGraph

MOST = 20
PATHS = 3


class Way(msgspec.Struct, frozen=True):
    """One way of an attacker: nodes from outside to the jewel, and how likely the whole way is."""

    nodes: tuple[str, ...]
    probability: float


class Exposed(msgspec.Struct, frozen=True):
    """A jewel with the likeliest ways to it."""

    jewel: str
    value: float
    probability: float
    ways: tuple[Way, ...]


class Share(msgspec.Struct, frozen=True):
    """A node with a number: its share of exposure, or the value within its reach."""

    node: str
    amount: float


class Repair(msgspec.Struct, frozen=True):
    """Repairing one edge takes ``gain`` of the total exposure away."""

    source: str
    target: str
    gain: float
    jewels: tuple[str, ...]


class OddEdge(msgspec.Struct, frozen=True):
    """A login never seen before: ``company`` its ends' neighbours keep, how much ``nearer`` to a jewel, in nats."""

    source: str
    target: str
    company: float
    nearer: float
    surprise: float
    at: datetime


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """The whole site. ``total`` is the sum over jewels of value times the probability of the likeliest way to it;
    ``unreached`` are jewels no way leads to."""

    taken: datetime
    nodes: dict[str, int]
    edges: dict[str, int]
    total: float
    exposed: tuple[Exposed, ...] = ()
    unreached: int = 0
    chokes: tuple[Share, ...] = ()
    repairs: tuple[Repair, ...] = ()
    radii: tuple[Share, ...] = ()
    odd: tuple[OddEdge, ...] = ()


def digest(graph: TypedGraph, taken: datetime, odd: tuple[OddEdge, ...] = ()) -> Digest:
    """Everything of ``graph``, each list bounded."""
    found = exposure_map(graph)
    order = sorted(graph.jewels.tolist(), key=lambda jewel: (found.cost[jewel], graph.nodes[jewel].id))
    reached = [jewel for jewel in order if found.probability[jewel] > 0]
    total = total_exposure(graph, found) if len(graph.jewels) else 0.0
    kinds = Counter(graph.kinds[number] for number in graph.kind.tolist())
    return Digest(
        taken=taken,
        nodes=dict(sorted(Counter(str(node.kind) for node in graph.nodes).items())),
        edges=dict(sorted(kinds.items())),
        total=total,
        exposed=tuple(_exposed(graph, jewel, float(found.probability[jewel])) for jewel in reached[:MOST]),
        unreached=len(order) - len(reached),
        chokes=tuple(Share(node, _part(amount, total)) for node, amount in choke_points(graph)[:MOST]),
        repairs=tuple(Repair(fix.source, fix.target, fix.gain, fix.jewels) for fix in fixes(graph, MOST, 60)),
        radii=_radii(graph),
        odd=odd,
    )


def _exposed(graph: TypedGraph, jewel: int, probability: float) -> Exposed:
    node = graph.nodes[jewel]
    ways = tuple(Way(way.nodes, way.probability) for way in paths(graph, node.id, PATHS))
    return Exposed(node.id, node.value, probability, ways)


def _radii(graph: TypedGraph) -> tuple[Share, ...]:
    """The nodes with most value within three steps; on a large graph only of those that are no address."""
    radii = all_blast_radii(graph)
    order = sorted(range(len(graph)), key=lambda number: (-radii[number], graph.nodes[number].id))
    return tuple(Share(graph.nodes[number].id, float(radii[number])) for number in order[:MOST] if radii[number] > 0)


def _part(amount: float, total: float) -> float:
    return min(1.0, amount / total) if total > 0 else 0.0
