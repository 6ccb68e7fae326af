"""Data sets as the book shows them: sensitive columns of samples, exports by destination, flows between nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from analytics.business.book import Book
from analytics.datasecurity import judge_column
from analytics.datasecurity.seen import SeenColumn, SeenDataset, SeenExport, SeenFlow
from infra.events.business import Export, Manifest, Sample

MOST_SAMPLES = 2000
"""Newest samples looked at."""


def seen_datasets(book: Book) -> tuple[SeenDataset, ...]:
    """Every data set that was sampled, exported or transmitted, by name."""
    samples = _by_dataset(book.of(Sample)[-MOST_SAMPLES:])
    exports, flows = _by_dataset(book.of(Export)), _by_dataset(book.of(Manifest))
    return tuple(
        _dataset(book, name, samples.get(name, []), exports.get(name, []), flows.get(name, []))
        for name in sorted({*samples, *exports, *flows})
    )


def _by_dataset(events: Iterable[Sample | Export | Manifest]) -> dict[str, list[Any]]:
    found: defaultdict[str, list[Sample | Export | Manifest]] = defaultdict(list)
    for event in events:
        found[event.dataset].append(event)
    return dict(found)


def _dataset(
    book: Book, name: str, samples: Sequence[Sample], exports: Sequence[Export], flows: Sequence[Manifest]
) -> SeenDataset:
    events = (*samples, *exports, *flows)
    return SeenDataset(
        dataset=name,
        systems=tuple(sorted({event.system.value for event in events})),
        columns=tuple(_columns(samples)),
        exports=tuple(_exports(book, exports)),
        flows=tuple(_flows(flows)),
        rows=sum(len(sample.rows) for sample in samples),
        last=max((event.time for event in events), default=None),
    )


def _columns(samples: Sequence[Sample]) -> Iterable[SeenColumn]:
    columns: defaultdict[str, list[object]] = defaultdict(list)
    for sample in reversed(samples):
        for row in sample.rows:
            for name, value in row.items():
                if value is not None:
                    columns[name].append(value)
    for name, values in sorted(columns.items()):
        for verdict in judge_column(name, values):
            yield SeenColumn(
                name=name, kind=verdict.kind, sensitivity=verdict.sensitivity, share=verdict.share,
                values=verdict.values, sample=verdict.sample,
            )  # fmt: skip


def _exports(book: Book, exports: Sequence[Export]) -> Iterable[SeenExport]:
    groups: defaultdict[str, list[Export]] = defaultdict(list)
    for export in exports:
        groups[export.destination or ""].append(export)
    for destination, found in sorted(groups.items()):
        yield SeenExport(
            destination=destination, times=len(found), records=sum(one.records for one in found),
            accounts=len({one.user for one in found}), clear=sum(not one.masked for one in found),
            loose=sum(not one.case for one in found),
            astray=sum(bool(book.masters.not_agreed(one)) for one in found),
            last=max(one.time for one in found),
        )  # fmt: skip


def _flows(flows: Sequence[Manifest]) -> Iterable[SeenFlow]:
    lanes: defaultdict[tuple[str, str], list[Manifest]] = defaultdict(list)
    for manifest in flows:
        lanes[manifest.sender or manifest.province or "", manifest.receiver].append(manifest)
    for (sender, receiver), found in sorted(lanes.items()):
        newest: dict[str, Manifest] = {one.manifest: one for one in found}
        last: datetime = max(one.time for one in found)
        yield SeenFlow(
            sender=sender, receiver=receiver, times=len(newest), records=sum(one.records for one in newest.values()),
            last=last,
        )  # fmt: skip
