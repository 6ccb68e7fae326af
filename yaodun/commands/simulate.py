"""``yaodun simulate business``: a seeded world of the regulator's business as files, with the truth beside it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from yaodun.simulation.business import simulate
from yaodun.simulation.knobs import known_knobs
from yaodun.terminal import command, emit_one

EXAMPLE = "yaodun simulate business --seed 7 --days 120 --out /tmp/world"
MIN_DAYS, MAX_DAYS, MAX_CODES = 14, 730, 50_000_000
"""Goods need two weeks from production to a shop: a shorter world has nothing to tell."""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "simulate", "write a simulated world of business events and its truth", EXAMPLE)
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    world = command(kinds, "business", "the regulator's business", EXAMPLE)
    world.add_argument("--seed", type=int, required=True, metavar="N", help="the same seed gives the same bytes")
    world.add_argument("--days", type=int, required=True, metavar="D", help="how many days of business")
    world.add_argument("--out", type=Path, required=True, metavar="DIR", help="for events.ndjson and truth.ndjson")
    world.add_argument("--codes", type=int, metavar="N", help="smallest units to make (default: 8,400 a day)")
    world.add_argument(
        "--knob", action="append", default=[], metavar="NAME=VALUE", help="fix a strength; names: " + _names()
    )


def run(args: argparse.Namespace) -> int:
    """Simulate, write, say what was written."""
    _check(args.days, "--days", MIN_DAYS, MAX_DAYS)
    if args.codes is not None:
        _check(args.codes, "--codes", 1, MAX_CODES)
    started = time.monotonic()
    tape = simulate(args.seed, args.days, codes=args.codes, knobs=knobs_of(args.knob))
    events, truths = tape.write(args.out)
    look_alikes = sum(truth.look_alike for truth in truths)
    answer = {
        "out": str(args.out), "events": events, "truths": len(truths), "anomalies": len(truths) - look_alikes,
        "look_alikes": look_alikes, "codes": tape.codes, "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip
    emit_one(answer, args)
    return 0


def knobs_of(words: list[str]) -> dict[str, float]:
    """``NAME=VALUE`` words as knobs; ``AppError(INVALID)`` names the word."""
    fixed: dict[str, float] = {}
    for word in words:
        name, equals, value = word.partition("=")
        try:
            fixed[name] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise AppError(ErrorKind.INVALID, "yaodun.knob_malformed", place=f"--knob {word[:60]}")
    return fixed


def _check(value: int, option: str, least: int, most: int) -> None:
    if not least <= value <= most:
        raise AppError(ErrorKind.INVALID, "yaodun.simulate_range", place=option, least=least, most=most)


def _names() -> str:
    return ", ".join(known_knobs())
