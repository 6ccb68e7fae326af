"""IP addresses as keys that order and match like the addresses; IPv4 is mapped into IPv6 (RFC 4291, 2.5.5.2)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from infra.errors import AppError, ErrorKind
from infra.events.table import FieldType
from infra.store.query.names import Place, place

MACROS = """
CREATE MACRO yd_v4(s) AS '00000000000000000000ffff' || printf('%02x%02x%02x%02x',
    split_part(s, '.', 1)::INT, split_part(s, '.', 2)::INT, split_part(s, '.', 3)::INT, split_part(s, '.', 4)::INT);
CREATE MACRO yd_groups(s) AS list_filter(string_split(s, ':'), lambda g: g <> '');
CREATE MACRO yd_hex(l) AS array_to_string(list_transform(l, lambda g: lpad(g, 4, '0')), '');
CREATE MACRO yd_v6(s) AS CASE WHEN contains(s, '::') THEN
    rpad(yd_hex(yd_groups(split_part(s, '::', 1))), (32 - 4 * len(yd_groups(split_part(s, '::', 2))))::INT, '0')
    || yd_hex(yd_groups(split_part(s, '::', 2))) ELSE yd_hex(yd_groups(s)) END;
CREATE MACRO yd_ip(s) AS CASE WHEN s IS NULL THEN NULL WHEN contains(s, ':') THEN yd_v6(s) ELSE yd_v4(s) END;
"""
"""SQL macros: ``yd_ip(text)`` is the key of a canonical address."""


@lru_cache(maxsize=65_536)
def ip_key(text: str) -> str:
    """32 hexadecimal digits of the address ``text``; ``ValueError`` where it is none."""
    address = ipaddress.ip_address(text)
    number = int(address)
    if address.version == 4:
        number |= 0xFFFF << 32
    return f"{number:032x}"


def address_place(name: str) -> Place:
    """The place of a field that holds addresses; ``AppError(INVALID)`` where it does not."""
    where = place(name)
    if where.type is not FieldType.IP:
        raise AppError(ErrorKind.INVALID, "infra.query_no_address", place=name, type=str(where.type))
    return where


@lru_cache(maxsize=4096)
def network_keys(network: str, at: str) -> tuple[str, str]:
    """First and last key of ``network`` (CIDR; host bits are allowed); ``AppError(INVALID)`` naming ``at``."""
    try:
        net = ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "infra.query_network", place=at, text=network[:64]) from None
    return ip_key(str(net[0])), ip_key(str(net[-1]))
