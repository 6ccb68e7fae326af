"""The catalogue of requirements and what an object of a given S, A and level must meet (GB/T 22239-2019, annex A)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cache

import msgspec

from infra.errors import AppError, ErrorKind
from ops.rulepacks import Pack, PackRef, shipped_packs


class Extension(StrEnum):
    """The part of the catalogue a requirement belongs to."""

    GENERAL = "general"
    CLOUD = "cloud"
    MOBILE = "mobile"
    IOT = "iot"
    ICS = "ics"
    BIGDATA = "bigdata"


class Split(StrEnum):
    """Who decides a level-3 item: telemetry, telemetry and a person, a kept record, a person on site."""

    AUTOMATIC = "A"
    PARTIAL = "P"
    WORKFLOW = "W"
    MANUAL = "M"


TECHNICAL = frozenset({"PES", "CNS", "ABS", "CES", "SMC"})


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement; ``unit`` is its evaluation-unit id (GB/T 28448), ``item`` its letter or ``-``."""

    unit: str
    level: int
    ext: Extension
    clause: str
    item: str
    cls: str
    point_zh: str
    point_en: str
    sag: str
    gist_zh: str
    gist_en: str
    strengthened: bool = False
    split: Split | None = None

    @property
    def id(self) -> str:
        """Clause and letter as people write it: ``8.1.4.1a``."""
        return self.clause if self.item == "-" else self.clause + self.item

    @property
    def technical(self) -> bool:
        """Whether it is a technical requirement (not a management one)."""
        return self.cls in TECHNICAL


class Selection(msgspec.Struct, frozen=True):
    """The levels an object must meet: S-class at ``s``, A-class at ``a``, the rest at the higher of both."""

    s: int
    a: int

    @property
    def g(self) -> int:
        """Level of the object."""
        return max(self.s, self.a)

    def __str__(self) -> str:
        return f"S{self.s}A{self.a}G{self.g}"

    def level_of(self, sag: str) -> int:
        """The level at which requirements of a class are taken."""
        return {"S": self.s, "A": self.a}.get(sag, self.g)


class Catalogue:
    """All items of one catalogue pack."""

    def __init__(self, items: Iterable[Item], ref: PackRef) -> None:
        self.items = tuple(items)
        self.ref = ref
        self.by_unit = {item.unit: item for item in self.items}

    def totals(self, ext: Extension, level: int) -> tuple[int, int]:
        """Control points and items of one part at one level."""
        chosen = [item for item in self.items if item.ext is ext and item.level == level]
        return len({item.clause for item in chosen}), len(chosen)

    def select(self, selection: Selection, extensions: Iterable[Extension] = ()) -> tuple[Item, ...]:
        """The items an object must meet; general ones always, extensions by what the object uses."""
        wanted = {Extension.GENERAL, *extensions}
        return tuple(item for item in self.items if item.ext in wanted and item.level == _level(selection, item))

    def find(self, unit: str) -> Item:
        """The item of an evaluation unit; ``AppError(NOT_FOUND)`` if there is none."""
        if unit not in self.by_unit:
            raise AppError(ErrorKind.NOT_FOUND, "ops.controls.no_unit", unit=unit)
        return self.by_unit[unit]


def _level(selection: Selection, item: Item) -> int:
    return selection.level_of(item.sag) if item.ext is Extension.GENERAL else selection.g


def read_catalogue(pack: Pack) -> Catalogue:
    """The catalogue of a ``catalogue`` pack."""
    return Catalogue(msgspec.convert(pack.content["items"], tuple[Item, ...]), pack.ref)


@cache
def shipped_catalogue() -> Catalogue:
    """The shipped catalogue of GB/T 22239-2019, read once."""
    return read_catalogue(shipped_packs().version("catalogue", "2019"))
