"""Parties that trade what or when they may not: B10, B11, T09."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from analytics.business.bill_lines import Ints
from analytics.business.calendar import DAY_MS, HOUR_MS, day_number, local_day, local_text
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from infra.events.business import Licence, LicenceStatus, Product, Quota, Register

TRADES = frozenset({"102", "104", "107", "110", "201", "203", "207", "209", "212", "320", "321", "322", "326"})
INTAKES = frozenset({"102", "107", "110", "113"})


class Licences:
    """What a party may trade at a moment, by everything the registers of province and centre say."""

    def __init__(self, desk: Desk) -> None:
        self._numbers: defaultdict[str, defaultdict[str, list[Licence]]] = defaultdict(lambda: defaultdict(list))
        for licence in desk.book.of(Licence):
            self._numbers[licence.party][licence.number].append(licence)

    def judged(self, party: str, product_class: str, members: Ints, times: Ints) -> dict[str, list[int]]:
        """Lines of ``members`` by what was wrong: ``scope`` (no valid licence covers the class) or ``lapsed`` (the one
        that does was not valid). What the registers say changes only at a few moments; it is asked there alone."""
        numbers = self._numbers.get(party)
        if not numbers:
            return {}
        turns = sorted({moment for versions in numbers.values() for one in versions for moment in _turns(one)})
        verdicts = [_verdict(numbers, product_class, moment) for moment in (turns[0] - 1, *turns)]
        if all(verdict == "ok" for verdict in verdicts):
            return {}
        place = np.searchsorted(np.array(turns), times[members], side="right")
        found: defaultdict[str, list[int]] = defaultdict(list)
        for line, at in zip(members.tolist(), place.tolist(), strict=True):
            if verdicts[at] != "ok":
                found[verdicts[at]].append(line)
        return found


def _turns(licence: Licence) -> tuple[int, int, int]:
    """Moments (ms) when it was told, begins, and has ended."""
    begins, ends = (
        day * DAY_MS - 8 * HOUR_MS for day in (day_number(licence.valid_from), day_number(licence.valid_to) + 1)
    )
    return round(licence.time.timestamp() * 1000), begins, ends


def _verdict(numbers: dict[str, list[Licence]], product_class: str, moment: int) -> str:
    found = [_judge(versions, product_class, moment) for versions in numbers.values()]
    return next(word for word in ("ok", "lapsed", "scope") if word in found)


def _judge(versions: list[Licence], product_class: str, moment: int) -> str:
    day = local_day(moment)
    told = [version for version in versions if version.time.timestamp() * 1000 <= moment]
    newest = told[-1] if told else versions[0]
    candidates = [newest, *(version for version in versions if version.status is LicenceStatus.VALID)]
    candidates = [version for version in candidates if version in told or _in_force(version, day)]
    last = {register: next((v for v in reversed(told) if v.register is register), None) for register in Register}
    current = [v for v in candidates if v is newest or v in last.values() or v not in told]
    covers = [version for version in current if product_class in version.scope]
    if newest.status is not LicenceStatus.VALID:
        return "lapsed" if product_class in newest.scope else "scope"
    if any(_in_force(version, day) for version in covers):
        return "ok"
    return "lapsed" if covers else "scope"


def _in_force(version: Licence, day: int) -> bool:
    return day_number(version.valid_from) <= day <= day_number(version.valid_to)


def unlicensed(desk: Desk) -> Iterator[Finding]:
    """B10: a class outside the scope; B11: the licence was expired, suspended or revoked."""
    lines, licences = desk.book.lines, Licences(desk)
    classes = {product: versions.product_class for product, versions in _products(desk)}
    names = list(dict.fromkeys(classes.values()))
    numbers = {name: number for number, name in enumerate(names)}
    of_batch = np.array([numbers.get(classes.get(product, ""), -1) for product, _ in lines.batch_names], dtype=np.int64)
    chosen = np.flatnonzero(lines.is_kind(TRADES))
    chosen = chosen[of_batch[lines.batch[chosen]] >= 0]
    key = lines.party[chosen] * max(1, len(names)) + of_batch[lines.batch[chosen]]
    order = np.argsort(key, kind="stable")
    keys, starts = np.unique(key[order], return_index=True)
    for pair, members in zip(keys.tolist(), np.split(chosen[order], starts[1:]) if len(keys) else [], strict=True):
        party, product_class = lines.names[pair // len(names)], names[pair % len(names)]
        for verdict, wrong in licences.judged(party, product_class, members, lines.time).items():
            yield from _unlicensed(desk, party, product_class, verdict, wrong)


def _unlicensed(desk: Desk, party: str, product_class: str, verdict: str, wrong: list[int]) -> Iterator[Finding]:
    lines = desk.book.lines
    detector, reason = ("B10", "off_licence") if verdict == "scope" else ("B11", "licence_lapsed")
    for group in episodes(wrong, lines.time, 10 * DAY_MS):
        ids = [event for line in group for event in lines.ids[line]]
        span = (float(lines.time[group[0]]), float(lines.time[group[-1]]))
        yield finding(
            detector, "party", party, span, ids, 0.95, reason,
            party=party, lines=len(group), classes=product_class, when=local_text(span[0]),
        )  # fmt: skip


def _products(desk: Desk) -> Iterator[tuple[str, Product]]:
    products = desk.book.masters.products
    for product in products.keys():  # noqa: SIM118
        yield product, products.versions(product)[-1]


def over_quota(desk: Desk) -> Iterator[Finding]:
    """T09: special drugs taken in above the quota of the period, or without any where such parties have one."""
    quotas: defaultdict[tuple[str, str], list[Quota]] = defaultdict(list)
    for quota in desk.book.of(Quota):
        quotas[(quota.party, quota.product)].append(quota)
    if not quotas:
        return
    intakes = _special_intakes(desk)
    needs = _roles_with_quota(desk, intakes, quotas)
    for (party, product), members in intakes.items():
        if (party, product) in quotas:
            yield from _exceeded(desk, party, product, members, quotas[(party, product)])
        elif desk.book.masters.role(party) in needs:
            yield from _without_quota(desk, party, product, members)


def _special_intakes(desk: Desk) -> dict[tuple[str, str], list[int]]:
    lines = desk.book.lines
    special = {product for product, found in _products(desk) if found.special}
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for line, bill in enumerate(lines.bills):
        if bill.product in special and bill.bill_type in INTAKES:
            found[(bill.party, bill.product)].append(line)
    return found


def _roles_with_quota(desk: Desk, intakes: dict[tuple[str, str], list[int]], quotas: object) -> set[object]:
    """Roles of which more than half of the takers have a quota: only there its absence means something."""
    have, takes = Counter[object](), Counter[object]()
    for pair in intakes:
        role = desk.book.masters.role(pair[0])
        takes[role] += 1
        have[role] += pair in quotas  # type: ignore[operator]
    return {role for role, many in takes.items() if have[role] * 2 > many}


def _exceeded(desk: Desk, party: str, product: str, members: list[int], quotas: list[Quota]) -> Iterator[Finding]:
    lines = desk.book.lines
    periods = {(quota.period_from, quota.period_to) for quota in quotas}
    for begins, ends in sorted(periods):
        inside = [i for i in members if begins <= lines.bills[i].time < ends]
        total, over = 0.0, []
        for line in inside:
            total += float(lines.quantity[line])
            allowed = _allowed(quotas, begins, lines.bills[line].time)
            if allowed is not None and total > allowed * 1.0001 + 0.5:
                over.append((line, allowed))
        if over:
            ids = [event for line, _ in over for event in lines.ids[line]]
            span = (float(lines.time[over[0][0]]), float(lines.time[over[-1][0]]))
            yield finding(
                "T09", "party", party, span, ids, 0.95, "over_quota",
                party=party, product=product, taken=f"{total:.0f}", allowed=f"{over[0][1]:.0f}",
            )  # fmt: skip


def _allowed(quotas: list[Quota], begins: object, moment: object) -> float | None:
    amounts = [quota for quota in quotas if quota.period_from == begins and quota.time <= moment]  # type: ignore[operator]
    amounts = amounts or [quota for quota in quotas if quota.period_from == begins]
    return max(quota.amount for quota in amounts) if amounts else None


def _without_quota(desk: Desk, party: str, product: str, members: list[int]) -> Iterator[Finding]:
    lines = desk.book.lines
    for group in episodes(members, lines.time, 20 * DAY_MS):
        ids = [event for line in group for event in lines.ids[line]]
        span = (float(lines.time[group[0]]), float(lines.time[group[-1]]))
        yield finding("T09", "party", party, span, ids, 0.9, "no_quota", party=party, product=product)


DETECTORS = (unlicensed, over_quota)
