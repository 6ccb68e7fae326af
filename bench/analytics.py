"""Figures of the analytics: tabular detectors, series, templates, graph, behaviour; one core, peers in the same run.

Public data is read from ``../shared/data`` beside the repository (or ``YAODUN_DATA``). The settings of the tiers were
chosen while looking at these same public sets: the gains say what the settings reach there, not what other data give.
Rates are per second of processor time: what one core does, also where other work shares the machine.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench import nab
from bench.figure import Row, figure

os.environ.setdefault("MPLBACKEND", "Agg")
DATA = Path(os.environ.get("YAODUN_DATA", Path(__file__).parents[2] / "shared" / "data"))
SEEDS = (0, 1, 2)


def rate(work: Callable[[], Any], amount: int, rounds: int = 5) -> float:
    """Amount per second of processor time, median of ``rounds``."""
    work()
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return amount / float(np.median(spent))


def seconds(work: Callable[[], Any], rounds: int = 5) -> float:
    """Processor seconds of one run, median."""
    return 1.0 / rate(work, 1, rounds)


# Tabular


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


# Series


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


# Log templates


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


# Graph


def large_graph(n: int = 100_000, edges: int = 1_000_000) -> Any:
    """Heavy-tailed degrees and communities of 200 nodes."""
    from analytics.graph.seams import Kind, Node
    from analytics.graph.typed import TypedGraph

    rng = np.random.default_rng(0)
    source = rng.integers(0, n, edges)
    near = source // 200 * 200 + rng.integers(0, 200, edges)
    far = (n * rng.power(0.3, edges)).astype(np.int64)
    target = np.minimum(np.where(rng.random(edges) < 0.7, near, far), n - 1)
    nodes = [Node(str(i), Kind.OUTSIDE if i < 5 else Kind.ASSET, 0.1, jewel=i >= n - 5) for i in range(n)]
    kind = np.zeros(edges, dtype=np.int64)
    return TypedGraph(nodes, source, target, rng.uniform(0.05, 0.95, edges), kind, ["reaches"])


@figure("exposure_map_s", "pagerank_s")
def graph_times() -> Iterator[Row]:
    """Exposure map and PageRank at 100k nodes and 1M edges, answers compared with networkx in the same run."""
    import networkx

    from analytics.graph.exposure import exposure_map
    from analytics.graph.rank import pagerank

    graph = large_graph()
    costs = graph.costs
    peer = networkx.DiGraph()
    peer.add_nodes_from(range(len(graph)))
    table = costs.tocoo()
    peer.add_weighted_edges_from(zip(table.row.tolist(), table.col.tolist(), table.data.tolist(), strict=True))
    began = time.process_time()
    lengths = networkx.multi_source_dijkstra_path_length(peer, set(graph.outside.tolist()))
    slow = time.process_time() - began
    found = exposure_map(graph)
    worst = max(abs(found.cost[node] - cost) for node, cost in lengths.items())
    missing = int(np.isfinite(found.cost).sum()) - len(lengths)
    spent = seconds(lambda: exposure_map(graph))
    yield Row("exposure_map_s", spent, "s", "networkx", slow, slow / spent)
    yield Row("exposure_map_difference", float(worst) + abs(missing), "nats", "networkx")
    began = time.process_time()
    ranks = networkx.pagerank(peer, tol=1e-12, max_iter=300)
    slow = time.process_time() - began
    ours = pagerank(costs)
    spent = seconds(lambda: pagerank(costs, graph.reversed_costs))
    yield Row("pagerank_s", spent, "s", "networkx", slow, slow / spent)
    yield Row("pagerank_difference", float(max(abs(ours[n] - ranks[n]) for n in range(len(ours)))), "", "networkx")


# Behaviour


@figure("ueba_top20")
def insiders() -> Iterator[Row]:
    """Share of injected insider days in the daily top 20 (and 5) of 600 people, two a day, two seeds."""
    from collections import defaultdict
    from datetime import UTC, datetime, timedelta

    from analytics.behaviour.risk import risk
    from analytics.behaviour.watch import Behaviour
    from bench.insiders import Office

    places: list[int] = []
    for seed in (2, 3):
        behaviour = Behaviour()
        for day in Office(seed, people=600, days=35).play():
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day.number)
            by_entity = defaultdict(list)
            for contribution in behaviour.window(day.activities, at):
                by_entity[contribution.entity].append(contribution)
            ranked = sorted((risk(e, found, at) for e, found in by_entity.items()), key=lambda one: -one.score)
            names = [one.entity for one in ranked]
            places += [names.index(who) if who in names else 10**6 for who in day.insiders]
    yield Row("ueba_top20", float(np.mean(np.array(places) < 20)), "ratio")
    yield Row("ueba_top5", float(np.mean(np.array(places) < 5)), "ratio")
