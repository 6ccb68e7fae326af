"""``yaodun analyse business EVENTS``: what in the regulator's business does not add up.

The format of the events is in docs/business-events.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.text import say
from yaodun.terminal import command, emit


def add(kinds: Any) -> None:
    """Declare the kind."""
    parser = command(kinds, "business", "anomalies in business events", "yaodun analyse business events.ndjson")
    parser.add_argument("file", type=Path, metavar="EVENTS", help="NDJSON of business events")
    parser.add_argument("--detector", action="append", metavar="ID", help="only these (B01 ... T14); may be repeated")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when something was found, or when a detector broke: then nothing can be said for it."""
    from analytics.business import judge
    from analytics.business.aliases import ids_of
    from infra.events.business import read_events

    broken: dict[str, Exception] = {}
    found = judge(read_events(args.file), broken=broken.__setitem__)
    wanted = {detector for word in args.detector or () for detector in ids_of(word.upper())}
    rows = [one for one in found if not wanted or one.detector in wanted]
    emit(_rows(rows), args)
    for name, problem in broken.items():
        words = say("yaodun.analyse.broken_detector", detector=name, problem=f"{type(problem).__name__}: {problem}")
        print(words, file=sys.stderr)
    return 1 if rows or broken else 0


def _rows(found: list[Any]) -> Iterator[dict[str, Any]]:
    from analytics.business.aliases import aliases_of
    from infra.text import Language

    for one in found:
        yield {
            "detector": one.detector,
            "aliases": aliases_of(one.detector),
            "subject": {"kind": one.subject.kind, "value": one.subject.value},
            "from": one.begins.isoformat().replace("+00:00", "Z"),
            "to": one.ends.isoformat().replace("+00:00", "Z"),
            "events": list(one.events),
            "confidence": one.confidence,
            "reason": one.words(),
            "reason_en": one.words(Language.EN),
            "reason_zh": one.words(Language.ZH),
        }
