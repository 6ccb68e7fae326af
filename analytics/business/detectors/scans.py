"""Queries by the public: one code asked for from everywhere (B20), codes guessed (T13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from analytics.business.calendar import HOUR_MS
from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding
from infra.events.business import Scan

_TRUSTED = frozenset({"inspection", "insurer"})


def storm(desk: Desk) -> Iterator[Finding]:
    """B20: within a day one code is asked for far more often, by more people, in more places than codes are."""
    by_code: defaultdict[str, list[Scan]] = defaultdict(list)
    for scan in desk.book.of(Scan):
        if scan.channel not in _TRUSTED:
            by_code[scan.code].append(scan)
    limits = desk.limits["storm"]
    for code, scans in by_code.items():
        if len(scans) < limits["least_queries"]:
            continue
        for burst in _bursts(scans, limits["window_hours"] * HOUR_MS):
            places = {scan.place.city or scan.place.province for scan in burst if scan.place}
            who = {scan.requester for scan in burst}
            if len(burst) >= limits["least_queries"] and max(len(places), len(who) / 2) >= limits["least_places"]:
                span = (burst[0].time.timestamp() * 1000, burst[-1].time.timestamp() * 1000)
                yield finding(
                    "B20", "code", code, span, [scan.id for scan in burst], 0.9, "storm",
                    many=len(burst), places=len(places), people=len(who),
                )  # fmt: skip


def _bursts(scans: list[Scan], gap: float) -> Iterator[list[Scan]]:
    """Scans cut where a longer pause than ``gap`` lies between them."""
    burst: list[Scan] = []
    for scan in scans:
        if burst and (scan.time - burst[-1].time).total_seconds() * 1000 > gap:
            yield burst
            burst = []
        burst.append(scan)
    yield burst


def guessed(desk: Desk) -> Iterator[Finding]:
    """T13: most codes asked for are unknown, or the serials run on."""
    by_requester: defaultdict[str, list[Scan]] = defaultdict(list)
    for scan in desk.book.of(Scan):
        by_requester[scan.requester].append(scan)
    limits = desk.limits["guess"]
    for requester, scans in by_requester.items():
        if scans[0].channel in _TRUSTED:
            continue
        for burst in _bursts(scans, 24 * HOUR_MS):
            different = {scan.code: scan for scan in burst}
            if len(different) < limits["least_queries"]:
                continue
            unknown = sum(not scan.found for scan in different.values()) / len(different)
            run = _longest_run([scan.code for scan in burst])
            if unknown >= limits["unknown_share"] or run >= limits["run"]:
                span = (burst[0].time.timestamp() * 1000, burst[-1].time.timestamp() * 1000)
                yield finding(
                    "T13", "user", requester, span, [scan.id for scan in burst], 0.9, "guessed",
                    requester=requester, many=len(different), unknown=f"{unknown:.0%}", run=run,
                )  # fmt: skip


def _longest_run(codes: list[str]) -> int:
    """Most serials in a row that grow by the same small step (digits 8 to 16 of a 20-digit code)."""
    serials = [int(code[7:16]) for code in codes if len(code) == 20 and code.isdecimal()]
    best = run = 1
    for before, after in pairwise(serials):
        run = run + 1 if 0 < after - before <= 3 else 1
        best = max(best, run)
    return best


DETECTORS = (storm, guessed)
