"""Figures of the log templates beside drain3 in the same run; one setting for all systems."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from bench.figure import Row, figure
from bench.rates import DATA, rate


def grouping_accuracy(found: list[Any], truth: list[str]) -> float:
    """Share of lines whose group holds exactly the lines of their true group."""
    true: dict[str, list[int]] = {}
    ours: dict[Any, list[int]] = {}
    for index, (group, event) in enumerate(zip(found, truth, strict=True)):
        true.setdefault(event, []).append(index)
        ours.setdefault(group, []).append(index)
    exact = {tuple(lines) for lines in true.values()}
    return sum(len(lines) for lines in ours.values() if tuple(lines) in exact) / len(truth)


def drain3_groups(lines: list[str]) -> list[int]:
    """Peer: drain3 at its defaults, every token with a digit masked beforehand (its better setting)."""
    import re

    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(config=TemplateMinerConfig())
    digits = re.compile(r"\S*\d\S*")
    return [miner.add_log_message(digits.sub("<*>", line))["cluster_id"] for line in lines]


@figure("templates_accuracy", "templates_lines_s")
def templates() -> Iterator[Row]:
    """Mean over the loghub systems with one setting, and lines per second over all of them five times."""
    import csv

    from analytics.templates.miner import Miner

    def ours(lines: list[str]) -> list[int]:
        miner = Miner()
        taken = [miner.take(line) for line in lines]
        return [miner.current(template).id for template in taken]

    peer: list[float] = []
    scores, everything = [], []
    for folder in sorted((DATA / "loghub").iterdir()):
        with (folder / f"{folder.name}_2k.log_structured.csv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        lines, truth = [row["Content"] for row in rows], [row["EventId"] for row in rows]
        everything += lines
        scores.append(grouping_accuracy(ours(lines), truth))
        if find_spec("drain3"):
            peer.append(grouping_accuracy(drain3_groups(lines), truth))
    theirs = float(np.mean(peer)) if peer else None
    mean = float(np.mean(scores))
    yield Row("templates_accuracy", mean, "ratio", "drain3", theirs, mean / theirs if theirs else None)
    yield Row("templates_accuracy_worst", min(scores), "ratio", "drain3", min(peer) if peer else None)
    speed = rate(lambda: ours(everything * 5), len(everything) * 5, 3)
    slow = rate(lambda: drain3_groups(everything), len(everything), 3) if peer else None
    yield Row("templates_lines_s", speed, "1/s", "drain3", slow, speed / slow if slow else None)
