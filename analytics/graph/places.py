"""Which node of the graph an address or a host name of an event is: a registered asset, a stranger inside, outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from infra.register.nouns import AddressKind, Asset

OUTSIDE = "outside"
"""All addresses that belong to nobody we know, as one node: an attack starts there."""
_INSIDE = tuple(
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
                 "fe80::/10")
)  # fmt: skip


class Places:
    """Answers with node ids. ``assets`` are those of the register, ``networks`` further ones that are our own."""

    def __init__(self, assets: Iterable[Asset] = (), networks: Iterable[str] = ()) -> None:
        self._own = [*_INSIDE, *(ipaddress.ip_network(each, strict=False) for each in networks)]
        self._ids: set[str] = set()
        self._by: dict[str, str] = {}
        for asset in assets:
            self._know(asset)

    def _know(self, asset: Asset) -> None:
        self._ids.add(asset.id)
        self._by.setdefault(asset.name.casefold(), asset.id)
        for address in asset.addresses:
            if address.until is None and address.kind in (AddressKind.IP, AddressKind.NAME, AddressKind.HOST_ID):
                self._by[address.value.casefold()] = asset.id

    def host(self, name: str) -> str:
        """The node of an asset id or a host name."""
        if name in self._ids:
            return asset_id(name)
        found = self._by.get(name.casefold())
        return asset_id(found) if found else f"host:{name}"

    def address(self, text: str) -> str:
        """The node of an address; '' for one that means no other machine (loopback, multicast, no address)."""
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return ""
        if address.is_loopback or address.is_multicast or address.is_unspecified:
            return ""
        if found := self._by.get(str(address).casefold()):
            return asset_id(found)
        own = any(address in network for network in self._own if network.version == address.version)
        return f"address:{address}" if own else OUTSIDE


def asset_id(asset: str) -> str:
    """Node id of an asset of the register."""
    return f"asset:{asset}"


def system_id(system: str) -> str:
    """Node id of a business system."""
    return f"system:{system}"
