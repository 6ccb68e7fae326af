"""Figures of the series watch on the NAB files: thresholds frozen on one half, judged on the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench import nab
from bench.figure import Row, figure
from bench.rates import DATA, rate


def batch(files: list[nab.File]) -> tuple[np.ndarray, np.ndarray]:
    """Values and hours of all files side by side, NaN behind the end of the shorter ones."""
    longest = max(len(file.values) for file in files)
    values, hours = np.full((longest, len(files)), np.nan), np.zeros((longest, len(files)), dtype=np.int64)
    for column, file in enumerate(files):
        values[: len(file.values), column] = file.values
        hours[: len(file.values), column] = [moment.hour for moment in file.times]
    return values, hours


def watched(values: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Scores of the streaming core, one step at a time."""
    from analytics.series.watch import Watch

    watch = Watch(values.shape[1])
    return np.stack([watch.step(row, hour).score for row, hour in zip(values, hours, strict=True)])


def ewma(values: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """The baseline: z against an exponentially weighted mean (the best memory of those tried), calibrated alike."""
    from analytics.series.residuals import Level
    from analytics.series.surprise import Surprise

    level, surprise = Level(values.shape[1], 2000.0), Surprise(values.shape[1])
    steps = []
    for row, hour in zip(values, hours, strict=True):
        ok = np.isfinite(row)
        steps.append(surprise.step(level.step(np.where(ok, row, 0.0), ok, hour), ok))
    return np.stack(steps)


def alerts(scores: np.ndarray, threshold: float, refractory: int = 150) -> np.ndarray:
    """Alerts at ``threshold`` with a pause after each."""
    said, last = np.zeros(len(scores), dtype=bool), -(10**9)
    for index in np.flatnonzero(scores >= threshold):
        if index - last >= refractory:
            said[index], last = True, int(index)
    return said


def frozen(files: list[nab.File], scores: list[np.ndarray], tuned: list[int], judged: list[int]) -> dict[str, float]:
    """NAB scores on ``judged`` with the threshold that is best on ``tuned`` for the standard profile."""
    pooled = np.concatenate([scores[i] for i in tuned])
    best: tuple[float, float] = (-1e9, 0.0)
    for threshold in np.quantile(pooled, 1 - np.geomspace(0.0003, 0.03, 25)):
        said = [alerts(scores[i], threshold) for i in tuned]
        best = max(best, (nab.score([files[i] for i in tuned], said), float(threshold)))
    chosen, said = [files[i] for i in judged], [alerts(scores[i], best[1]) for i in judged]
    false = sum(
        int(s[f.probation :].sum() - (s & f.truth)[f.probation :].sum()) for f, s in zip(chosen, said, strict=True)
    )
    return {
        "standard": nab.score(chosen, said),
        "low_false": nab.score(chosen, said, nab.LOW_FALSE),
        "threshold": best[1],
        "false_per_1000": 1000.0 * false / sum(len(f.values) - f.probation for f in chosen),
    }


@figure("nab_standard")
def nab_half() -> Iterator[Row]:
    """Threshold frozen on every other file by name, judged on the rest; and the other way round."""
    from sklearn.metrics import average_precision_score

    files = nab.load(DATA / "nab")
    values, hours = batch(files)
    parts = {"watch": watched(values, hours), "EWMA": ewma(values, hours)}
    scores = {n: [np.nan_to_num(v[: len(f.values), i]) for i, f in enumerate(files)] for n, v in parts.items()}
    even, odd = list(range(0, len(files), 2)), list(range(1, len(files), 2))
    for name, tuned, judged in (("nab_standard", even, odd), ("nab_standard_halves_swapped", odd, even)):
        ours, theirs = (frozen(files, scores[who], tuned, judged) for who in ("watch", "EWMA"))
        a, b = ours["standard"], theirs["standard"]
        yield Row(name, a, "score", "calibrated EWMA", b, a / b if b > 0 else None)
        a, b = ours["low_false"], theirs["low_false"]
        yield Row(name.replace("standard", "low_false"), a, "score", "calibrated EWMA", b, a / b if b > 0 else None)
        yield Row(name.replace("standard", "threshold"), ours["threshold"], "nats")
        yield Row(name.replace("standard", "false_per_1000"), ours["false_per_1000"], "alerts per 1000 points")
    labelled = [i for i, file in enumerate(files) if file.windows]
    ours, theirs = (
        float(np.mean([average_precision_score(files[i].truth, scores[who][i]) for i in labelled]))
        for who in ("watch", "EWMA")
    )
    yield Row("nab_average_precision", ours, "mean AP", "calibrated EWMA", theirs, ours / theirs)


@figure("stream_points_s")
def stream_rate() -> Iterator[Row]:
    """Points per second and core with 2000 series."""
    from analytics.series.watch import Watch

    values = np.random.default_rng(0).normal(size=(300, 2000))
    hours = np.repeat((np.arange(300) // 12 % 24)[:, None], 2000, axis=1)

    full = Watch(2000)
    for _ in range(8):
        for row, hour in zip(values, hours, strict=True):
            full.step(row, hour)
    value = rate(lambda: [full.step(row, hour) for row, hour in zip(values, hours, strict=True)], values.size, 3)
    yield Row("stream_points_s", value, "1/s")
