"""Cheapest ways on a large graph, compiled: delta-stepping with one circular row of buckets.

Meyer, Sanders, "Delta-stepping: a parallelizable shortest path algorithm", 2003; here on one thread, a node moved
between buckets in place of being queued again.
"""

from __future__ import annotations

import numpy as np

from analytics.anomaly.compiling import compiled
from analytics.graph.typed import Floats, Ints


def widths(data: Floats) -> tuple[float, int]:
    """The width of a bucket, and how many are needed so that what waits at one time never overlaps."""
    real = data[np.isfinite(data)]
    if not len(real):
        return 1.0, 3
    top = float(real.max())
    width = max(float(real.mean()) / 16, top / 100_000, 1e-12)
    return width, int(top / width) + 3


@compiled
def cheapest(
    indptr: Ints, indices: Ints, data: Floats, starts: Ints, width: float, many: int, cost: Floats, before: Ints
) -> None:
    """Fills ``cost`` (inf where no way leads) and ``before`` (-9999 for starts and those); costs are not negative."""
    n = len(indptr) - 1
    head = np.full(many, -1, np.int32)
    following = np.full(n, -1, np.int32)
    leading = np.full(n, -1, np.int32)
    bucket = np.full(n, -1, np.int32)
    waiting, now = 0, 0
    for start in starts:
        if cost[start] != 0.0:
            cost[start] = 0.0
            bucket[start], following[start] = 0, head[0]
            if head[0] >= 0:
                leading[head[0]] = start
            head[0] = start
            waiting += 1
    while waiting > 0:
        while head[now] < 0:
            now = now + 1 if now + 1 < many else 0
        node = head[now]
        head[now] = following[node]
        if following[node] >= 0:
            leading[following[node]] = -1
        bucket[node] = -1
        waiting -= 1
        so_far = cost[node]
        for place in range(indptr[node], indptr[node + 1]):
            other, total = indices[place], so_far + data[place]
            if total >= cost[other]:
                continue
            cost[other], before[other] = total, node
            to, held = np.int64(total / width) % many, bucket[other]
            if held == to:
                continue
            if held >= 0:
                ahead, behind = leading[other], following[other]
                if ahead >= 0:
                    following[ahead] = behind
                else:
                    head[held] = behind
                if behind >= 0:
                    leading[behind] = ahead
            else:
                waiting += 1
            bucket[other], leading[other], following[other] = to, -1, head[to]
            if head[to] >= 0:
                leading[head[to]] = other
            head[to] = other
