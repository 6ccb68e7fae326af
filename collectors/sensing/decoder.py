"""Payload decoders as data: which topics they read, where device, time and values lie, in JSON or in octets.

A decoder is a TOML file; ``collectors/sensing/decoders`` holds the shipped ones, a site adds its own in the folder
``decoders`` of its data. ``docs/devices.md`` explains the keys.
"""

from __future__ import annotations

import logging
import struct
import tomllib
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import msgspec

from collectors.sensing.json_path import MISSING, steps_of, value_at
from infra.errors import AppError, ErrorKind

_CODES = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q", "f32": "f",
          "f64": "d"}  # fmt: skip
MAX_DECODERS = 500
_log = logging.getLogger(__name__)
MAX_VALUES = 64


class Format(StrEnum):
    """How a payload lies."""

    JSON = "json"
    BINARY = "binary"
    TEXT = "text"
    SENML = "senml"


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ValueSpec(_Strict, frozen=True, kw_only=True):
    """One value: at ``path`` (JSON), or ``type`` at octet ``at`` (binary; ``bit`` picks one bit). What is read is
    multiplied by ``scale``, then ``offset`` is added; a raw value in ``missing`` means that there is none."""

    kind: str
    unit: str = ""
    path: str = ""
    at: Annotated[int, msgspec.Meta(ge=0, le=4_096)] = 0
    type: str = "i16"
    endian: str = "big"
    bit: Annotated[int, msgspec.Meta(ge=0, le=63)] | None = None
    scale: float = 1.0
    offset: float = 0.0
    missing: tuple[float, ...] = ()

    @property
    def layout(self) -> struct.Struct:
        """The octets of a binary value."""
        return _layout(self.endian, self.type)

    def read(self, raw: Any) -> float | None:
        """The value in its unit; None where the device says that there is none, or no number."""
        if isinstance(raw, bool):
            raw = int(raw)
        if isinstance(raw, str):
            try:
                raw = float(raw)
            except ValueError:
                return None
        if not isinstance(raw, int | float) or raw in self.missing:
            return None
        value = float(raw >> self.bit & 1 if self.bit is not None and isinstance(raw, int) else raw)
        return value * self.scale + self.offset if (self.scale, self.offset) != (1.0, 0.0) else value


@lru_cache
def _layout(endian: str, kind: str) -> struct.Struct:
    return struct.Struct(("<" if endian == "little" else ">") + _CODES[kind])


class DecoderSpec(_Strict, frozen=True, kw_only=True):
    """The keys of a decoder. ``device``, ``time``, ``sequence``, ``place`` and ``gateway`` are JSON paths, or
    ``topic:N`` (the N-th level of the topic from 0), or ``TYPE@OCTET`` in binary. ``mac`` is where the code of
    authentication lies; it is HMAC-``mac_hash`` over ``mac_over`` joined by ``|`` (JSON), or over all octets before it
    (binary, ``mac_octets`` long)."""

    name: str
    topics: tuple[str, ...]
    format: Format = Format.JSON
    device: str = "topic:1"
    time: str = ""
    time_unit: str = "s"
    sequence: str = ""
    place: str = ""
    gateway: str = ""
    items: str = ""
    mac: str = ""
    mac_over: tuple[str, ...] = ()
    mac_octets: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    mac_hash: str = "sha256"
    value: Annotated[tuple[ValueSpec, ...], msgspec.Meta(max_length=MAX_VALUES)] = ()
    readings: str = ""
    """A JSON object of kind and number, instead of ``value``."""


def check(spec: DecoderSpec, place: str) -> DecoderSpec:
    """The decoder, where its paths and types are such; ``AppError(INVALID)`` names the one that is not."""
    for path in (spec.device, spec.time, spec.sequence, spec.place, spec.gateway, spec.items, spec.mac, spec.readings,
                 *spec.mac_over, *(each.path for each in spec.value)):  # fmt: skip
        if path.startswith("$"):
            steps_of(path)
    for each in spec.value:
        if each.type not in _CODES or each.endian not in ("big", "little"):
            raise AppError(ErrorKind.INVALID, "collectors.sensing.decoder", place=place, problem=f"type {each.type}")
    if spec.mac_hash not in ("sha256", "sm3"):
        raise AppError(ErrorKind.INVALID, "collectors.sensing.decoder", place=place, problem=f"hash {spec.mac_hash}")
    return spec


class Decoders:
    """All decoders of a site; its own are asked before the shipped ones."""

    def __init__(self, specs: Sequence[DecoderSpec]) -> None:
        self._specs = list(specs)
        self._known: dict[str, DecoderSpec | None] = {}

    def for_topic(self, topic: str) -> DecoderSpec | None:
        """The first decoder one of whose topics (with ``+`` and ``#``) covers ``topic``."""
        if topic not in self._known:
            if len(self._known) > 100_000:
                self._known.clear()
            fits = (spec for spec in self._specs if any(covers(each, topic) for each in spec.topics))
            self._known[topic] = next(fits, None)
        return self._known[topic]


def covers(pattern: str, topic: str) -> bool:
    """Whether an MQTT topic filter covers a topic (MQTT 5.0, section 4.7)."""
    wanted, given = pattern.split("/"), topic.split("/")
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(given) or level not in ("+", given[number]):
            return False
    return len(wanted) == len(given)


def shipped_decoders() -> list[DecoderSpec]:
    """Those that come with the product."""
    folder = files("collectors.sensing").joinpath("decoders")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".toml"))
    return [read_decoder(folder.joinpath(name).read_text(encoding="utf-8"), name) for name in names]


def site_decoders(folder: Path) -> Iterator[DecoderSpec]:
    """Those of a site. One that is wrong is logged with its file and key, and left out: the others go on."""
    for path in sorted(folder.glob("*.toml"))[:MAX_DECODERS]:
        try:
            yield read_decoder(path.read_text(encoding="utf-8", errors="replace"), str(path))
        except (AppError, OSError) as error:
            _log.error("decoder.refused", extra={"path": str(path), "problem": str(error)})


def read_decoder(text: str, place: str) -> DecoderSpec:
    """The decoder of a TOML text."""
    try:
        return check(msgspec.convert(tomllib.loads(text), DecoderSpec), place)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise AppError(ErrorKind.INVALID, "collectors.sensing.decoder", place=place, problem=str(error)[:200]) from None


def from_octets(payload: bytes, where: str) -> Any:
    """The number at ``TYPE@OCTET``; ``MISSING`` where the payload is too short."""
    kind, _, at = where.partition("@")
    endian, code = (">", kind) if not kind.endswith("le") else ("<", kind[:-2])
    layout = struct.Struct(endian + _CODES.get(code, "B"))
    position = int(at) if at.isdigit() else 0
    return layout.unpack_from(payload, position)[0] if position + layout.size <= len(payload) else MISSING


def in_tree(tree: Any, path: str) -> Any:
    """The value at a JSON path; ``MISSING`` where there is none or no path."""
    return value_at(tree, path) if path.startswith("$") else MISSING
