"""What a group of agents is told to collect, and how it travels: as bytes that the authority of agents has signed."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

MAX_PATTERNS = 200
Pattern = Annotated[str, msgspec.Meta(min_length=2, max_length=400, pattern=r"^/")]
Patterns = Annotated[tuple[Pattern, ...], msgspec.Meta(max_length=MAX_PATTERNS)]
SourceName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Seconds = Annotated[float, msgspec.Meta(ge=1, le=86_400)]


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people choose per group. ``off`` names sources that stay off; ``bandwidth_kib_s`` 0 is no cap."""

    interval_s: Seconds = 10.0
    inventory_interval_s: Seconds = 2.0
    log_files: Patterns = ()
    watched_files: Patterns = ()
    usual_files: bool = True
    pollers: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(max_length=256)] = ()
    off: Annotated[tuple[SourceName, ...], msgspec.Meta(max_length=32)] = ()
    bandwidth_kib_s: Annotated[int, msgspec.Meta(ge=0, le=1 << 20)] = 0


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration for a group; ``version`` grows with every change of any group of the site."""

    version: int
    group: str
    configuration: Configuration


class SignedOrder(msgspec.Struct, frozen=True, array_like=True):
    """``body`` is an ``Order`` as JSON, exactly the bytes that were signed."""

    body: bytes
    signature: bytes


def pack_order(signed: SignedOrder) -> bytes:
    """As it travels."""
    return msgspec.msgpack.encode(signed)


def unpack_order(data: bytes) -> tuple[SignedOrder, Order]:
    """Both readings of what came; ``msgspec.MsgspecError`` where it is none. The signature is not judged here."""
    signed = msgspec.msgpack.decode(data, type=SignedOrder)
    return signed, msgspec.json.decode(signed.body, type=Order)
