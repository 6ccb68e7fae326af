"""How much goes where: leakage into a province (B15), surges at a party (B16)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

from analytics.business.bill_lines import Ints
from analytics.business.calendar import DAY_MS
from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import NoticeType

_INTAKE = frozenset({"102", "107"})
Floats = NDArray[np.float64]


def leakage(desk: Desk) -> Iterator[Finding]:
    """B15: a product in a province, week by week, far above its usual share there."""
    lines = desk.book.lines
    chosen = np.flatnonzero(lines.is_kind(_INTAKE))
    provinces = [_province(desk, line) for line in chosen.tolist()]
    keyed = [(lines.bills[line].product, province) for line, province in zip(chosen.tolist(), provinces, strict=True)]
    limits = desk.limits["leakage"]
    for (product, province), members in _odd(desk, chosen, keyed, limits):
        scopes = {"product_province": f"{product}/{province}", "product": product, "province": province}
        told = (NoticeType.TENDER, NoticeType.EPIDEMIC)
        begins, ends = int(lines.time[members].min()), int(lines.time[members].max())
        if province and not desk.book.calendar.told(told, begins, ends, scopes, 3 * DAY_MS):
            yield _told(desk, "B15", "product_province", f"{product}/{province}", members, "leakage")


def _province(desk: Desk, line: int) -> str:
    bill = desk.book.lines.bills[line]
    if bill.place and bill.place.province:
        return bill.place.province
    known = desk.book.masters.parties.last(bill.party)
    return (known.place.province or "") if known and known.place else ""


def surge(desk: Desk) -> Iterator[Finding]:
    """B16: a party's intake of a product far above its own weeks and above what its peers do in the same week."""
    lines = desk.book.lines
    chosen = np.flatnonzero(lines.is_kind(_INTAKE))
    keyed = [(lines.bills[line].product, lines.bills[line].party) for line in chosen.tolist()]
    for (product, party), members in _odd(desk, chosen, keyed, desk.limits["surge"]):
        known = desk.book.masters.parties.last(party)
        province = (known.place.province or "") if known and known.place else ""
        scopes = {"product": product, "party": party, "province": province, "product_province": f"{product}/{province}"}
        begins, ends = int(lines.time[members].min()), int(lines.time[members].max())
        told = (NoticeType.EPIDEMIC, NoticeType.TENDER)
        if not desk.book.calendar.told(told, begins, ends, scopes, 7 * DAY_MS):
            yield _told(desk, "B16", "product_party", f"{product}/{party}", members, "surge")


def _odd(
    desk: Desk, chosen: Ints, keyed: list[tuple[str, str]], limits: dict[str, float]
) -> Iterator[tuple[tuple[str, str], Ints]]:
    """Keys with their lines of the windows that lie far above the key's other windows, peers' movement taken out."""
    lines = desk.book.lines
    if not len(chosen):
        return
    window = int(limits["window_days"] * DAY_MS)
    slot = (lines.time[chosen] - desk.book.begin) // window
    slots = int(slot.max()) + 1
    keys = {key: number for number, key in enumerate(dict.fromkeys(keyed))}
    number = np.array([keys[key] for key in keyed], dtype=np.int64)
    amounts = np.bincount(number * slots + slot, lines.quantity[chosen], len(keys) * slots).reshape(len(keys), slots)
    products = {name: place for place, name in enumerate(dict.fromkeys(name for name, _ in keys))}
    product = np.array([products[name] for name, _ in keys], dtype=np.int64)
    names = list(keys)
    learn = max(2, int(limits["learn_days"] * DAY_MS // window))
    for which in np.unique(product):
        rows = np.flatnonzero(product == which)
        table = amounts[rows].astype(np.float64)
        factor = _peers(table)
        for row, usual, spread in zip(rows.tolist(), *_usual(table), strict=True):
            bad = _far_above(amounts[row], usual * factor, spread, limits, learn)
            if bad.any():
                inside = (number == row) & bad[slot]
                yield names[row], chosen[inside]


def _peers(table: Floats) -> Floats:
    """How the product as a whole moves in each window against its middle; at least 1."""
    medians = np.median(table, axis=1, keepdims=True)
    alive = medians[:, 0] > 0
    if alive.sum() < 3:
        return np.ones(table.shape[1])
    return np.maximum(1.0, np.median(table[alive] / medians[alive], axis=0))


def _usual(table: Floats) -> tuple[Floats, Floats]:
    """Middle of each row and its spread, in units that one delivery may bring."""
    middle = np.median(table, axis=1)
    upper = np.quantile(table, 0.75, axis=1)
    return np.maximum(middle, table.mean(axis=1) * 0.5), np.maximum(upper - middle, 1.0)


def _far_above(values: Floats, usual: Floats, spread: float, limits: dict[str, float], learn: int) -> NDArray[np.bool_]:
    expected = np.maximum(usual, 1.0)
    variance = np.maximum((1.5 * spread) ** 2, expected * 1.2)
    size = expected**2 / np.maximum(variance - expected, 1e-6)
    tail = nbinom.sf(values - 1, size, size / (size + expected))
    far = (values >= limits["least_units"]) & (values > limits["ratio"] * expected) & (tail < limits["p"])
    return np.asarray(far & (len(values) > learn), dtype=bool)


def _told(desk: Desk, detector: str, kind: str, value: str, members: Ints, reason: str) -> Finding:
    lines = desk.book.lines
    ids = [event for line in members.tolist() for event in lines.ids[line]]
    span = (float(lines.time[members].min()), float(lines.time[members].max()))
    units = f"{lines.quantity[members].sum():.0f}"
    return finding(detector, kind, value, span, ids, 0.85, reason, what=value, units=units, bills=len(members))


DETECTORS = (leakage, surge)
