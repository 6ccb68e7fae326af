"""The graph as it is kept under the home between refreshes, and reading it back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from analytics.graph.digest import Digest
from analytics.graph.seams import Kind, Node
from analytics.graph.typed import TypedGraph
from infra.durable import replace_file

FILE = "graph.msgpack"


class _Kept(msgspec.Struct):
    nodes: list[tuple[str, Kind, float, bool, str]]
    source: bytes
    target: bytes
    probability: bytes
    kind: bytes
    kinds: list[str]
    digest: Digest


def keep(folder: Path, graph: TypedGraph, digest: Digest) -> None:
    """Write both, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = [(node.id, node.kind, node.value, node.jewel, node.label) for node in graph.nodes]
    kept = _Kept(
        nodes,
        graph.source.astype("<i8").tobytes(),
        graph.target.astype("<i8").tobytes(),
        graph.probability.astype("<f8").tobytes(),
        graph.kind.astype("<i8").tobytes(),
        graph.kinds,
        digest,
    )
    replace_file(folder / FILE, msgspec.msgpack.encode(kept), private=True)


def read_kept(path: Path) -> tuple[TypedGraph, Digest]:
    """What ``keep`` wrote; ``OSError`` or ``msgspec.MsgspecError`` where it cannot be read."""
    kept = msgspec.msgpack.decode(path.read_bytes(), type=_Kept)
    numbers = [np.frombuffer(each, dtype="<i8").astype(np.int64) for each in (kept.source, kept.target, kept.kind)]
    probability = np.frombuffer(kept.probability, dtype="<f8").astype(np.float64)
    nodes = [Node(*row) for row in kept.nodes]
    return TypedGraph(nodes, numbers[0], numbers[1], probability, numbers[2], kept.kinds), kept.digest
