"""The compiled inner loops of the tabular detectors (numba); every function is pure and runs on one thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.anomaly.compiling import compiled

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@compiled
def group_minimum_sum(dots: Singles, row_norms: Singles, groups: int, out: Floats) -> None:
    """Adds to ``out[i]`` the distance to the nearest reference of each group.

    ``dots`` is ``|r|^2 - 2 x.r`` of shape (rows, groups * size), references of a group adjacent.
    """
    rows, width = dots.shape
    size = width // groups
    for i in range(rows):
        total = 0.0
        for g in range(groups):
            best = dots[i, g * size]
            for j in range(g * size + 1, (g + 1) * size):
                value = dots[i, j]
                best = value if value < best else best
            total += np.sqrt(max(best + row_norms[i], 0.0))
        out[i] += total


@compiled
def nearest_mean(dots: Singles, row_norms: Singles, k: int, skip_zero: bool, out: Floats) -> None:
    """Mean distance to the ``k`` nearest references; ``skip_zero`` leaves out the nearest (the row itself)."""
    rows, width = dots.shape
    keep = k + 1 if skip_zero else k
    best = np.empty(keep, dtype=np.float32)
    for i in range(rows):
        filled = 0
        for j in range(width):
            value = dots[i, j]
            if filled == keep and value >= best[keep - 1]:
                continue
            place = filled if filled < keep else keep - 1
            while place > 0 and best[place - 1] > value:
                best[place] = best[place - 1]
                place -= 1
            best[place] = value
            filled = min(filled + 1, keep)
        total = 0.0
        start = 1 if skip_zero and filled > 1 else 0
        for j in range(start, filled):
            total += np.sqrt(max(best[j] + row_norms[i], 0.0))
        out[i] = total / max(filled - start, 1)


@compiled
def tree_depths(rows: Singles, features: NDArray[np.int32], cuts: Singles, lengths: Singles, out: Floats) -> None:
    """Adds to ``out`` the mean path length over all trees; each tree is an array heap (children 2i+1, 2i+2)."""
    trees = features.shape[0]
    block = 512
    for start in range(0, rows.shape[0], block):
        stop = min(start + block, rows.shape[0])
        for t in range(trees):
            for i in range(start, stop):
                node = 0
                feature = features[t, 0]
                while feature >= 0:
                    node = 2 * node + 2 if rows[i, feature] > cuts[t, node] else 2 * node + 1
                    feature = features[t, node]
                out[i] += lengths[t, node]
    for i in range(rows.shape[0]):
        out[i] /= trees


@compiled
def grow_tree(
    rows: Singles,
    picks: NDArray[np.float64],
    features: NDArray[np.int32],
    cuts: Singles,
    counts: NDArray[np.int32],
) -> None:
    """Grows one isolation tree over ``rows`` in place.

    ``picks`` of shape (nodes, 2) are uniform numbers: which of the features that still vary, and where to cut.
    ``features`` is filled with -1 at leaves; ``counts`` with the rows that reached each node.
    """
    total, width = rows.shape
    nodes = features.shape[0]
    order = np.arange(total)
    starts = np.zeros(nodes, dtype=np.int32)
    varying = np.empty(width, dtype=np.int32)
    low = np.empty(width, dtype=np.float32)
    high = np.empty(width, dtype=np.float32)
    counts[0] = total
    for node in range(nodes):
        features[node] = -1
        size = counts[node]
        if size <= 1 or 2 * node + 2 >= nodes:
            continue
        begin = starts[node]
        for f in range(width):
            low[f] = rows[order[begin], f]
            high[f] = low[f]
        for p in range(begin + 1, begin + size):
            for f in range(width):
                value = rows[order[p], f]
                if value < low[f]:
                    low[f] = value
                elif value > high[f]:
                    high[f] = value
        many = 0
        for f in range(width):
            if high[f] > low[f]:
                varying[many] = f
                many += 1
        if many == 0:
            continue
        feature = varying[min(int(picks[node, 0] * many), many - 1)]
        cut = low[feature] + np.float32(picks[node, 1]) * (high[feature] - low[feature])
        if cut >= high[feature]:
            cut = low[feature]
        left = begin
        right = begin + size - 1
        while left <= right:
            if rows[order[left], feature] > cut:
                order[left], order[right] = order[right], order[left]
                right -= 1
            else:
                left += 1
        features[node] = feature
        cuts[node] = cut
        starts[2 * node + 1] = begin
        counts[2 * node + 1] = left - begin
        starts[2 * node + 2] = left
        counts[2 * node + 2] = begin + size - left


@compiled
def table_sum(rows: Singles, low: Singles, inverse: Singles, table: Singles, out: Floats) -> None:
    """Adds to ``out[i]`` the sum over features of ``table[f, bin]``; bins outside are the first and last column.

    ``table`` has shape (features, bins + 2); ``inverse`` is 1 / bin width.
    """
    bins = table.shape[1] - 2
    for i in range(rows.shape[0]):
        total = 0.0
        for f in range(rows.shape[1]):
            place = (rows[i, f] - low[f]) * inverse[f]
            if place < 0.0:
                total += table[f, 0]
            elif place > bins:
                total += table[f, bins + 1]
            else:
                total += table[f, min(int(place), bins - 1) + 1]
        out[i] += total


@compiled
def squared_sum_sub(left: Singles, start: int, width: int, bias: Singles, out: Floats) -> None:
    """``out[i] = sum_j (left[i, start+j] - bias[j])^2``: the Mahalanobis square from a whitened product."""
    for i in range(left.shape[0]):
        total = 0.0
        for j in range(width):
            gap = left[i, start + j] - bias[j]
            total += gap * gap
        out[i] = total
