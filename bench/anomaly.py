"""Figures of the tabular detectors, peers in the same run.

The settings of the tiers were chosen while looking at these same public sets: the gains say what the settings reach
there, not what other data give.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.figure import Row, figure
from bench.rates import DATA, rate, seconds

SEEDS = (0, 1, 2)


def adbench(path: Path, seed: int) -> tuple[np.ndarray, ...]:
    """Train and test parts as domain/analytics.md section 1 has them: 10k rows at most, 70/30, scaled on train."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    with np.load(path) as data:
        rows, truth = data["X"].astype(float), data["y"].astype(int)
    if len(rows) > 10_000:
        rows, _, truth, _ = train_test_split(rows, truth, train_size=10_000, stratify=truth, random_state=seed)
    train, test, _, judged = train_test_split(rows, truth, test_size=0.3, stratify=truth, random_state=seed)
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test), judged


def peers(seed: int) -> dict[str, Any]:
    """The PyOD detectors that came out best on these sets; all others were measured below them."""
    from pyod.models.copod import COPOD
    from pyod.models.ecod import ECOD
    from pyod.models.gmm import GMM
    from pyod.models.hbos import HBOS
    from pyod.models.iforest import IForest
    from pyod.models.inne import INNE
    from pyod.models.knn import KNN
    from pyod.models.lof import LOF
    from pyod.models.mcd import MCD

    return {
        "IForest": IForest(random_state=seed),
        "KNN20": KNN(n_neighbors=20, method="mean"),
        "HBOS": HBOS(),
        "COPOD": COPOD(),
        "ECOD": ECOD(),
        "INNE": INNE(random_state=seed),
        "GMM4": GMM(n_components=4, random_state=seed),
        "LOF": LOF(),
        "MCD": MCD(random_state=seed),
    }


@figure("adbench_auroc_gain", "adbench_auprc_gain")
def adbench_gain() -> Iterator[Row]:
    """Deep tier against the best single PyOD detector, mean over sets and seeds."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    from analytics.anomaly.ensemble import Ensemble, Tier

    paths = sorted((DATA / "adbench").glob("*.npz"))
    table: dict[str, np.ndarray] = {}

    def keep(name: str, place: tuple[int, int], truth: np.ndarray, scores: np.ndarray) -> None:
        cells = table.setdefault(name, np.full((len(paths), len(SEEDS), 2), np.nan))
        cells[place] = roc_auc_score(truth, scores), average_precision_score(truth, scores)

    for i, path in enumerate(paths):
        for j, seed in enumerate(SEEDS):
            train, test, truth = adbench(path, seed)
            keep("deep", (i, j), truth, Ensemble.fit(train, Tier.DEEP, seed).score(test))
            for name, peer in peers(seed).items():
                if name == "MCD" and train.shape[1] > 150:
                    continue
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    keep(name, (i, j), truth, peer.fit(train).decision_function(test))
    yield from _gains(table, len(paths))


def _gains(table: dict[str, np.ndarray], sets: int) -> Iterator[Row]:
    deep = table.pop("deep")
    means = {name: cells.mean(axis=(0, 1)) for name, cells in table.items() if not np.isnan(cells).any()}
    for k, (name, unit) in enumerate((("adbench_auroc_gain", "AUROC"), ("adbench_auprc_gain", "AUPRC"))):
        best = max(means, key=lambda peer: means[peer][k])
        ours, theirs = float(deep[..., k].mean()), float(means[best][k])
        yield Row(name, ours - theirs, unit, best, theirs, ours / theirs)
    top = np.nanmax(np.stack([cells[..., 0].mean(axis=1) for cells in table.values()]), axis=0)
    lag = top - deep[..., 0].mean(axis=1)
    yield Row("adbench_sets_lagging", float((lag > 0.10).sum()), f"of {sets} sets", "best PyOD of each set")


@figure("fast_tier_rows_s", "deep_tier_rows_s")
def tier_rates() -> Iterator[Row]:
    """Rows per second at 62 features."""
    from pyod.models.iforest import IForest

    from analytics.anomaly.ensemble import Ensemble, Tier
    from analytics.anomaly.explain import Usual, explain

    with np.load(DATA / "adbench" / "5_campaign.npz") as data:
        rows = data["X"].astype(float)
    peer = IForest(random_state=0).fit(rows[:10_000])
    base = rate(lambda: peer.decision_function(rows[:20_000]), 20_000)
    for tier in Tier:
        model = Ensemble.fit(rows[:10_000], tier)
        value = rate(lambda model=model: model.score(rows), len(rows))
        yield Row(f"{tier}_tier_rows_s", value, "rows/s", "PyOD IForest", base, value / base)
    usual, names = Usual.fit(rows[:10_000]), [str(i) for i in range(rows.shape[1])]
    spent = seconds(lambda: explain(model.score, usual, rows[:1], names))
    yield Row("explain_ms", spent * 1000, "ms")


@figure("contamination_cost")
def contamination() -> Iterator[Row]:
    """AUROC lost when 5 % of the training rows are attacks, mean over the sets with enough of them."""
    from pyod.models.knn import KNN
    from sklearn.metrics import roc_auc_score

    from analytics.anomaly.ensemble import Ensemble

    cost: dict[str, list[float]] = {"deep": [], "KNN20": []}
    for path in sorted((DATA / "adbench").glob("*.npz")):
        clean, poisoned, test, truth = _poisoned(path)
        if not len(clean):
            continue
        before, after = (Ensemble.fit(rows).score(test) for rows in (clean, poisoned))
        cost["deep"].append(roc_auc_score(truth, before) - roc_auc_score(truth, after))
        before, after = (
            KNN(n_neighbors=20, method="mean").fit(rows).decision_function(test) for rows in (clean, poisoned)
        )
        cost["KNN20"].append(roc_auc_score(truth, before) - roc_auc_score(truth, after))
    ours, theirs = float(np.mean(cost["deep"])), float(np.mean(cost["KNN20"]))
    yield Row("contamination_cost", ours, "AUROC", "PyOD KNN20", theirs, ours / theirs)


def _poisoned(path: Path) -> tuple[np.ndarray, ...]:
    """Ordinary training rows, the same with 5 % attacks, test rows and their truth; empty where attacks are few."""
    from sklearn.preprocessing import StandardScaler

    with np.load(path) as data:
        rows, truth = data["X"].astype(float), data["y"].astype(int)
    generator = np.random.default_rng(0)
    usual, odd = (generator.permutation(np.flatnonzero(truth == mark)) for mark in (0, 1))
    usual = usual[:10_000]
    half, mixed = len(usual) // 2, int(len(usual) // 2 * 0.05 / 0.95)
    if len(odd) < mixed + 30:
        empty = np.empty((0, 1))
        return empty, empty, empty, empty
    scaler = StandardScaler().fit(rows[usual[:half]])
    test = np.concatenate([usual[half:], odd[mixed : mixed + half]])
    poisoned = np.concatenate([usual[:half], odd[:mixed]])
    return (*(scaler.transform(rows[part]) for part in (usual[:half], poisoned, test)), truth[test])


@figure("explain_top1")
def reasons() -> Iterator[Row]:
    """Share of injected single-feature anomalies whose feature is named first; 3 sd beyond the training extreme."""
    from analytics.anomaly.ensemble import Ensemble
    from analytics.anomaly.explain import Usual, ablate

    first, third = [], []
    for path in sorted((DATA / "adbench").glob("*.npz")):
        with np.load(path) as data:
            rows = data["X"][data["y"] == 0].astype(float)
        if rows.shape[1] > 200:
            continue
        generator = np.random.default_rng(0)
        rows = rows[generator.permutation(len(rows))[:4000]]
        cut = len(rows) * 2 // 3
        train, probe = rows[:cut], rows[cut:][:100].copy()
        spread = train.std(axis=0)
        where = generator.choice(np.flatnonzero(spread > 0), len(probe))
        up = generator.random(len(probe)) < 0.5
        edge = np.where(up, train.max(axis=0)[where], train.min(axis=0)[where])
        index = np.arange(len(probe))
        probe[index, where] = edge + np.where(up, 3, -3) * spread[where]
        drops = ablate(Ensemble.fit(train).score, Usual.fit(train).median, probe)
        place = (drops > drops[index, where][:, None]).sum(axis=1)
        first.append((place == 0).mean())
        third.append((place < 3).mean())
    yield Row("explain_top1", float(np.mean(first)), "ratio")
    yield Row("explain_top3", float(np.mean(third)), "ratio")
