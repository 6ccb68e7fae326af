"""B27: somebody takes far more than usual, a dataset that is not his, or for a purpose not agreed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from analytics.business.calendar import DAY_MS, local_day
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from infra.events.business import Export, NoticeType

_EXCUSES = (NoticeType.MONTH_END_REPORT,)


def exfiltration(desk: Desk) -> Iterator[Finding]:
    """B27: told for each user and stretch of days."""
    by_user: defaultdict[str, list[Export]] = defaultdict(list)
    for export in desk.book.of(Export):
        by_user[export.user].append(export)
    for user, exports in by_user.items():
        bad = {e.id: (e, word) for e in exports if (word := desk.book.masters.not_agreed(e))}
        for export in _too_much(desk, user, exports):
            bad.setdefault(export.id, (export, "volume"))
        chosen = list(bad.values())
        times = [export.time.timestamp() * 1000 for export, _ in chosen]
        for group in episodes(list(range(len(chosen))), times, 3 * DAY_MS):
            events = [chosen[i][0] for i in group]
            yield finding(
                "B27", "user", user, (times[group[0]], times[group[-1]]), [event.id for event in events], 0.9,
                f"export_{chosen[group[0]][1]}", "sharing",
                user=user, records=sum(event.records for event in events),
                datasets=", ".join(sorted({event.dataset for event in events})),
            )  # fmt: skip


def _too_much(desk: Desk, user: str, exports: list[Export]) -> Iterator[Export]:
    """Days on which far more was taken than on this account's other days, and than the contract allows."""
    limits = desk.limits["exfiltration"]
    days: defaultdict[tuple[str, int], list[Export]] = defaultdict(list)
    for export in exports:
        days[(export.dataset, local_day(round(export.time.timestamp() * 1000)))].append(export)
    totals = {key: float(sum(export.records for export in items)) for key, items in days.items()}
    for (dataset, day), items in days.items():
        others = [total for (name, other), total in totals.items() if name == dataset and other != day]
        total = totals[(dataset, day)]
        contract = _contract(desk, items[0])
        over_contract = contract is not None and total > contract * limits["contract_factor"]
        unusual = len(others) >= 5 and contract is None and total > limits["ratio"] * _usual(others)
        if (
            (over_contract or unusual)
            and total >= limits["least_records"]
            and not _excused(desk, user, dataset, items[0])
        ):
            yield from items


def _usual(totals: list[float]) -> float:
    """Upper end of the ordinary days; the few greatest are left out, for they may be what is looked for."""
    return float(np.quantile(totals, 0.8))


def _contract(desk: Desk, export: Export) -> float | None:
    entitlement = desk.book.masters.entitlements.at((export.user, export.dataset), export.time.timestamp() * 1000)
    return None if entitlement is None or entitlement.daily_records is None else float(entitlement.daily_records)


def _excused(desk: Desk, user: str, dataset: str, export: Export) -> bool:
    moment = round(export.time.timestamp() * 1000)
    scopes = {"user": user, "dataset": dataset, "system": export.system.value}
    return desk.book.calendar.told(_EXCUSES, moment, moment, scopes)


DETECTORS = (exfiltration,)
