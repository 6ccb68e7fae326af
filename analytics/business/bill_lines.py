"""Bill lines as columns: attempts of one line merged, quantities in smallest units, times in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

import numpy as np
import pyarrow as pa
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

_PARTIES = (attrgetter("party"), attrgetter("from_party"), attrgetter("to_party"))


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
    heads, ids, codes, time, recorded = _merged(bills)
    many = len(heads)
    names, parties = _numbered([getter(bill) for getter in _PARTIES for bill in heads])
    party, source, target = parties[:many], parties[many : 2 * many], parties[2 * many :]
    products, product = _numbered([bill.product for bill in heads])
    batch_names, batch = _batches(heads, products, product)
    written, place = _numbered([bill.bill_type for bill in heads])
    types = [bill_types().get(code) for code in written]
    inbound = [kind.inbound if kind else int(code) < 200 for code, kind in zip(written, types, strict=True)]
    final = [bool(kind and kind.final) for kind in types]
    return Lines(
        n=many, bills=heads, ids=ids, codes=codes, time=time, recorded=recorded,
        kind=np.array([int(code) for code in written], dtype=np.int64)[place],
        party=party, source=source, target=target, batch=batch,
        quantity=_quantities(heads, masters, products, product),
        inbound=np.array(inbound, dtype=bool)[place], final=np.array(final, dtype=bool)[place],
        names=names, numbers={name: number for number, name in enumerate(names)}, batch_names=batch_names,
    )  # fmt: skip


def _numbered(values: list[str | None] | list[str]) -> tuple[list[str], Ints]:
    """The different values in the order they first come, and the number of each value; -1 is None."""
    encoded = pa.array(values, type=pa.string()).dictionary_encode()
    numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary.to_pylist(), numbers


def _batches(bills: list[Bill], products: list[str], product: Ints) -> tuple[list[tuple[str, str]], Ints]:
    """(product, batch) in the order they first come, and the number of each line's."""
    names, batch = _numbered([bill.batch for bill in bills])
    pairs, first, place = np.unique(product * max(1, len(names)) + batch, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(pairs), dtype=np.int64)
    rank[order] = np.arange(len(pairs))
    found = [(products[int(product[at])], names[int(batch[at])]) for at in first[order].tolist()]
    return found, rank[place]


def milliseconds(moments: Sequence[datetime]) -> Ints:
    """Unix milliseconds of many moments."""
    seconds = np.fromiter(map(datetime.timestamp, moments), dtype=float, count=len(moments))
    return np.asarray(np.rint(seconds * 1000), dtype=np.int64)


def _quantities(bills: list[Bill], masters: Masters, products: list[str], product: Ints) -> NDArray[np.float64]:
    """Smallest units of each line."""
    found = np.fromiter((bill.quantity for bill in bills), dtype=float, count=len(bills))
    measures = list(Measure)
    number = {measure: place for place, measure in enumerate(measures)}
    measure = np.fromiter((number[bill.measure] for bill in bills), dtype=np.int64, count=len(bills))
    pairs, place = np.unique(product * len(measures) + measure, return_inverse=True)
    units = [masters.units(products[pair // len(measures)], measures[pair % len(measures)].value)
             for pair in pairs.tolist()]  # fmt: skip
    return found * np.array(units, dtype=float)[place] if len(bills) else found


Merged = tuple[list[Bill], list[tuple[str, ...]], list[tuple[str, ...]], Ints, Ints]


def _merged(bills: list[Bill]) -> Merged:
    """Newest attempt, ids of all, codes, time and first recorded (ms) of each document line, by time."""
    keys = [(bill.party, bill.bill, bill.line) for bill in bills]
    many = len(keys)
    first = dict(zip(reversed(keys), range(many - 1, -1, -1), strict=True))
    places = np.fromiter(map(first.__getitem__, keys), dtype=np.int64, count=many)
    again: dict[int, list[Bill]] = {}
    for at in np.flatnonzero(places != np.arange(many)).tolist():
        place = int(places[at])
        again.setdefault(place, [bills[place]]).append(bills[at])
    recorded = milliseconds([bill.recorded for bill in bills])
    time = milliseconds([bill.time for bill in bills])
    settled = {place: _one(attempts) for place, attempts in again.items()}
    for place, (head, _, _, begun) in settled.items():
        recorded[place], time[place] = begun, milliseconds([head.time])[0]
    kept = np.flatnonzero(places == np.arange(many))
    order = kept[np.argsort(time[kept], kind="stable")]
    heads, ids, codes = [], [], []
    for at in order.tolist():
        head, own, named, _ = settled[at] if at in settled else (bills[at], (bills[at].id,), bills[at].codes, 0)
        heads.append(head)
        ids.append(own)
        codes.append(named)
    return heads, ids, codes, time[order], recorded[order]


def _one(attempts: list[Bill]) -> tuple[Bill, tuple[str, ...], tuple[str, ...], int]:
    attempts = sorted(attempts, key=lambda bill: (bill.attempt, bill.recorded))
    codes: tuple[str, ...] = ()
    for bill in attempts:
        codes = tuple(dict.fromkeys(codes + bill.codes)) if bill.partial or bill is attempts[-1] else codes
    if not any(bill.partial for bill in attempts):
        codes = attempts[-1].codes
    first = min(round(bill.recorded.timestamp() * 1000) for bill in attempts)
    return attempts[-1], tuple(bill.id for bill in attempts), codes, first
