"""Talking to a terminal or a pipe: common options, tables, NDJSON, progress, errors."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import orjson

from infra.home import Home, find_home
from infra.text.catalogue import Language, set_language

Commands = argparse._SubParsersAction  # argparse offers no public name for what add_subparsers returns


def choose_language(environ: Mapping[str, str]) -> None:
    """Chinese unless ``YAODUN_LANG`` or the locale says English."""
    wanted = environ.get("YAODUN_LANG") or environ.get("LC_ALL") or environ.get("LANG") or ""
    set_language(Language.EN if wanted.lower().startswith("en") else Language.ZH)


def command(commands: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """A sub-parser with the common options and an example in its help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common_options(parser)
    return parser


def common_options(parser: argparse.ArgumentParser) -> None:
    """``--home`` and ``--format``, accepted before and after the command's name."""
    parser.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help="data folder (or YAODUN_HOME)")
    parser.add_argument(
        "--format",
        choices=("table", "ndjson", "json"),
        default=argparse.SUPPRESS,
        help="table on a terminal, ndjson in a pipe",
    )


def home_of(args: argparse.Namespace) -> Home:
    """The data folder of this call."""
    return find_home(getattr(args, "home", None))


def emit(rows: Iterable[Mapping[str, Any]], args: argparse.Namespace, out: TextIO | None = None) -> int:
    """Print rows in the wanted format; returns how many."""
    out = out or sys.stdout
    chosen = getattr(args, "format", None) or ("table" if out.isatty() else "ndjson")
    if chosen == "ndjson":
        return _ndjson(rows, out)
    listed = [dict(row) for row in rows]
    if chosen == "json":
        out.write(_text(listed, orjson.OPT_INDENT_2) + "\n")
    else:
        _table(listed, out)
    return len(listed)


def emit_one(document: Mapping[str, Any], args: argparse.Namespace, out: TextIO | None = None) -> None:
    """Print one document: one line in a pipe, indented on a terminal."""
    out = out or sys.stdout
    chosen = getattr(args, "format", None) or ("json" if out.isatty() else "ndjson")
    out.write(_text(document, 0 if chosen == "ndjson" else orjson.OPT_INDENT_2) + "\n")


def complain(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(text + "\n")


class Progress:
    """A one-line progress bar on stderr, on a terminal only."""

    def __init__(self, total: int, label: str) -> None:
        self._total, self._label, self._shown = max(total, 1), label, sys.stderr.isatty()

    def show(self, done: int) -> None:
        """Draw ``done`` of the total."""
        if self._shown:
            filled = min(30, 30 * done // self._total)
            sys.stderr.write(f"\r{self._label} [{'#' * filled}{'.' * (30 - filled)}] {done}/{self._total}")

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            sys.stderr.write("\n")


def _text(value: Any, option: int) -> str:
    return orjson.dumps(value, default=str, option=option | orjson.OPT_NON_STR_KEYS).decode()


def _ndjson(rows: Iterable[Mapping[str, Any]], out: TextIO) -> int:
    count = 0
    for row in rows:
        out.write(_text(row, 0) + "\n")
        count += 1
    return count


def _table(rows: Sequence[dict[str, Any]], out: TextIO) -> None:
    if not rows:
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(_width(line[i]) for line in [columns, *cells]) for i in range(len(columns))]
    limit = max(20, (shutil.get_terminal_size().columns - 2 * len(columns)) // len(columns) * 2)
    for line in [columns, *cells]:
        out.write(
            "  ".join(_pad(cell, min(width, limit)) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        )


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else _text(value, 0)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int) -> str:
    while _width(text) > width:
        text = text[:-2] + "…"
    return text + " " * (width - _width(text))


def is_terminal() -> bool:
    """Whether a person reads the output."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
