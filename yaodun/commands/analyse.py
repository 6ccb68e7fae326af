"""``yaodun analyse KIND FILE``: the analytics alone on a file, no platform running. Kinds: ``yaodun/analyses``."""

from __future__ import annotations

import argparse
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import yaodun.analyses
from yaodun.terminal import command


def add(commands: Any) -> None:
    """Declare the command and every kind."""
    parser = command(commands, "analyse", "find what is unusual in a file", "yaodun analyse table flows.csv")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for module in iter_modules(yaodun.analyses.__path__):
        kind = import_module(f"yaodun.analyses.{module.name}")
        before = set(kinds.choices)
        kind.add(kinds)
        for name in set(kinds.choices) - before:
            kinds.choices[name].set_defaults(analyse=kind.run)


def run(args: argparse.Namespace) -> int:
    """Hand over to the kind; exit 1 where it found something."""
    return int(args.analyse(args))
