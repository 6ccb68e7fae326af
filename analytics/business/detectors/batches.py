"""Batches that move when they must not (B12), and batches that do not balance (B08)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.business.bill_lines import SALES, SENT
from analytics.business.calendar import DAY_MS, day_number, local_days, local_text
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from infra.events.business import Recall

ONWARD = frozenset({"201", "203", "207", "209", "212", "217"}) | SALES
"""Movements that bring goods on; recall, return, destruction and their like are what should happen instead."""


def moved_on(desk: Desk) -> Iterator[Finding]:
    """B12: sold or sent on after expiry, after the recall, or before the release."""
    lines = desk.book.lines
    onward = np.flatnonzero(lines.is_kind(ONWARD))
    grace = desk.limits["batch"]["grace_minutes"] * 60_000
    dates = _BatchDates.of(desk)
    batch, time = lines.batch[onward], lines.time[onward]
    expired = onward[local_days(time - int(grace)) > dates.expiry[batch]]
    early = onward[time + grace < dates.released[batch]]
    yield from _tell(desk, expired, "moved_expired")
    yield from _tell(desk, early, "moved_unreleased")
    yield from _tell(desk, _recalled(desk, onward, grace), "moved_recalled")


@dataclass(frozen=True, slots=True)
class _BatchDates:
    """Last local day of use, and release (ms; far future: not yet; 0: none needed), by number of the batch."""

    expiry: np.ndarray
    released: np.ndarray

    @classmethod
    def of(cls, desk: Desk) -> _BatchDates:
        expiry, released = [], []
        on_bills = {int(b): bill.expiry for b, bill in zip(desk.book.lines.batch, desk.book.lines.bills, strict=True)}
        for number, name in enumerate(desk.book.lines.batch_names):
            found = desk.book.masters.batches.last(name)
            last = found.expiry if found else on_bills.get(number)
            expiry.append(day_number(last) if last else 1 << 40)
            waits = found is not None and found.release_required
            moment = found.released.timestamp() * 1000 if found and found.released else 9e15
            released.append(moment if waits else 0.0)
        return cls(np.array(expiry, dtype=np.int64), np.array(released))


def _recalled(desk: Desk, onward: np.ndarray, grace: float) -> np.ndarray:
    lines = desk.book.lines
    told = np.zeros(lines.n, dtype=bool)
    lifted = {recall.notice: recall.time.timestamp() * 1000 for recall in desk.book.of(Recall) if recall.withdrawn}
    products = np.array([product for product, _ in lines.batch_names], dtype=object)
    for recall in desk.book.of(Recall):
        if recall.withdrawn:
            continue
        wanted = set(recall.batches)
        hit = np.array(
            [product == recall.product and (not wanted or batch in wanted) for product, batch in lines.batch_names],
            dtype=bool,
        )
        since = recall.effective.timestamp() * 1000 + recall.halt_hours * 3_600_000 + grace
        until = lifted.get(recall.notice, np.inf)
        time = lines.time[onward]
        told[onward[hit[lines.batch[onward]] & (time > since) & (time < until)]] = True
    del products
    return np.flatnonzero(told)


def _tell(desk: Desk, members: np.ndarray, reason: str) -> Iterator[Finding]:
    lines = desk.book.lines
    by_batch: defaultdict[int, list[int]] = defaultdict(list)
    for line in members.tolist():
        by_batch[int(lines.batch[line])].append(line)
    for batch, group in by_batch.items():
        product, number = lines.batch_names[batch]
        for part in episodes(group, lines.time, 30 * DAY_MS):
            ids = [event for line in part for event in lines.ids[line]]
            span = (float(lines.time[part[0]]), float(lines.time[part[-1]]))
            yield finding(
                "B12", "batch", f"{product}/{number}", span, ids, 0.97, reason,
                product=product, batch=number, lines=len(part), when=local_text(span[0]),
            )  # fmt: skip


def unbalanced(desk: Desk) -> Iterator[Finding]:
    """B08: more of a batch went out for good than was made, or a party sent out far more than it ever took in."""
    yield from _more_than_made(desk)
    yield from _more_than_taken(desk)


def _more_than_made(desk: Desk) -> Iterator[Finding]:
    lines, limits = desk.book.lines, desk.limits["balance"]
    count = len(lines.batch_names)
    born = np.bincount(lines.batch, lines.quantity * (lines.kind == 101), count)
    gone = np.bincount(lines.batch, lines.quantity * lines.final, count)
    found = np.bincount(lines.batch, lines.quantity * np.isin(lines.kind, [111, 116]), count)
    made = np.array([_made(desk, name) for name in lines.batch_names])
    made = np.where(np.isnan(made), born, made)
    known = (made > 0) & ~np.isnan(made)
    for what, amount in (("produced", born), ("used", gone - found)):
        over = known & (amount > made * (1 + limits["tolerance"]) + limits["least_units"])
        for batch in np.flatnonzero(over).tolist():
            chosen = lines.kind == 101 if what == "produced" else lines.final
            yield _about_batch(desk, batch, np.flatnonzero((lines.batch == batch) & chosen), amount[batch], made[batch])


def _made(desk: Desk, name: tuple[str, str]) -> float:
    found = desk.book.masters.batches.last(name)
    return float(found.made) if found and found.made is not None else np.nan


def _about_batch(desk: Desk, batch: int, members: np.ndarray, amount: float, made: float) -> Finding:
    lines = desk.book.lines
    product, number = lines.batch_names[batch]
    ids = [event for line in members.tolist()[::-1] for event in lines.ids[line]]
    span = (float(lines.time[members].min()), float(lines.time[members].max()))
    return finding(
        "B08", "batch", f"{product}/{number}", span, ids, 0.9, "unbalanced",
        product=product, batch=number, out=f"{amount:.0f}", made=f"{made:.0f}",
    )  # fmt: skip


def _more_than_taken(desk: Desk) -> Iterator[Finding]:
    """By party and batch; goods on their way in that were never reported count as taken."""
    lines, limits = desk.book.lines, desk.limits["balance"]
    parties = len(lines.names) + 1
    key = lines.batch * parties + lines.party
    toward = lines.is_kind(SENT) & (lines.target >= 0)
    keys, dense = np.unique(np.concatenate([key, (lines.batch * parties + lines.target)[toward]]), return_inverse=True)
    own = dense[: lines.n]
    taken = np.bincount(own, lines.quantity * lines.inbound, len(keys))
    given = np.bincount(own, lines.quantity * ~lines.inbound, len(keys))
    sent = np.bincount(dense[lines.n :], lines.quantity[toward], len(keys))
    allowed = np.maximum(taken, sent)
    reporting = desk.reporting[keys % parties]
    over = (given > allowed * limits["party_excess"] + limits["least_units"]) & reporting
    over &= ~desk.before_book[keys // parties]
    for place in np.flatnonzero(over).tolist():
        batch = int(keys[place] // parties)
        members = np.flatnonzero((own == place) & ~lines.inbound)
        if desk.settled[members].all() and taken[place] > 0:
            yield _about_batch(desk, batch, members, float(given[place]), float(allowed[place]))


DETECTORS = (moved_on, unbalanced)
