"""Bill lines as columns: attempts of one line merged, quantities in smallest units, times in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from analytics.business.masters import Masters
from infra.events.business import Bill, Measure, bill_types

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
    heads, ids, codes, recorded = _merged(bills)
    names: dict[str, int] = {}
    batches: dict[tuple[str, str], int] = {}
    number = names.setdefault

    def numbered(parties: list[str | None]) -> Ints:
        return np.array([-1 if name is None else number(name, len(names)) for name in parties], dtype=np.int64)

    types = bill_types()
    kinds = [int(bill.bill_type) for bill in heads]
    inbound = {int(code): kind.inbound for code, kind in types.items()}
    final = {int(code): kind.final for code, kind in types.items()}
    return Lines(
        n=len(heads), bills=heads, ids=ids, codes=codes,
        time=milliseconds([bill.time for bill in heads]), recorded=recorded,
        kind=np.array(kinds, dtype=np.int64),
        party=numbered([bill.party for bill in heads]),
        source=numbered([bill.from_party for bill in heads]),
        target=numbered([bill.to_party for bill in heads]),
        batch=np.array([batches.setdefault((b.product, b.batch), len(batches)) for b in heads], dtype=np.int64),
        quantity=_quantities(heads, masters),
        inbound=np.array([inbound.get(k, k < 200) for k in kinds], dtype=bool),
        final=np.array([final.get(k, False) for k in kinds], dtype=bool),
        names=list(names), numbers=names, batch_names=list(batches),
    )  # fmt: skip


def milliseconds(moments: list[datetime]) -> Ints:
    """Unix milliseconds of many moments."""
    return np.asarray(np.rint(np.array([moment.timestamp() for moment in moments]) * 1000), dtype=np.int64)


def _quantities(bills: list[Bill], masters: Masters) -> NDArray[np.float64]:
    """Smallest units of each line."""
    found = np.array([bill.quantity for bill in bills], dtype=float)
    known: dict[tuple[str, Measure], int] = {}
    for place, bill in enumerate(bills):
        if bill.measure is not Measure.EACH:
            key = (bill.product, bill.measure)
            if key not in known:
                known[key] = masters.units(bill.product, bill.measure.value)
            found[place] *= known[key]
    return found


def _merged(bills: list[Bill]) -> tuple[list[Bill], list[tuple[str, ...]], list[tuple[str, ...]], Ints]:
    """Newest attempt, ids of all, codes, first recorded (ms) of each document line, by time."""
    first: dict[tuple[str, str, int], int] = {}
    again: dict[int, list[Bill]] = {}
    heads: list[Bill] = []
    for bill in bills:
        place = first.setdefault((bill.party, bill.bill, bill.line), len(heads))
        if place == len(heads):
            heads.append(bill)
        else:
            again.setdefault(place, [heads[place]]).append(bill)
    ids: list[tuple[str, ...]] = [(bill.id,) for bill in heads]
    codes = [bill.codes for bill in heads]
    recorded = milliseconds([bill.recorded for bill in heads])
    for place, attempts in again.items():
        heads[place], ids[place], codes[place], recorded[place] = _one(attempts)
    order = np.argsort(milliseconds([bill.time for bill in heads]), kind="stable").tolist()
    return [heads[i] for i in order], [ids[i] for i in order], [codes[i] for i in order], recorded[order]


def _one(attempts: list[Bill]) -> tuple[Bill, tuple[str, ...], tuple[str, ...], int]:
    attempts = sorted(attempts, key=lambda bill: (bill.attempt, bill.recorded))
    codes: tuple[str, ...] = ()
    for bill in attempts:
        codes = tuple(dict.fromkeys(codes + bill.codes)) if bill.partial or bill is attempts[-1] else codes
    if not any(bill.partial for bill in attempts):
        codes = attempts[-1].codes
    first = min(round(bill.recorded.timestamp() * 1000) for bill in attempts)
    return attempts[-1], tuple(bill.id for bill in attempts), codes, first
