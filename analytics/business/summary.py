"""The state of the business in numbers, from the same book the detectors judged: what posture and pages show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from analytics.business.book import Book
from analytics.business.datasets import seen_datasets
from analytics.business.exchange_quality import province_quality
from analytics.business.finding import Finding
from analytics.datasecurity import Sensitivity
from analytics.datasecurity.seen import SeenDataset
from analytics.systems.numbers import Summary
from infra.events.business import Access, Bill, ELicence, Export, Heartbeat, Manifest, Receipt, Step

DAY = timedelta(days=1)
_TRACE = frozenset(f"B{n:02}" for n in range(1, 21)) | {"T01", "T02", "T05", "T09", "T12", "T14"}
_LICENCE = frozenset({"B21", "B22", "B23"})


def summarise(book: Book, findings: Sequence[Finding]) -> Summary:
    """The numbers at the moment the centre last recorded anything."""
    at = datetime.fromtimestamp(book.end / 1000, UTC)
    since = at - DAY
    fresh = [one for one in findings if one.ends >= since - DAY]
    count = Counter(one.detector for one in fresh)
    feeds, on_time = _feeds(book, at)
    codes = sum(len(bill.codes) for bill in book.of(Bill) if bill.recorded >= since)
    trace = sum(many for detector, many in count.items() if detector in _TRACE)
    datasets = seen_datasets(book)
    columns = _unmasked(datasets)
    return Summary(
        at=at, events=book.events, feeds=feeds, feeds_on_time=on_time, codes_per_day=codes,
        trace_anomalies=10_000 * trace / codes if codes else None,
        licence_misuse=_of(book.of(ELicence), float(sum(count[detector] for detector in _LICENCE))),
        approval_overdue=_overdue(book, fresh, since),
        account_misuse=_of(book.of(Access), float(_account_misuse(book, since))),
        sensitive_exports=_of(book.of(Export), float(_exports(book, since) + count["B27"])),
        exchange_mismatch=_mismatch(book, findings, since),
        sensitive_unmasked=None if columns is None else float(len(columns)), unmasked=tuple(columns or ()),
        findings=dict(count), systems=dict(Counter(one.system for one in fresh)),
        datasets=datasets, provinces=province_quality(book, at),
    )  # fmt: skip


def _of(items: Sequence[object], value: float) -> float | None:
    return value if items else None


def _feeds(book: Book, at: datetime) -> tuple[int, float | None]:
    """Feeds, and the share of them whose last heartbeat is at most three intervals old."""
    last: dict[str, Heartbeat] = {}
    for beat in book.of(Heartbeat):
        if beat.feed:
            last[beat.feed] = beat
    if not last:
        return 0, None
    fresh = sum(at - beat.recorded <= timedelta(seconds=3 * beat.interval_s) for beat in last.values())
    return len(last), fresh / len(last)


def _overdue(book: Book, fresh: Sequence[Finding], since: datetime) -> float | None:
    """Cases that overran a limit among those that moved in the last week."""
    moved = {step.case for step in book.of(Step) if step.time >= since - 6 * DAY}
    late = {one.subject.value for one in fresh if one.reason == "case_overrun"}
    return len(late & moved) / len(moved) if moved else None


def _account_misuse(book: Book, since: datetime) -> int:
    """Accounts that granted themselves a role, and guessed passwords that at last were right."""
    failures: defaultdict[str, int] = defaultdict(int)
    found = 0
    for access in book.of(Access):
        if access.time < since:
            continue
        if access.action == "grant" and access.subject == access.account:
            found += 1
        if access.action == "login" and access.outcome == "failure":
            failures[access.account] += 1
        elif access.action == "login":
            found += failures.pop(access.account, 0) >= 5
    return found


def _exports(book: Book, since: datetime) -> int:
    """Exports with personal data in the clear and no case behind them."""
    return sum(not export.masked and not export.case for export in book.of(Export) if export.time >= since)


def _mismatch(book: Book, findings: Sequence[Finding], since: datetime) -> float | None:
    """Share of the transmissions of the last week that do not reconcile."""
    sent = {manifest.manifest for manifest in book.of(Manifest) if manifest.time >= since - 6 * DAY}
    wrong = {one.subject.value for one in findings if one.detector == "B25"}
    return len(sent & wrong) / len(sent) if sent and book.of(Receipt) else None


def _unmasked(datasets: Sequence[SeenDataset]) -> list[str] | None:
    """Columns of exchanged samples that hold personal data in the clear, ``dataset.column: kind``."""
    if not any(one.rows for one in datasets):
        return None
    return [
        f"{one.dataset}.{column.name}: {column.kind}"
        for one in datasets
        for column in one.columns
        if column.sensitivity is not Sensitivity.BUSINESS
    ]
