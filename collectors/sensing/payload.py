"""One payload by its decoder: device, moment, sequence, values, and whether its code of authentication is right."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import orjson

from collectors.sensing.decoder import DecoderSpec, Format, from_octets, in_tree
from collectors.sensing.json_path import MISSING, values_at

MAX_PAYLOAD = 64 << 10
_UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_FAR_NS = 1 << 62


class PayloadError(ValueError):
    """A payload that its decoder cannot read; the text is a stable reason code."""


class Said(msgspec.Struct, frozen=True):
    """What a payload says. ``values`` are kind, value, unit; ``time_ns`` 0 where it says none; ``sequence`` -1
    likewise; ``signed`` is None where there is no code of authentication."""

    device: str
    values: tuple[tuple[str, float, str], ...]
    time_ns: int = 0
    sequence: int = -1
    place: str = ""
    gateway: str = ""
    claimed: str = ""
    """The device the topic names, where payload and topic both name one."""
    mac: bytes | None = None
    mac_text: bytes = b""


def read_payload(spec: DecoderSpec, topic: str, payload: bytes) -> list[Said]:
    """What ``payload`` says; several where it holds several. ``PayloadError`` where it cannot be read."""
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError("too_large")
    if spec.format is Format.BINARY:
        return [_binary(spec, topic, payload)]
    if spec.format is Format.TEXT:
        return [_text(spec, topic, payload)]
    try:
        tree = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise PayloadError("malformed_json") from None
    if spec.format is Format.SENML:
        return list(_senml(tree))
    items = values_at(tree, spec.items) if spec.items else [tree]
    return [_json(spec, topic, each, tree) for each in items[:256]]


def genuine(said: Said, key: bytes, hash_name: str) -> bool:
    """Whether the code of authentication is that of ``key`` (HMAC, RFC 2104; SHA-256 or SM3)."""
    if said.mac is None:
        return False
    expected = hmac.new(key, said.mac_text, lambda: hashlib.new(hash_name)).digest()
    return hmac.compare_digest(said.mac, expected[: len(said.mac)]) and len(said.mac) >= 8


def _json(spec: DecoderSpec, topic: str, tree: Any, whole: Any) -> Said:
    def find(path: str) -> Any:
        found = in_tree(tree, path)
        return in_tree(whole, path) if found is MISSING and tree is not whole else found

    if spec.readings:
        readings = find(spec.readings)
        pairs = readings.items() if isinstance(readings, dict) else ()
        values = [(str(kind), float(v), "") for kind, v in pairs if isinstance(v, int | float)]
    else:
        read = [(each, each.read(find(each.path))) for each in spec.value]
        values = [(each.kind, value, each.unit) for each, value in read if value is not None]
    device = _device(spec.device, topic, find)
    mac, mac_text = _json_mac(spec, find)
    named = topic.split("/")
    claimed = named[1] if spec.device.startswith("$") and len(named) > 2 else ""
    return Said(
        device, tuple(values[:64]), _moment(find(spec.time), spec.time_unit), _whole(find(spec.sequence)),
        _words(find(spec.place)), _words(find(spec.gateway)), claimed, mac, mac_text,
    )  # fmt: skip


def _json_mac(spec: DecoderSpec, find: Any) -> tuple[bytes | None, bytes]:
    given = find(spec.mac) if spec.mac else MISSING
    if not isinstance(given, str):
        return None, b""
    try:
        mac = bytes.fromhex(given)
    except ValueError:
        mac = b""
    parts = [b"" if (part := find(path)) is MISSING else _canonical(part) for path in spec.mac_over]
    return mac, b"|".join(parts)


def _canonical(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _binary(spec: DecoderSpec, topic: str, payload: bytes) -> Said:
    body, mac = payload, None
    if spec.mac_octets:
        body, mac = payload[: -spec.mac_octets], payload[-spec.mac_octets :]

    def find(where: str) -> Any:
        return from_octets(body, where) if "@" in where else MISSING

    values = []
    for each in spec.value:
        if each.at + each.layout.size > len(body):
            raise PayloadError("payload_short")
        value = each.read(each.layout.unpack_from(body, each.at)[0])
        if value is not None:
            values.append((each.kind, value, each.unit))
    device = _device(spec.device, topic, find)
    moment = _moment(find(spec.time), spec.time_unit)
    return Said(device, tuple(values), moment, _whole(find(spec.sequence)), mac=mac, mac_text=body)


def _text(spec: DecoderSpec, topic: str, payload: bytes) -> Said:
    first = spec.value[0] if spec.value else None
    value = first.read(payload.decode("utf-8", "replace").strip()) if first else None
    values = ((first.kind, value, first.unit),) if first and value is not None else ()
    return Said(_device(spec.device, topic, lambda path: MISSING), values)


def _senml(tree: Any) -> Iterator[Said]:
    base: dict[str, Any] = {}
    found: dict[tuple[str, float], list[tuple[str, float, str]]] = {}
    for record in tree[:1_024] if isinstance(tree, list) else []:
        if not isinstance(record, dict):
            raise PayloadError("malformed_senml")
        base.update({key: record[key] for key in ("bn", "bt", "bu", "bv") if key in record})
        value = record.get("v", int(record["vb"]) if isinstance(record.get("vb"), bool) else None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        name = f"{base.get('bn', '')}{record.get('n', '')}"
        device, _, kind = name.rpartition(":") if ":" in name else name.rpartition("/")
        unit = record.get("u", base.get("bu", ""))
        moment = _number(base.get("bt", 0)) + _number(record.get("t", 0))
        reading = (kind or "value", float(value) + _number(base.get("bv", 0)), str(unit))
        found.setdefault((device or name, moment), []).append(reading)
    for (device, moment), values in found.items():
        said_at = int(moment * 1e9) if 268_435_456 <= moment < _FAR_NS / 1e9 else 0
        yield Said(device, tuple(values[:64]), said_at)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _device(where: str, topic: str, find: Any) -> str:
    if where.startswith("topic:"):
        levels, number = topic.split("/"), where.removeprefix("topic:")
        device = levels[int(number)] if number.isdigit() and int(number) < len(levels) else ""
    else:
        found = find(where)
        device = "" if found is MISSING or isinstance(found, dict | list) else str(found)
    if not device or len(device) > 200:
        raise PayloadError("device_missing")
    return device


def _moment(value: Any, unit: str) -> int:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return 0
        return int(moment.timestamp() * 1e9) if moment.tzinfo else 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    nanoseconds = int(value * _UNITS.get(unit, 1_000_000_000)) if abs(value) < _FAR_NS else 0
    return nanoseconds if 0 < nanoseconds < _FAR_NS else 0


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else -1


def _words(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
