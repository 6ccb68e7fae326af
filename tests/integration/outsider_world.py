"""A tiny writer of business events that knows docs/business-events.md and nothing else of this house.

It stands for a province's exporter or somebody else's simulator: plain dictionaries, the standard library.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2027, 3, 1, tzinfo=UTC) - timedelta(hours=8)
"""Midnight in Beijing, a Monday."""
DAYS = 80
CITIES = {
    "jinan": ("370000", "370100", 36.65, 117.0),
    "qingdao": ("370000", "370200", 36.07, 120.38),
    "xian": ("610000", "610100", 34.27, 108.95),
    "kunming": ("530000", "530100", 25.04, 102.71),
    "harbin": ("230000", "230100", 45.75, 126.65),
}
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ISSUER, TYPE = "113700000045020189", "11100000MB0339999P007"


def check_character(text: str) -> str:
    """ISO 7064 Mod 37,36 as the standard words it: a hybrid system of modulus 36 with carries."""
    carry = 36
    for letter in text:
        carry = (carry + ALPHABET.index(letter)) % 36 or 36
        carry = carry * 2 % 37
    return ALPHABET[(37 - carry) % 36]


class World:
    """Events and truths; days count from ``START``, hours are local."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.events: list[dict[str, Any]] = []
        self.times: dict[str, str] = {}
        self.bills: dict[str, str] = {}
        self.truths: list[dict[str, Any]] = []
        self.serial, self.number, self.products = 1000, 0, 0

    def at(self, day: float, hour: float = 0.0) -> datetime:
        return START + timedelta(days=day, hours=hour)

    def emit(self, kind: str, when: datetime, lag_h: float | None = None, system: str = "trace", **fields: Any) -> str:
        """One line; the upload comes some hours later unless told otherwise."""
        self.number += 1
        lag = self.dice.uniform(0.2, 7.0) if lag_h is None else lag_h
        recorded = when + timedelta(hours=lag)
        line = {
            "kind": kind,
            "id": f"x{self.number:07d}",
            "system": system,
            "time": when.isoformat(),
            "recorded": recorded.isoformat(),
            **fields,
        }
        self.events.append(line)
        self.times[line["id"]] = line["time"]
        return str(line["id"])

    def truth(self, detector: str, kind: str, value: str, events: Iterable[str], also: Sequence[str] = ()) -> None:
        self._note(detector, kind, value, list(events), also=list(also))

    def quiet(self, detector: str, kind: str, value: str, events: Iterable[str]) -> None:
        """A look-alike."""
        self._note(detector, kind, value, list(events), look_alike=True)

    def _note(self, detector: str, kind: str, value: str, events: list[str], **more: Any) -> None:
        times = [self.times[event] for event in events]
        self.truths.append(
            {
                "detector": detector,
                "subject": [kind, value],
                "events": events,
                "from": min(times),
                "to": max(times),
                **more,
            }
        )

    def place(self, city: str) -> dict[str, Any]:
        province, code, lat, lon = CITIES[city]
        return {"province": province, "city": code, "lat": lat, "lon": lon}

    def party(self, name: str, role: str, city: str = "jinan", licence: bool = True, **more: Any) -> str:
        self.emit("party", self.at(0), 0.1, party=name, role=role, place=self.place(city), **more)
        if licence:
            self.licence(name, ["chemical", "vaccine"])
        return name

    def licence(self, party: str, scope: list[str], day: float = 0, to: str = "2029-12-31", **more: Any) -> str:
        fields = {
            "number": f"LIC-{party}",
            "party": party,
            "licence_type": "distribution",
            "scope": scope,
            "valid_from": "2024-01-01",
            "valid_to": to,
            **more,
        }
        return self.emit("licence", self.at(day, 1), 0.1, "licence", **fields)

    def product(self, holder: str, **more: Any) -> str:
        self.products += 1
        name, stem = f"YP{self.products:03d}", f"{70000 + self.products}"
        fields = {
            "product": name,
            "name": f"drug {name}",
            "product_class": "chemical",
            "holder": holder,
            "prefixes": [f"81{stem}", f"82{stem}"],
            "each_per_box": 10,
            **more,
        }
        self.emit("product", self.at(0), 0.1, "dossier", **fields)
        return name

    def code(self, product: str, level: int = 1) -> str:
        """A serial with gaps, as a packing line with rejects makes them."""
        self.serial += self.dice.choice((1, 1, 1, 2, 3))
        return f"8{level}{70000 + int(product[2:])}{self.serial:09d}{self.dice.randrange(10000):04d}"

    def made(
        self, day: float, holder: str, product: str, many: int, lag_h: float | None = None, **more: Any
    ) -> list[str]:
        """A batch called like its day, born with so many codes."""
        codes = [self.code(product) for _ in range(many)]
        batch = more.pop("batch", f"B{day:g}")
        expiry = more.pop("expiry", "2029-02-28")
        self.emit(
            "batch",
            self.at(day, 7),
            1,
            product=product,
            batch=batch,
            produced=self.day(day),
            expiry=expiry,
            made=many,
            **more,
        )
        self.bill("101", holder, product, codes, self.at(day, 8), batch=batch, lag_h=lag_h)
        return codes

    def day(self, day: float) -> str:
        return (self.at(day) + timedelta(hours=8)).date().isoformat()

    def bill(self, kind: str, party: str, product: str, codes: Sequence[str], when: datetime, **more: Any) -> str:
        """One bill; ``line["bill"]`` is new unless given. Answers its id."""
        self.number += 1
        lag_h = more.pop("lag_h", None)
        fields = {
            "bill": f"{party}-{self.number}",
            "bill_type": kind,
            "party": party,
            "product": product,
            "batch": "B0",
            "quantity": len(codes),
            "codes": list(codes),
            **more,
        }
        event = self.emit("bill", when, lag_h, **fields)
        self.bills[event] = f"{party}/{fields['bill']}"
        return event

    def subject(self, event: str) -> str:
        """``party/bill`` of an event."""
        return self.bills[event]

    def moved(
        self, day: float, giver: str, taker: str, product: str, codes: Sequence[str], **more: Any
    ) -> tuple[str, str]:
        """Sent at nine, taken in the next afternoon."""
        out = self.bill("201", giver, product, codes, self.at(day, 9), from_party=giver, to_party=taker, **more)
        got = self.bill("102", taker, product, codes, self.at(day + 1, 15), from_party=giver, to_party=taker, **more)
        return out, got

    def sold(self, day: float, shop: str, product: str, codes: Sequence[str], **more: Any) -> list[str]:
        """Each to one patient, over the day."""
        return [
            self.bill("321", shop, product, [code], self.at(day, self.dice.uniform(9, 20)), from_party=shop, **more)
            for code in codes
        ]

    def chain(self, day: float, product: str, many: int, holder: str, seller: str, shop: str, **more: Any) -> list[str]:
        """Born, sent to a distributor, sent to a shop; unsold."""
        codes = self.made(day, holder, product, many, **more)
        batch = more.get("batch", f"B{day:g}")
        self.moved(day + 1, holder, seller, product, codes, batch=batch)
        self.moved(day + 3, seller, shop, product, codes, batch=batch)
        return codes

    def write(self, folder: Path) -> Path:
        """``events.ndjson`` by time of recording."""
        lines = sorted(self.events, key=lambda line: str(line["recorded"]))
        path = folder / "events.ndjson"
        path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n", encoding="utf-8")
        return path
