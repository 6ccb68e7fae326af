"""Provinces with a capital and further towns, and the distance between places."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt

from infra.events.business import Place
from yaodun.simulation.dice import Dice

EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Province:
    """A province: GB/T 2260 code, name, its capital's latitude and longitude."""

    code: str
    name: str
    lat: float
    lon: float


@cache
def provinces() -> tuple[Province, ...]:
    """The thirty-one provinces of the mainland."""
    text = files("yaodun.simulation").joinpath("provinces.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(Province(row["code"], row["zh"], float(row["lat"]), float(row["lon"])) for row in rows)


def town(province: Province, dice: Dice) -> Place:
    """A place in the capital or in one of two further towns."""
    number = dice.choose((1, 1, 2, 3))
    spread = 0.05 if number == 1 else 0.9
    code = f"{province.code[:2]}{number:02d}00"
    lat = round(province.lat + dice.between(-spread, spread), 3)
    return Place(province=province.code, city=code, lat=lat, lon=round(province.lon + dice.between(-spread, spread), 3))


def kilometres(one: Place, other: Place) -> float:
    """Great-circle distance."""
    assert one.lat is not None
    assert one.lon is not None
    assert other.lat is not None
    assert other.lon is not None
    north = radians(other.lat - one.lat) / 2
    east = radians(other.lon - one.lon) / 2
    chord = sin(north) ** 2 + cos(radians(one.lat)) * cos(radians(other.lat)) * sin(east) ** 2
    return 2 * EARTH_KM * asin(sqrt(chord))
