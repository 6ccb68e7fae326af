"""How well each province's exchange does: five shares, each with what it counts and out of how many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from analytics.business.book import Book
from analytics.systems.numbers import ProvinceQuality, Share
from infra.events.business import Manifest, Receipt

WEEK = timedelta(days=7)
ANSWERED_WITHIN = timedelta(hours=24)


class _Sent(msgspec.Struct):
    """One transmission: its newest attempt, and the receipts of it."""

    newest: Manifest
    first: datetime
    attempts: int = 1
    receipts: list[Receipt] = []

    def complete(self) -> Receipt | None:
        """The first receipt that says all is there."""
        done = [one for one in self.receipts if one.status == "complete"]
        return min(done, key=lambda one: one.recorded, default=None)


def province_quality(book: Book, at: datetime) -> tuple[ProvinceQuality, ...]:
    """Every province that sent anything in the week before ``at``, by its code."""
    sent: dict[str, _Sent] = {}
    for manifest in book.of(Manifest):
        if manifest.province and manifest.time >= at - WEEK:
            known = sent.get(manifest.manifest)
            if known is None:
                sent[manifest.manifest] = _Sent(manifest, manifest.time)
            else:
                known.newest, known.attempts = manifest, known.attempts + 1
    for receipt in book.of(Receipt):
        if receipt.manifest in sent:
            sent[receipt.manifest].receipts.append(receipt)
    by_province: defaultdict[str, list[_Sent]] = defaultdict(list)
    for one in sent.values():
        by_province[str(one.newest.province)].append(one)
    return tuple(_quality(province, items, at) for province, items in sorted(by_province.items()))


def _quality(province: str, items: Sequence[_Sent], at: datetime) -> ProvinceQuality:
    due = [one for one in items if at - one.first > ANSWERED_WITHIN or one.complete()]
    prompt = [one for one in due if (done := one.complete()) and done.recorded - one.first <= ANSWERED_WITHIN]
    answered = [(one.newest, done) for one in items if (done := one.complete())]
    records = sum(manifest.records for manifest, _ in answered)
    stored = sum(min(done.accepted, manifest.records) for manifest, done in answered)
    checked = sum(done.accepted + done.rejected for _, done in answered)
    equal = sum(_agrees(manifest, done) for manifest, done in answered)
    return ProvinceQuality(
        province=province,
        on_time=Share(len(prompt), len(due)),
        complete=Share(stored, records),
        valid=Share(sum(done.accepted for _, done in answered), checked),
        once=Share(sum(one.attempts == 1 for one in items), len(items)),
        consistent=Share(equal, len(answered)),
    )


def _agrees(manifest: Manifest, done: Receipt) -> bool:
    same_hash = not done.hash or not manifest.hash or done.hash == manifest.hash
    return same_hash and done.accepted + done.rejected == manifest.records
