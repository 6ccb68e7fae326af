"""Data exchange: silent feeds (B24), counts and digests that differ (B25)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from analytics.business.calendar import DAY_MS, HOUR_MS
from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import Heartbeat, Manifest, NoticeType, Receipt

_EXCUSES = (NoticeType.MAINTENANCE, NoticeType.OUTAGE)


def silent_feed(desk: Desk) -> Iterator[Finding]:
    """B24: no heartbeat for many intervals; a feed without heartbeats: no manifest for days it usually has one."""
    beats: defaultdict[str, list[Heartbeat]] = defaultdict(list)
    for beat in desk.book.of(Heartbeat):
        if beat.feed:
            beats[beat.feed].append(beat)
    for feed, items in beats.items():
        yield from _gaps(desk, feed, items)
    sent: defaultdict[str, list[Manifest]] = defaultdict(list)
    for manifest in desk.book.of(Manifest):
        if manifest.feed and manifest.feed not in beats:
            sent[manifest.feed].append(manifest)
    for feed, manifests in sent.items():
        yield from _missing_manifests(desk, feed, manifests)


def _gaps(desk: Desk, feed: str, items: list[Heartbeat]) -> Iterator[Finding]:
    limits = desk.limits["feed"]
    times = np.array([item.time.timestamp() * 1000 for item in items])
    gaps = np.diff(np.r_[times, desk.book.end])
    shown = float(np.quantile(gaps[:-1], 0.99)) if len(gaps) > 20 else 0.0
    for place in np.flatnonzero(gaps > limits["least_hours"] * HOUR_MS).tolist():
        agreed = items[place].interval_s * 1000
        if gaps[place] <= max(limits["intervals"] * agreed, 3 * min(shown, 20 * agreed)):
            continue
        begins, ends = times[place], times[place] + gaps[place]
        if not _excused(desk, feed, items[place].province, begins + agreed, ends, limits["intervals"] * agreed):
            yield finding(
                "B24", "feed", feed, (begins, ends), [items[place].id], 0.93, "silent_feed",
                "sharing", feed=feed, hours=f"{gaps[place] / HOUR_MS:.1f}",
            )  # fmt: skip


def _excused(desk: Desk, feed: str, province: str | None, begins: float, ends: float, most: float) -> bool:
    """Whether notices leave no stretch of the silence longer than ``most`` unexplained."""
    scopes = {"feed": feed, "province": province or feed.split("/")[0], "system": "sharing"}
    open_from, longest = begins, 0.0
    for notice in sorted((n for kind in _EXCUSES for n in desk.book.calendar.notices(kind)), key=lambda n: n.begins):
        first, last = notice.begins.timestamp() * 1000, notice.ends.timestamp() * 1000
        if not desk.book.calendar.told((notice.notice_type,), round(first), round(first), scopes):
            continue
        if last <= begins or first >= ends:
            continue
        longest = max(longest, first - open_from)
        open_from = max(open_from, last)
    return max(longest, ends - open_from) <= most


def _missing_manifests(desk: Desk, feed: str, manifests: list[Manifest]) -> Iterator[Finding]:
    times = np.array([item.time.timestamp() * 1000 for item in manifests])
    gaps = np.diff(np.r_[times, desk.book.end])
    if len(gaps) < 8:
        return
    usual = float(np.median(gaps[:-1]))
    allowed = max(desk.limits["feed"]["manifest_days"] * DAY_MS, 4 * usual, 1.5 * float(np.quantile(gaps[:-1], 0.98)))
    for place in np.flatnonzero(gaps > allowed).tolist():
        begins, ends = times[place], times[place] + gaps[place]
        rest = desk.book.calendar.rest(round(begins), round(ends))
        province = manifests[place].province
        if gaps[place] - rest > allowed and not _excused(desk, feed, province, begins, ends, allowed):
            yield finding(
                "B24", "feed", feed, (begins, ends), [manifests[place].id], 0.85, "silent_feed",
                "sharing", feed=feed, hours=f"{gaps[place] / HOUR_MS:.1f}",
            )  # fmt: skip


def mismatched(desk: Desk) -> Iterator[Finding]:
    """B25: after the last attempt the centre has not what the province says it sent, by count or by digest."""
    receipts: defaultdict[str, list[Receipt]] = defaultdict(list)
    for receipt in desk.book.of(Receipt):
        receipts[receipt.manifest].append(receipt)
    manifests: defaultdict[str, list[Manifest]] = defaultdict(list)
    for manifest in desk.book.of(Manifest):
        manifests[manifest.manifest].append(manifest)
    for name, sent in manifests.items():
        last = max(sent, key=lambda item: (item.attempt, item.time))
        answers = receipts.get(name, [])
        fault = _difference(desk, last, answers)
        if fault:
            span = (sent[0].time.timestamp() * 1000, max(e.time.timestamp() * 1000 for e in (*sent, *answers)))
            yield finding(
                "B25", "manifest", name, span, [event.id for event in (*sent, *answers)], 0.95, f"mismatch_{fault}",
                "sharing", manifest=name, sent=last.records, dataset=last.dataset,
            )  # fmt: skip


def _difference(desk: Desk, sent: Manifest, answers: list[Receipt]) -> str:
    grace = desk.limits["mismatch"]["grace_hours"] * HOUR_MS
    old = desk.book.end - sent.recorded.timestamp() * 1000 > grace
    if not answers:
        return "unanswered" if old and desk.book.of(Receipt) else ""
    final = max(answers, key=lambda item: (item.attempt, item.time))
    if final.status != "complete":
        return "unfinished" if old and final.attempt >= sent.attempt else ""
    if final.accepted + final.rejected != sent.records:
        return "count"
    return "digest" if final.hash and sent.hash and final.hash.lower() != sent.hash.lower() else ""


DETECTORS = (silent_feed, mismatched)
