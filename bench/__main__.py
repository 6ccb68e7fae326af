"""``python -m bench [--name FIGURE]``: measure, write ``bench/results``, print the table of all figures."""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import traceback
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import bench
from bench.figure import MEASURES, Measure, Row

RESULTS = Path(__file__).parent / "results"
GOALS = {row["id"]: row for row in csv.DictReader((Path(__file__).parent / "goals.csv").read_text().splitlines())}


def main() -> int:
    """Run the chosen measures; exit 1 if one of them broke."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--name", help="one figure, or the area (file) it is in")
    wanted = parser.parse_args().name
    for module in iter_modules(bench.__path__):
        if module.name not in ("__main__", "figure"):
            import_module(f"bench.{module.name}")
    broken = 0
    for where, (names, measure) in sorted(MEASURES.items()):
        area = where.split(".")[1]
        if wanted in (None, area) or wanted in names:
            broken += run(area, names, measure)
    print_table()
    return 1 if broken else 0


def run(area: str, names: tuple[str, ...], measure: Measure) -> int:
    """Measure and keep; returns 1 if it broke."""
    print(f"measuring {', '.join(names)}", file=sys.stderr, flush=True)
    try:
        rows = list(measure())
    except Exception:
        traceback.print_exc()
        return 1
    keep(area, rows)
    return 0


def keep(area: str, rows: list[Row]) -> None:
    """Write rows into the area's result file; rows of other figures stay."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{area}.json"
    kept = {row["name"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    mark = {"commit": commit(), "machine": machine()}
    for row in rows:
        kept[row.name] = {**asdict(row), "goal": goal(row.name), "met": met(row), **mark}
    body = sorted(kept.values(), key=lambda row: row["name"])
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n")


def goal(name: str) -> float | None:
    """The goal of a figure, None where it has none."""
    return float(GOALS[name]["goal"]) if name in GOALS else None


def met(row: Row) -> bool | None:
    """Whether the goal is met; a figure measured on less than the stated size is not."""
    wanted = goal(row.name)
    if wanted is None:
        return None
    if row.value_note:
        return False
    if GOALS[row.name]["better"] == "higher":
        return row.value >= wanted
    return row.value <= wanted


def commit() -> str:
    """The commit that was measured, marked with + when the tree was not clean."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    dirty = subprocess.run(["git", "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("+" if dirty.stdout.strip() else "")


def machine() -> str:
    """The machine in words: processor family, cores, Python."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def print_table() -> None:
    """Every figure: goal, value, met, or not measured."""
    rows = {row["name"]: row for path in RESULTS.glob("*.json") for row in json.loads(path.read_text())}
    print(f"{'figure':32} {'goal':>12} {'value':>14} {'unit':12} met")
    for name, wanted in GOALS.items():
        sign = ">=" if wanted["better"] == "higher" else "<="
        row = rows.get(name)
        value = f"{row['value']:14.4g}" if row else f"{'not measured':>14}"
        print(f"{name:32} {sign}{wanted['goal']:>10} {value} {wanted['unit']:12} {verdict(row)}")


def verdict(row: dict[str, Any] | None) -> str:
    """yes, no, or nothing where it was not measured."""
    if row is None:
        return ""
    return ("yes" if row["met"] else "no") + (f" ({row['value_note']})" if row["value_note"] else "")


if __name__ == "__main__":
    sys.exit(main())
