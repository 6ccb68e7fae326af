"""A small site to build cases from: one holder, two distributors, two pharmacies, one product, times in days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from infra.events.business import BusinessEvent, decode_event
from infra.events.business.lines import Refused

BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_NUMBER = count(1)


def at(days: float) -> str:
    """RFC 3339 of a moment of the site."""
    return (BEGIN + timedelta(days=days)).isoformat()


def event(kind: str, days: float, lag: float = 0.01, system: str = "trace", **fields: Any) -> BusinessEvent:
    """One event; ``lag`` is the upload delay in days."""
    text = {"kind": kind, "id": f"e{next(_NUMBER)}", "system": system, "time": at(days), "recorded": at(days + lag)}
    found = decode_event(json.dumps({**text, **fields}).encode())
    assert not isinstance(found, Refused), found
    return found


def masters() -> list[BusinessEvent]:
    """Parties and the product YP-1, prefixes 8100001 (each), 8200001 (box)."""
    roles = {"H": "holder", "D1": "distributor", "D2": "distributor", "P1": "pharmacy", "P2": "pharmacy"}
    parties = [event("party", 0, party=name, role=role) for name, role in roles.items()]
    other = event("party", 0, party="X", role="distributor", platform="other")
    product = event(
        "product", 0, system="dossier", product="YP-1", name="示例片", product_class="chemical", holder="H",
        prefixes=["8100001", "8200001"], each_per_box=10,
    )  # fmt: skip
    return [*parties, other, product]


def code(serial: int, level: int = 1) -> str:
    """A code of YP-1."""
    return f"8{level}00001{serial:09d}{serial * 37 % 10_000:04d}"


def bill(days: float, kind: str, party: str, codes: list[str], lag: float = 0.01, **fields: Any) -> BusinessEvent:
    """A bill line of ``party``; its number is new unless given."""
    words = {
        "bill": f"N{next(_NUMBER)}", "product": "YP-1", "batch": "B1", "quantity": max(1, len(codes)), "codes": codes,
    }  # fmt: skip
    return event("bill", days, lag, bill_type=kind, party=party, **{**words, **fields})


def sent(days: float, source: str, target: str, codes: list[str], lag: float = 0.01, **fields: Any) -> BusinessEvent:
    """A sale of ``source`` to ``target``."""
    return bill(days, "201", source, codes, lag, from_party=source, to_party=target, **fields)


def got(days: float, source: str, target: str, codes: list[str], lag: float = 0.01, **fields: Any) -> BusinessEvent:
    """The purchase of ``target`` from ``source``."""
    return bill(days, "102", target, codes, lag, from_party=source, to_party=target, **fields)


def life(codes: list[str], start: float = 1.0, pharmacy: str = "P1", distributor: str = "D1") -> list[BusinessEvent]:
    """Made, sold by way of a distributor to a pharmacy, dispensed: ten days."""
    return [
        bill(start, "101", "H", codes, to_party="H"),
        sent(start + 1, "H", distributor, codes), got(start + 2, "H", distributor, codes),
        sent(start + 4, distributor, pharmacy, codes), got(start + 5, distributor, pharmacy, codes),
        bill(start + 9, "321", pharmacy, codes, from_party=pharmacy),
    ]  # fmt: skip


def later(days: float = 90.0) -> list[BusinessEvent]:
    """Ordinary trade until the end of the book, so that everything before is old enough to be judged."""
    found: list[BusinessEvent] = []
    for number in range(int(days // 12)):
        found += life([code(900_000 + 10 * number + i) for i in range(3)], 2.0 + number * 11, "P2", "D2")
    return found
