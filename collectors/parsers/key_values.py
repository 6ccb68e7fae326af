"""Messages made of ``key=value`` pairs, as firewalls and gateways write them; the names of each vendor are data."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from collectors.parsers.ecs_values import file_names, put, relate
from collectors.parsers.times import Clockwork, read_any
from infra.events.stream import Event
from infra.events.table import table

_PAIR = re.compile(r"""([A-Za-z_][\w.\-]{0,63})=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;]*))""")
_MIN_PAIRS = 4
_MIN_KNOWN = 2
_MAX_LENGTH = 16_384


class _Vendor(msgspec.Struct):
    name: str
    looks: str
    set: dict[str, Any] = {}
    fields: dict[str, str] = {}
    map: dict[str, dict[str, str]] = {}
    time: list[str] = []


class _Vocabulary(msgspec.Struct):
    common: dict[str, str]
    colon: dict[str, str]
    vendor: list[_Vendor]


@cache
def _words() -> _Vocabulary:
    text = files("collectors.parsers").joinpath("fields", "key_values.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Vocabulary)


@cache
def _vocabulary() -> tuple[dict[str, str], list[tuple[re.Pattern[str], _Vendor]]]:
    words = _words()
    return words.common, [(re.compile(vendor.looks), vendor) for vendor in words.vendor]


def read_colon_pairs(message: str) -> Event | None:
    """Fields of ``名称:值`` parts between commas (Sangfor, Topsec and others, in Chinese or English); None where fewer
    than three names are known.
    """
    if len(message) > _MAX_LENGTH or ("IP" not in message and "地址" not in message):
        return None
    names = _words().colon
    pairs = {found[1].strip(): found[2].strip() for found in _COLON.finditer(message)}
    if sum(name in names for name in pairs) < 3:
        return None
    event: Event = {"event.module": "device", "observer.type": "firewall", "event.category": ["network"]}
    for name, value in pairs.items():
        if value and value not in _NOTHING:
            field = names.get(name)
            put(event, field or f"said.{name}", value.lower() if field == "network.transport" else value)
    file_names(event)
    relate(event)
    return event


_COLON = re.compile(r"(?:^|[,，;；|]|[:：] ?(?=日志类型))\s*([^\s,，;；|:：][^,，;；|:：]{0,30})[:：]\s*([^,，;；|]*)")
_NOTHING = ("(null)", "null", "-", "N/A", "无", "any")


def split_pairs(message: str) -> dict[str, str]:
    """The pairs of ``message``; quoted values without their quotes."""
    pairs: dict[str, str] = {}
    for found in _PAIR.finditer(message):
        value = found[2] if found[2] is not None else (found[3] if found[3] is not None else found[4])
        pairs.setdefault(found[1], value.replace('\\"', '"') if found[2] else value)
    return pairs


def read_key_values(message: str, program: str, clock: Clockwork) -> Event | None:
    """Fields of ``message``; None where it is not mostly pairs, or hardly any of their names is known."""
    if len(message) > _MAX_LENGTH or message.count("=") < _MIN_PAIRS:
        return None
    pairs = split_pairs(message)
    if len(pairs) < _MIN_PAIRS:
        return None
    common, vendors = _vocabulary()
    vendor = next((each for looks, each in vendors if looks.search(message)), None)
    names = {**common, **vendor.fields} if vendor else common
    if not vendor and sum(key in names for key in pairs) < _MIN_KNOWN:
        return None
    event: Event = dict(vendor.set) if vendor else {}
    for key, value in pairs.items():
        _place(event, names.get(key), key, value, vendor)
    _time(event, pairs, vendor, clock)
    file_names(event)
    relate(event)
    return event


def _place(event: Event, field: str | None, key: str, value: str, vendor: _Vendor | None) -> None:
    if not value:
        return
    if field is None:
        event.setdefault(key, value) if not table().get(key) else event.setdefault(f"said.{key}", value)
        return
    if vendor and not table().get(key):
        event.setdefault(key, value)
    translated = (vendor.map.get(field, {}) if vendor else {}).get(value.lower(), value)
    put(
        event,
        field,
        {"6": "tcp", "17": "udp", "1": "icmp"}.get(value, value.lower())
        if field == "network.transport"
        else translated,
    )


def _time(event: Event, pairs: dict[str, str], vendor: _Vendor | None, clock: Clockwork) -> None:
    for name in vendor.time if vendor else []:
        text = " ".join(pairs.get(part, "") for part in name.split("+")).strip()
        if text and (moment := read_any(text, clock)):
            event["@timestamp"] = moment
            return
