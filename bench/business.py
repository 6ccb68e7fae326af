"""The business detectors against a simulated site: macro precision and recall, false alerts, rate on one core.

Thresholds were frozen on seeds 1 to 5; the figures come from other seeds and, in part, other knobs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.figure import Row, figure

SEEDS = (101, 102)
DAYS = 75
TABLE = Path(__file__).parents[1] / "docs" / "business-detectors.md"
_SLACK = timedelta(days=1)


@dataclass
class Tally:
    """Counts of one detector over all files."""

    found: int = 0
    injected: int = 0
    right: int = 0
    said: int = 0
    misses: list[str] = field(default_factory=list)
    falses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Right alerts of all alerts; 1 where it never spoke."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Found anomalies of all; 1 where none was injected."""
        return self.found / self.injected if self.injected else 1.0


def matches(alert: Any, truth: Any, events: frozenset[str]) -> bool:
    """The rule of docs/business-events.md, the detector apart."""
    same = (alert.subject.kind, alert.subject.value) == (truth.subject.kind, truth.subject.value)
    near = alert.begins - _SLACK <= truth.ends and truth.begins <= alert.ends + _SLACK
    return (same and near) or not events.isdisjoint(alert.events)


def score(findings: Sequence[Any], truths: Sequence[Any], tallies: dict[str, Tally]) -> None:
    """Count the findings of one file into ``tallies``."""
    injected = [(truth, frozenset(truth.events)) for truth in truths if not truth.look_alike]
    for truth, _ in injected:
        tallies[truth.detector].injected += 1
    found: set[int] = set()
    for alert in findings:
        mine = [
            (number, truth)
            for number, (truth, events) in enumerate(injected)
            if (alert.detector == truth.detector or alert.detector in truth.also) and matches(alert, truth, events)
        ]
        tally = tallies[alert.detector]
        tally.said += 1
        tally.right += bool(mine)
        found.update(number for number, truth in mine if truth.detector == alert.detector)
        if not mine:
            tally.falses.append(f"{alert.subject.value} {alert.begins:%m-%d} {alert.words()}")
    for number, (truth, _) in enumerate(injected):
        tallies[truth.detector].found += number in found
        if number not in found:
            tallies[truth.detector].misses.append(
                f"{truth.kind} {truth.subject.value} {truth.begins:%m-%d} {truth.knob}"
            )


def judge_file(folder: Path, tallies: dict[str, Tally]) -> dict[str, float]:
    """Judge one simulated site; returns its codes and the processor seconds spent, reading included."""
    from analytics.business import build_book, judge_book
    from infra.events.business import read_events, read_truth

    truths = read_truth(folder / "truth.ndjson")
    began = time.process_time()
    book = build_book(read_events(folder / "events.ndjson"))
    findings = judge_book(book)
    spent = time.process_time() - began
    score(findings, truths, tallies)
    return {"codes": len(book.codes.names), "named": book.codes.occurrences, "seconds": spent, "said": len(findings)}


def simulate(seed: int, days: int, folder: Path, knobs: Sequence[str] = ()) -> Path:
    """A simulated site in a process of its own."""
    words = ("--seed", str(seed), "--days", str(days), "--out", str(folder), *knobs)
    subprocess.run([sys.executable, "-m", "yaodun", "simulate", "business", *words], check=True, capture_output=True)
    return folder


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson interval, 95 %."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def macro(tallies: dict[str, Tally]) -> tuple[float, float]:
    """Mean precision and recall over the detectors that had something to find or said something."""
    judged = [tally for tally in tallies.values() if tally.injected]
    return float(np.mean([t.precision for t in judged])), float(np.mean([t.recall for t in judged]))


@figure("business_precision", "business_recall", "business_false_per_10k", "codes_per_s_core")
def measure() -> Iterator[Row]:
    """All seeds; the table of the detectors goes to docs."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    totals: defaultdict[str, float] = defaultdict(float)
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            for name, value in judge_file(simulate(seed, DAYS, Path(folder) / str(seed)), tallies).items():
                totals[name] += value
    precision, recall = macro(tallies)
    false = sum(tally.said - tally.right for tally in tallies.values())
    note = "" if totals["codes"] >= 1_000_000 else f"{totals['codes']:.0f} codes"
    yield Row("business_precision", precision, "ratio", value_note=note)
    yield Row("business_recall", recall, "ratio", value_note=note)
    yield Row("business_false_per_10k", 10_000 * false / totals["codes"], "alerts", value_note=note)
    yield Row(
        "codes_per_s_core",
        totals["named"] / totals["seconds"],
        "1/s",
        "different codes",
        totals["codes"] / totals["seconds"],
    )
    write_table(tallies)


def write_table(tallies: dict[str, Tally]) -> None:
    """Every detector with its 95 % intervals, for people (docs/business-detectors.md)."""
    words = f"Simulated seeds {', '.join(map(str, SEEDS))}, {DAYS} days each; thresholds frozen on seeds 1 to 5."
    heads = [
        "| detector | injected | found | said | right | precision (95 %) | recall (95 %) |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = [_row(name, tally) for name, tally in sorted(tallies.items())]
    title = "# The business detectors, measured\n\nWritten by `python -m bench --name business`."
    TABLE.write_text("\n".join([title, words, "", *heads, *rows, ""]), encoding="utf-8")


def _row(name: str, tally: Tally) -> str:
    precision, recall = interval(tally.right, tally.said), interval(tally.found, tally.injected)
    shown = [
        f"{value:.3f} ({low:.2f} to {high:.2f})"
        for value, (low, high) in ((tally.precision, precision), (tally.recall, recall))
    ]
    return f"| {name} | {tally.injected} | {tally.found} | {tally.said} | {tally.right} | {shown[0]} | {shown[1]} |"
