"""The bill types of the trace platforms as data: the union of the two lists the domain knows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class BillType:
    """A type of bill: whether stock grows (``in``) or shrinks (``out``), and whether the codes end with it."""

    code: str
    inbound: bool
    final: bool
    title_zh: str
    title_en: str


@cache
def bill_types() -> dict[str, BillType]:
    """Every type by its three-digit code."""
    text = files("infra.events.business").joinpath("bill_types.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["type"]: BillType(row["type"], row["direction"] == "in", row["final"] == "yes", row["zh"], row["en"])
        for row in rows
    }
