"""How well the parsers read what was written: fields right per parser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collectors.frames import pack_records
from collectors.parsers import Parsed, ShippedParsers
from infra.events import Conformed, Conformer, table
from infra.events.frame import Frame
from tests.corpus.devices import DEVICE_WRITERS
from tests.corpus.formats import FORMAT_WRITERS
from tests.corpus.hosts import HOST_WRITERS
from tests.corpus.servers import SERVER_WRITERS
from tests.corpus.sessions import SESSION_WRITERS
from tests.corpus.values import Values, Written

RECEIVED = datetime(2026, 11, 25, tzinfo=UTC)
WRITERS = (*HOST_WRITERS, *SESSION_WRITERS, *SERVER_WRITERS, *DEVICE_WRITERS, *FORMAT_WRITERS)


@dataclass(slots=True)
class Score:
    """What one parser was asked and got right; ``wrong`` keeps some of what it got wrong."""

    records: int = 0
    fields: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def accuracy(self) -> float:
        """Share of fields that are right; 0 where nothing was asked."""
        return self.right / self.fields if self.fields else 0.0


def corpus(per_parser: int = 200, seed: int = 7) -> Iterator[Written]:
    """At least ``per_parser`` records for every parser."""
    values = Values(seed)
    for writer in WRITERS:
        counts: Counter[str] = Counter()
        while not counts or min(counts.values()) < per_parser:
            for written in writer(values):
                counts[written.parser] += 1
                yield written


def frame_of(written: Written) -> Frame:
    """The frame that ``written`` would arrive in."""
    raw = written.text.encode()
    body = pack_records([raw]) if written.kind == "syslog" else raw
    return Frame(
        "corpus", written.kind, 1, int(RECEIVED.timestamp() * 1e9), body, meta={"zone": "+00:00", **written.meta}
    )


def judge(records: Iterable[Written]) -> dict[str, Score]:
    """Scores by parser. The name of the parser counts as a field of each record; every record must meet the table."""
    parsers, conformer = ShippedParsers(), Conformer(table())
    scores: dict[str, Score] = {}
    for written in records:
        score = scores.setdefault(written.parser.rpartition("/")[2], Score())
        score.records += 1
        event = _read(parsers, conformer, written)
        expected = {**written.fields, "yaodun.parser": written.parser, "event.original": written.text}
        for name, value in expected.items():
            score.fields += 1
            if _same(_get(event, name), value):
                score.right += 1
            elif len(score.wrong) < 20:
                score.wrong.append(f"{name}: {_get(event, name)!r} instead of {value!r} in {written.text}")
    return scores


def overall(scores: dict[str, Score]) -> float:
    """Share of all fields that are right."""
    total: Counter[str] = Counter()
    for score in scores.values():
        total["fields"] += score.fields
        total["right"] += score.right
    return total["right"] / total["fields"]


def _read(parsers: ShippedParsers, conformer: Conformer, written: Written) -> dict[str, Any]:
    (item,) = parsers.parse(frame_of(written))
    if not isinstance(item, Parsed):
        return {}
    found = conformer.conform(item.document, RECEIVED)
    return found.event if isinstance(found, Conformed) else {}


def _get(event: dict[str, Any], name: str) -> Any:
    return event[name] if name in event else event.get("yaodun.flat", {}).get(name)


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, str) and isinstance(found, list):
        return found == [expected]
    return bool(found == expected)
