"""How much goes where: leakage into a province (B15), surges at a party (B16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analytics.business.bill_lines import Ints
from analytics.business.calendar import DAY_MS, local_day, local_days
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from analytics.business.tails import poisson_at_least
from infra.events.business import NoticeType

_INTAKE = frozenset({"102", "107"})
Floats = NDArray[np.float64]
_NORMAL_TENTH = 1.2816
"""The upper tenth of a normal distribution begins so many standard deviations above its middle."""
_WAITED = float(np.log(2))
"""The first working days after a holiday bring twice as much: goods of the days off come with them."""


def leakage(desk: Desk) -> Iterator[Finding]:
    """B15: within two weeks far more bills bring a product into a province than ever did, the product's own growth
    taken out."""
    limits, lines = desk.limits["leakage"], desk.book.lines
    chosen = np.flatnonzero(lines.is_kind(_INTAKE))
    window = int(limits["window_days"] * DAY_MS)
    by_product: defaultdict[str, list[int]] = defaultdict(list)
    for line in chosen.tolist():
        by_product[lines.bills[line].product].append(line)
    for product, members in by_product.items():
        everywhere = lines.time[members]
        by_province: defaultdict[str, list[int]] = defaultdict(list)
        for line in members:
            by_province[_province(desk, line)].append(line)
        for province, inside in by_province.items():
            found = _densest(desk, np.array(inside), everywhere, window) if province else None
            if found is None:
                continue
            burst = np.array(inside)[found]
            begins, ends = int(lines.time[burst].min()), int(lines.time[burst].max())
            scopes = {"product_province": f"{product}/{province}", "product": product, "province": province}
            told = (NoticeType.TENDER, NoticeType.EPIDEMIC)
            if not desk.book.calendar.told(told, begins, ends, scopes, 3 * DAY_MS):
                yield _told(desk, "B15", "product_province", f"{product}/{province}", burst, "leakage")


def _densest(desk: Desk, inside: Ints, everywhere: Ints, window: int) -> NDArray[np.bool_] | None:
    """The window with most bills, where it holds far more than the others make expect; stricter where the lanes that
    bring them brought the product there before."""
    limits, times = desk.limits["leakage"], desk.book.lines.time[inside]
    counts = np.searchsorted(times, times + window, side="left") - np.arange(len(times))
    counts[times < desk.book.begin + limits["learn_days"] * DAY_MS] = 0
    best = int(np.argmax(counts))
    if counts[best] < limits["least_bills"]:
        return None
    start = int(times[best])
    dense = (times >= start) & (times < start + window)
    share = ((everywhere >= start) & (everywhere < start + window)).sum() / len(everywhere)
    span = max(1.0, (desk.book.end - desk.book.begin) / window)
    expected = (len(times) - counts[best] + 0.5) * max(share / max(1e-9, 1 - share), 1 / span)
    sources = desk.book.lines.source[inside]
    new = 1.0 - float(np.isin(sources[dense], sources[~dense]).mean())
    ratio = limits["ratio"] if new > 0.5 else limits["known_lanes_ratio"]
    far = counts[best] > ratio * expected and poisson_at_least(counts[best], expected) < limits["p"]
    return np.asarray(dense) if far else None


def _province(desk: Desk, line: int) -> str:
    bill = desk.book.lines.bills[line]
    if bill.place and bill.place.province:
        return bill.place.province
    return _home(desk, bill.party)


def surge(desk: Desk) -> Iterator[Finding]:
    """B16: on some days a party takes in far more of a product than on its other days, and than its peers do then."""
    limits, lines = desk.limits["surge"], desk.book.lines
    learned = local_day(desk.book.begin) + limits["learn_days"]
    for product, days in _days(desk).items():
        peers = _Peers(days)
        for party, (when, amount, members) in days.items():
            if len(when) < limits["least_days"]:
                continue
            own = np.log(np.maximum(amount, 0.5))
            middle = float(np.median(own))
            spread = max(limits["least_spread"], 1.4826 * float(np.median(np.abs(own - middle))))
            far = max(float(np.log(limits["ratio"])), limits["z"] * spread)
            bad = (own - middle > far) & (amount >= limits["least_units"]) & _tops(when, amount, limits["tops"])
            bad &= when >= learned
            above = own - middle
            candidates = [at for at in np.flatnonzero(bad).tolist() if not _by_chance(when, amount, at, limits)]
            alone = [at for at in candidates if above[at] - _shared(desk, peers, party, when[at]) > far]
            surging = [line for place in alone for line in members[place]]
            for group in episodes(surging, lines.time, 10 * DAY_MS):
                if not _excused(desk, days, (product, party), group):
                    yield _told(desk, "B16", "product_party", f"{product}/{party}", np.array(group), "surge")


def _by_chance(when: Ints, amount: Floats, at: int, limits: dict[str, float]) -> bool:
    """Whether the days more than a week and a half away show that such a day comes about by itself: by their upper
    tenth (who takes in a box on most days and five on some has a middle distance of nothing and yet no steady intake),
    or because of so few packages, the smallest intake being one, seven instead of one are chance."""
    away = amount[np.abs(when - when[at]) > 10]
    if not len(away):
        return True
    logs = np.log(np.maximum(away, 0.5))
    lumps = float(np.quantile(logs, 0.9) - np.median(logs)) / _NORMAL_TENTH
    package = max(1.0, float(amount.min()))
    rare = poisson_at_least(float(amount[at]) / package, max(1.0, float(away.mean()) / package)) < limits["p"]
    return not rare or float(np.log(amount[at]) - np.log(np.median(amount))) <= limits["z"] * lumps


def _shared(desk: Desk, peers: _Peers, party: str, day: int) -> float:
    """What of a rise is no party's own: that of the others, and, after a holiday, what had waited."""
    waited = _WAITED if desk.book.calendar.after_holiday(int(day)) else 0.0
    return peers.rise(party, day) + waited


class _Peers:
    """How far the parties that take a product in lie above their own middle, by day."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._rows: tuple[list[str], Ints, Floats] | None = None

    def rise(self, party: str, day: int) -> float:
        """What the middle one of the other parties shows (log) on that day or with those beside it, whichever is more,
        else in the days around; at least 0. What all share, an epidemic or a campaign, begins and ends within a
        week."""
        if self._rows is None:
            self._rows = self._gathered()
        owners, when, above = self._rows
        found = [0.0]
        for reach, least in ((0, 2), (1, 3), (3, 3)):
            first, last = np.searchsorted(when, (day - reach, day + reach + 1))
            others = [above[at] for at in range(int(first), int(last)) if owners[at] != party]
            if len(others) >= least:
                found.append(float(np.median(others)))
            if reach and len(found) > 1:
                break
        return max(found)

    def _gathered(self) -> tuple[list[str], Ints, Floats]:
        owners: list[str] = []
        parts: list[tuple[Ints, Floats]] = []
        for party, (when, amount, _) in self._days.items():
            if len(when) >= 4:
                logs = np.log(np.maximum(amount, 0.5))
                parts.append((when, logs - np.median(logs)))
                owners += [party] * len(when)
        if not parts:
            return [], np.zeros(0, dtype=np.int64), np.zeros(0)
        when, above = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        order = np.argsort(when, kind="stable")
        return [owners[at] for at in order.tolist()], when[order], above[order]


def _tops(when: Ints, amount: Floats, times: float) -> NDArray[np.bool_]:
    """Which days lie so many times above the greatest of all days more than a week and a half away."""
    away = np.abs(when[:, None] - when[None, :]) > 10
    return np.asarray(amount > times * np.where(away, amount[None, :], 0.0).max(axis=1))


Days = dict[str, tuple[Ints, Floats, list[list[int]]]]


def _days(desk: Desk) -> dict[str, Days]:
    """For each product and party: local days with intake, smallest units taken, lines."""
    lines = desk.book.lines
    chosen = np.flatnonzero(lines.is_kind(_INTAKE))
    local = local_days(lines.time[chosen])
    grouped: defaultdict[str, defaultdict[str, defaultdict[int, list[int]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for line, day in zip(chosen.tolist(), local.tolist(), strict=True):
        bill = lines.bills[line]
        grouped[bill.product][bill.party][day].append(line)
    return {
        product: {
            party: (
                np.array(list(days), dtype=np.int64),
                np.array([float(lines.quantity[members].sum()) for members in days.values()]),
                list(days.values()),
            )
            for party, days in parties.items()
        }
        for product, parties in grouped.items()
    }


def _excused(desk: Desk, days: Days, key: tuple[str, str], members: list[int]) -> bool:
    """Whether a tender explains it, or an epidemic that the peers show as well."""
    product, party = key
    province = _home(desk, party)
    scopes = {"product": product, "party": party, "province": province, "product_province": f"{product}/{province}"}
    begins, ends = int(desk.book.lines.time[members[0]]), int(desk.book.lines.time[members[-1]])
    if desk.book.calendar.told((NoticeType.TENDER,), begins, ends, scopes, 7 * DAY_MS):
        return True
    told = desk.book.calendar.told((NoticeType.EPIDEMIC,), begins, ends, scopes, 7 * DAY_MS)
    return told and _peers_surge(days, party, local_day(begins) - 7, local_day(ends) + 7)


def _peers_surge(days: Days, party: str, first: int, last: int) -> bool:
    """Whether the middle one of the others shows a day twice its own middle in the stretch."""
    lifts = []
    for other, (when, amount, _) in days.items():
        inside = (when >= first) & (when <= last)
        if other != party and len(when) >= 4 and inside.any():
            lifts.append(float(amount[inside].max() / max(1.0, float(np.median(amount)))))
    return not lifts or float(np.median(lifts)) > 3.0


def _home(desk: Desk, party: str) -> str:
    known = desk.book.masters.parties.last(party)
    return (known.place.province or "") if known and known.place else ""


def _told(desk: Desk, detector: str, kind: str, value: str, members: Ints, reason: str) -> Finding:
    lines = desk.book.lines
    ids = [event for line in members.tolist() for event in lines.ids[line]]
    span = (float(lines.time[members].min()), float(lines.time[members].max()))
    units = f"{lines.quantity[members].sum():.0f}"
    return finding(detector, kind, value, span, ids, 0.85, reason, what=value, units=units, bills=len(members))


DETECTORS = (leakage, surge)
