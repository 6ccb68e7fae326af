"""``yaodun analyse templates FILE [--content]``: the template of each line, by one setting for every source."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaodun.terminal import command, emit


def add(kinds: Any) -> None:
    """Declare the kind."""
    parser = command(kinds, "templates", "the kinds of line in a log", "yaodun analyse templates /var/log/messages")
    parser.add_argument("file", type=Path, metavar="FILE", help="raw lines; - reads standard input")
    parser.add_argument("--content", action="store_true", help="headers (time, host, process) are already removed")
    parser.add_argument("--summary", action="store_true", help="one answer a template instead of one a line")


def run(args: argparse.Namespace) -> int:
    """Exit 0: templates are no finding. Ids are final: a line early in the file bears what it merged into later."""
    from analytics.templates.header import content
    from analytics.templates.log_file import read_lines
    from analytics.templates.miner import Miner

    miner = Miner()
    taken = [miner.take(line if args.content else content(line)) for line in read_lines(args.file)]
    emit(_summary(miner) if args.summary else _lines(miner, taken), args)
    return 0


def _lines(miner: Any, taken: list[Any]) -> Iterator[dict[str, Any]]:
    texts: dict[int, str] = {}
    for number, template in enumerate(taken, 1):
        now = miner.current(template)
        text = texts.get(now.id)
        if text is None:
            text = texts[now.id] = now.text
        yield {"line": number, "template_id": now.id, "template": text}


def _summary(miner: Any) -> Iterator[dict[str, Any]]:
    for template in miner.templates():
        yield {"template_id": template.id, "count": template.count, "template": template.text}
