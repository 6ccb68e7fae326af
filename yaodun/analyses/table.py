"""``yaodun analyse table FILE [--train FILE]``: unusual rows of a CSV or npz, with the features that make them so."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaodun.terminal import command, emit


def add(kinds: Any) -> None:
    """Declare the kind."""
    parser = command(kinds, "table", "unusual rows of a table", "yaodun analyse table today.csv --train last-month.csv")
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV with a header line, or npz with an array X")
    parser.add_argument("--train", type=Path, metavar="FILE", help="learn what is usual from this file (default: FILE)")
    parser.add_argument("--tier", choices=("deep", "fast"), default="deep", help="deep: all detectors; fast: three")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same scores")
    parser.add_argument("--below", type=float, default=0.001, metavar="P", help="rows rarer than P count as found")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when a row is rarer than ``--below``."""
    from analytics.anomaly.ensemble import Tier
    from analytics.anomaly.table import TableModel
    from analytics.anomaly.table_file import read_table, same_columns

    table = read_table(args.file)
    training = read_table(args.train) if args.train else table
    model = TableModel.fit(training, Tier(args.tier), args.seed)
    found = Found(args.below)
    emit(found.watch(model.judge(same_columns(table, training, args.file))), args)
    return 1 if found.rows else 0


class Found:
    """Counts the answers rarer than ``below`` while they pass."""

    def __init__(self, below: float) -> None:
        self.below, self.rows = below, 0

    def watch(self, answers: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same answers, counted."""
        for answer in answers:
            self.rows += answer["p"] < self.below
            yield answer
