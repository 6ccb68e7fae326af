"""``yaodun analyse sensitive FILE``: columns that hold identity numbers, phones, cards, codes; samples are masked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from yaodun.terminal import command, emit


def add(kinds: Any) -> None:
    """Declare the kind."""
    parser = command(kinds, "sensitive", "columns that hold sensitive data", "yaodun analyse sensitive applicants.csv")
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV with a header line")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when a column holds sensitive data."""
    from analytics.anomaly.table_file import read_table
    from analytics.datasecurity import judge_table

    table = read_table(args.file)
    verdicts = judge_table(dict(zip(table.names, table.columns, strict=True)))
    return 1 if emit((msgspec.to_builtins(verdict) for verdict in verdicts), args) else 0
