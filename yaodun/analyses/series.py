"""``yaodun analyse series FILE``: one series as a stream; each answer is given before the next value is read."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaodun.terminal import command, emit


def add(kinds: Any) -> None:
    """Declare the kind."""
    parser = command(kinds, "series", "unusual moments of a time series", "yaodun analyse series cpu.csv")
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV of timestamp,value; a missing value is left empty")
    parser.add_argument("--threshold", type=float, metavar="NATS", help="alert at this score (default: the frozen one)")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when there was an alert."""
    from analytics.series.single import Single
    from analytics.series.watch import THRESHOLD

    single = Single(THRESHOLD if args.threshold is None else args.threshold)
    emit(_answers(single, args.file), args)
    return 1 if single.alerts else 0


def _answers(single: Any, path: Path) -> Iterator[dict[str, Any]]:
    from analytics.series.series_file import read_series

    for moment, text, value in read_series(path):
        answer = single.step(moment, value)
        yield {"timestamp": text, **answer}
