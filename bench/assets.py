"""How well sightings become assets: pairs of observations judged to be of one device, against the truth."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from bench import Row, figure
from bench.asset_network import Network
from infra.register.identity.book import merge

HOSTS, SEED = 5_000, 20261125


@figure("asset_merge_precision", "asset_merge_recall")
def assets() -> Iterator[Row]:
    """Pairwise precision and recall over all observations; one that was given no asset is alone."""
    judged = list(Network(HOSTS, SEED).observations())
    began = time.monotonic()
    found = merge([seen for _, seen in judged])
    rate = len(judged) / (time.monotonic() - began)
    precision, recall = pairwise([number for number, _ in judged], found)
    print(f"{len(judged)} observations, {rate:.0f}/s", file=sys.stderr)
    yield Row("asset_merge_precision", round(precision, 4), "ratio")
    yield Row("asset_merge_recall", round(recall, 4), "ratio")


def pairwise(truth: Sequence[Hashable], found: Sequence[Hashable | None]) -> tuple[float, float]:
    """Of the pairs put together, how many belong together; of those that do, how many were put together."""
    alone = [("alone", index) if asset is None else asset for index, asset in enumerate(found)]
    together = _pairs(Counter(zip(truth, alone, strict=True)))
    return together / max(1, _pairs(Counter(alone))), together / max(1, _pairs(Counter(truth)))


def _pairs(sizes: Counter[Hashable]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
