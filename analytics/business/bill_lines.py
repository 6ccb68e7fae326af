"""Bill lines as columns: attempts of one line merged, quantities in smallest units, times in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.business.masters import Masters
from infra.events.business import Bill, bill_types

Ints = NDArray[np.int64]
SALES = frozenset({"320", "321", "322", "326"})
"""Final bills that hand goods to a patient or consumer."""
PAIRED = frozenset({"102", "103", "104", "107", "108", "110"})
"""Inbound bills that answer an outbound bill of another party."""
SENT = frozenset({"201", "202", "203", "207", "209", "211", "212", "237"})
"""Outbound bills that an inbound bill answers."""


@dataclass(slots=True)
class Lines:
    """``n`` lines by time. ``bills[i]`` is the newest attempt, ``ids[i]`` the ids of all attempts; numbers of parties
    index ``names`` (-1 is nobody), those of batches index ``batch_names`` (product, batch)."""

    n: int
    bills: list[Bill]
    ids: list[tuple[str, ...]]
    codes: list[tuple[str, ...]]
    time: Ints
    recorded: Ints
    kind: Ints
    party: Ints
    source: Ints
    target: Ints
    batch: Ints
    quantity: NDArray[np.float64]
    inbound: NDArray[np.bool_]
    final: NDArray[np.bool_]
    names: list[str]
    numbers: dict[str, int]
    batch_names: list[tuple[str, str]]

    def document(self, line: int) -> str:
        """``party/bill``."""
        bill = self.bills[line]
        return f"{bill.party}/{bill.bill}"

    def is_kind(self, kinds: frozenset[str]) -> NDArray[np.bool_]:
        """Which lines are of one of these bill types."""
        return np.isin(self.kind, [int(kind) for kind in kinds])


def build_lines(bills: list[Bill], masters: Masters) -> Lines:
    """Columns of ``bills``, which are by time."""
    merged = _merged(bills)
    heads = [bill for bill, _, _, _ in merged]
    names: dict[str, int] = {}
    batches: dict[tuple[str, str], int] = {}

    def number(name: str | None) -> int:
        return -1 if name is None else names.setdefault(name, len(names))

    units: dict[tuple[str, str], int] = {}
    for bill in heads:
        key = (bill.product, bill.measure.value)
        if key not in units:
            units[key] = masters.units(*key)
    types = bill_types()
    inbound = {int(code): kind.inbound for code, kind in types.items()}
    final = {int(code): kind.final for code, kind in types.items()}
    kind = np.array([int(bill.bill_type) for bill in heads], dtype=np.int64)
    kinds = kind.tolist()
    return Lines(
        n=len(heads), bills=heads, ids=[ids for _, ids, _, _ in merged], codes=[codes for _, _, codes, _ in merged],
        time=np.array([bill.time.timestamp() * 1000 for bill in heads]).astype(np.int64),
        recorded=np.array([first for _, _, _, first in merged]).astype(np.int64),
        kind=kind,
        party=np.array([number(bill.party) for bill in heads], dtype=np.int64),
        source=np.array([number(bill.from_party) for bill in heads], dtype=np.int64),
        target=np.array([number(bill.to_party) for bill in heads], dtype=np.int64),
        batch=np.array([batches.setdefault((b.product, b.batch), len(batches)) for b in heads], dtype=np.int64),
        quantity=np.array([bill.quantity * units[(bill.product, bill.measure.value)] for bill in heads], dtype=float),
        inbound=np.array([inbound.get(k, k < 200) for k in kinds], dtype=bool),
        final=np.array([final.get(k, False) for k in kinds], dtype=bool),
        names=list(names), numbers=names, batch_names=list(batches),
    )  # fmt: skip


_Merged = tuple[Bill, tuple[str, ...], tuple[str, ...], float]


def _merged(bills: list[Bill]) -> list[_Merged]:
    """(newest attempt, ids of all, codes, first recorded in ms) of each document line, by time."""
    groups: dict[tuple[str, str, int], list[Bill]] = {}
    for bill in bills:
        groups.setdefault((bill.party, bill.bill, bill.line), []).append(bill)
    merged = [_one(group) for group in groups.values()]
    merged.sort(key=lambda item: item[0].time)
    return merged


def _one(attempts: list[Bill]) -> _Merged:
    if len(attempts) == 1:
        bill = attempts[0]
        return bill, (bill.id,), bill.codes, bill.recorded.timestamp() * 1000
    attempts = sorted(attempts, key=lambda bill: (bill.attempt, bill.recorded))
    codes: tuple[str, ...] = ()
    for bill in attempts:
        codes = tuple(dict.fromkeys(codes + bill.codes)) if bill.partial or bill is attempts[-1] else codes
    if not any(bill.partial for bill in attempts):
        codes = attempts[-1].codes
    first = min(bill.recorded.timestamp() * 1000 for bill in attempts)
    return attempts[-1], tuple(bill.id for bill in attempts), codes, first
