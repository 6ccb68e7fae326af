"""Packs as data: one YAML file describes a system; a new system is a new file."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import yaml

from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension
from infra.text import Language, language

MOST_BYTES = 256 * 1024


class Measure(StrEnum):
    """How a signal becomes a number: events a day, share of events that meet ``where``, largest or mean or summed value
    of ``field``, hours since the newest, different values of ``field``."""

    COUNT = "count"
    SHARE = "share"
    MAXIMUM = "maximum"
    MEAN = "mean"
    TOTAL = "total"
    AGE = "age_hours"
    DISTINCT = "distinct"


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of event the system is expected to send, and at least how often."""

    kind: str
    every_h: float


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One number of the system. ``of`` chooses the events (field to value, list of values, or ``{above: x}``,
    ``{below: x}``, ``{absent: true}``), ``where`` those that count; health is 1 at ``best`` and 0 at ``worst``.
    The examples are what the signal is tested with."""

    id: str
    dimension: Dimension
    title_zh: str
    title_en: str
    of: dict[str, Any]
    measure: Measure
    best: float
    worst: float
    where: dict[str, Any] = {}
    field: str = ""
    unit: str = ""
    window_h: float = 24.0
    healthy: tuple[dict[str, Any], ...]
    unhealthy: tuple[dict[str, Any], ...]

    @property
    def title(self) -> str:
        """In the language of the context."""
        return self.title_en if language() is Language.EN else self.title_zh


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A system: who answers for it, what it must send, and its signals."""

    system: str
    owner: str
    feeds: tuple[Feed, ...]
    signals: tuple[Signal, ...]


@cache
def packs() -> tuple[Pack, ...]:
    """The shipped packs, one for each system of the plan."""
    folder = files("analytics.systems").joinpath("content")
    return tuple(
        _parse(item.read_text(encoding="utf-8"), item.name)
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".yml")
    )


def load_packs(folder: Path) -> tuple[Pack, ...]:
    """The packs of a site's own folder; ``AppError(INVALID)`` names the file and the field."""
    return tuple(_parse(_read(path), str(path)) for path in sorted(folder.glob("*.yml")))


def _read(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise AppError(ErrorKind.TOO_LARGE, "analytics.systems.too_large", place=str(path), limit=MOST_BYTES)
    return path.read_text(encoding="utf-8")


def _parse(text: str, place: str) -> Pack:
    try:
        return msgspec.convert(yaml.safe_load(text), Pack)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise AppError(ErrorKind.INVALID, "analytics.systems.malformed", place=place, problem=str(error)) from None
