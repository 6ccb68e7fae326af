"""B04: two custody events of a code too far apart for the time between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analytics.business.bill_lines import Ints
from analytics.business.desk import Desk
from analytics.business.finding import Finding
from infra.events.business import Place

_EARTH_KM = 6371.0
Floats = NDArray[np.float64]


def too_fast(desk: Desk) -> Iterator[Finding]:
    """B04: faster than by air with loading, unless a party's address is what is wrong."""
    place = _places(desk)
    one, two = _neighbours(desk, place)
    if not len(one):
        return
    limits, lines = desk.limits["speed"], desk.book.lines
    km = distance(place[one], place[two])
    hours = (lines.time[two] - lines.time[one]) / 3_600_000
    needed = km / limits["air_km_h"] + limits["handling_hours"]
    fast = (km > limits["least_km"]) & (hours < needed)
    distant = km > limits["least_km"]
    suspect = _wrong_addresses(desk, one, two, fast, distant) | _unsure(desk)
    fast &= ~suspect[lines.party[one]] & ~suspect[lines.party[two]]
    extra = {int(b): list(lines.ids[a]) for a, b in zip(one[fast].tolist(), two[fast].tolist(), strict=True)}
    kilometres = float(km[fast].max()) if fast.any() else 0.0
    yield from desk.documents("B04", two[fast], 0.9, "too_fast", extra, km=f"{kilometres:.0f}")


def _neighbours(desk: Desk, place: Floats) -> tuple[Ints, Ints]:
    """Distinct pairs of lines that follow each other in the life of a code; an answer follows what it answers."""
    book = desk.custody
    rows = np.arange(len(book.code))
    before = np.where(book.inbound & (book.answer >= 0), book.answer, rows - 1)
    same = (before >= 0) & (book.code[before] == book.code)
    one, two = book.line[before[same]], book.line[same]
    _, spot = np.unique(place[:, 0] + 1j * place[:, 1], return_inverse=True)
    differ = (one != two) & (spot[one] != spot[two])
    if not differ.any():
        return one[:0], two[:0]
    pairs = np.unique(one[differ] * np.int64(desk.book.lines.n) + two[differ])
    return pairs // desk.book.lines.n, pairs % desk.book.lines.n


def _places(desk: Desk) -> Floats:
    """(latitude, longitude) of each line: of the bill, else of its city, else of the party; NaN where unknown."""
    cities = _cities(desk)
    masters = desk.book.masters.parties
    parties = {name: _position(getattr(masters.last(name), "place", None), cities) for name in desk.book.lines.names}
    nowhere = (np.nan, np.nan)
    known: dict[Place | None, tuple[float, float] | None] = {None: None}
    found = []
    for bill in desk.book.lines.bills:
        place = bill.place
        if place not in known:
            known[place] = _position(place, cities)
        found.append(known[place] or parties.get(bill.party) or nowhere)
    return np.array(found).reshape(-1, 2)


def _cities(desk: Desk) -> dict[str, tuple[float, float]]:
    """Where cities are, learned from places that give both."""
    known: dict[str, tuple[float, float]] = {}
    for place in dict.fromkeys(bill.place for bill in desk.book.lines.bills):
        if place and place.city and place.lat is not None and place.lon is not None:
            known.setdefault(place.city, (place.lat, place.lon))
    return known


def _position(place: Place | None, cities: dict[str, tuple[float, float]]) -> tuple[float, float] | None:
    if place is None:
        return None
    if place.lat is not None and place.lon is not None:
        return place.lat, place.lon
    return cities.get(place.city or "")


def distance(one: Floats, two: Floats) -> Floats:
    """Great-circle kilometres between rows of (latitude, longitude)."""
    lat1, lon1, lat2, lon2 = (np.radians(column) for column in (one[:, 0], one[:, 1], two[:, 0], two[:, 1]))
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(np.nan_to_num(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))))


def _wrong_addresses(
    desk: Desk, one: Ints, two: Ints, fast: NDArray[np.bool_], distant: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Parties that are too far from most of their far neighbours: their address is wrong, not their goods."""
    lines = desk.book.lines
    bad, all_ = np.zeros(len(lines.names) + 1), np.zeros(len(lines.names) + 1)
    for side in (one, two):
        np.add.at(bad, lines.party[side[fast]], 1)
        np.add.at(all_, lines.party[side[distant]], 1)
    return (bad >= 4) & (bad > desk.limits["speed"]["wrong_address_share"] * all_)


def _unsure(desk: Desk) -> NDArray[np.bool_]:
    """Parties whose address is not verified or whose clock is wrong."""
    names = desk.book.lines.names
    clocks = {name for _, name in desk.wrong_clocks}
    found = np.zeros(len(names) + 1, dtype=bool)
    for number, name in enumerate(names):
        versions = desk.book.masters.parties.versions(name)
        found[number] = name in clocks or any(not version.checked for version in versions)
    return found


DETECTORS = (too_fast,)
