"""An observation of a device, and which of its keys say anything."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

import msgspec

MAX_KEYS = 64


class SightedBy(StrEnum):
    """Who saw it."""

    AGENT = "agent"
    CLOUD = "cloud"
    DHCP = "dhcp"
    ARP = "arp"
    LLDP = "lldp"
    FLOW = "flow"
    CERTIFICATE = "certificate"
    LOG = "log"


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one device. ``at`` and ``until`` (end of a lease) are Unix time in seconds. The keys of the
    ladder, the surest first: ``instance_id`` (cloud), ``machine_id`` (operating system), ``serial`` (hardware),
    ``macs`` with ``vlan``, ``spki`` (key of its certificate), ``name``, ``ips``."""

    by: SightedBy
    at: float
    instance_id: str = ""
    machine_id: str = ""
    serial: str = ""
    macs: tuple[str, ...] = ()
    vlan: str = ""
    spki: str = ""
    name: str = ""
    ips: tuple[str, ...] = ()
    until: float | None = None
    facts: dict[str, str] = {}


_NO_SERIALS = frozenset(
    ("", "0", "none", "n/a", "na", "unknown", "default string", "to be filled by o.e.m.", "system serial number",
     "not specified", "not applicable", "oem", "chassis serial number", "invalid", "empty", "xxxxxxx", "0123456789",
     "1234567890", "123456789")
)  # fmt: skip
_NO_NAMES = frozenset(("", "localhost", "localhost.localdomain", "ubuntu", "debian", "raspberrypi", "unknown", "host",
                       "android", "iphone", "ipad", "desktop", "(none)", "bogon"))  # fmt: skip
_NO_MACHINE_IDS = frozenset(("", "uninitialized"))
_SHARED_MACS = re.compile(r"^(?:00:00:5e:00:0[12]|00:00:0c:07:ac|00:05:73:a0|01:|33:33:|02:42:)")
"""Addresses several devices answer for: VRRP, HSRP, multicast, and container bridges that are alike everywhere."""
_MAC = re.compile(r"^[0-9a-f]{12}$")


def clean(seen: Observation) -> Observation:
    """The same with keys in one spelling, without those that tell nothing."""
    return msgspec.structs.replace(
        seen,
        instance_id=seen.instance_id.strip().casefold()[:200],
        machine_id=_machine_id(seen.machine_id),
        serial=_serial(seen.serial),
        macs=tuple(dict.fromkeys(mac for text in seen.macs[:MAX_KEYS] if (mac := clean_mac(text)))),
        spki=seen.spki.strip().casefold().replace(":", "")[:128],
        name=clean_name(seen.name),
        ips=clean_ips(seen.ips),
    )


@lru_cache(maxsize=65_536)
def clean_mac(text: str) -> str:
    """``aa:bb:cc:dd:ee:ff`` of any spelling; '' for one that does not tell devices apart."""
    digits = re.sub(r"[:.\-\s]", "", text).casefold()
    if _MAC.match(digits) is None or digits in ("000000000000", "ffffffffffff"):
        return ""
    spelt = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return "" if int(digits[:2], 16) & 1 or _SHARED_MACS.match(spelt) else spelt


@lru_cache(maxsize=65_536)
def clean_name(text: str) -> str:
    """The first label in lower case: sources differ in whether they add a domain. '' for names everything has."""
    folded = text.strip().casefold().rstrip(".")[:253]
    try:
        ipaddress.ip_address(folded)
    except ValueError:
        label = folded.partition(".")[0]
        return "" if folded in _NO_NAMES or label in _NO_NAMES else label
    return ""


def clean_ips(texts: Iterable[str]) -> tuple[str, ...]:
    """Addresses that tell hosts apart."""
    return tuple(dict.fromkeys(found for text in list(texts)[:MAX_KEYS] if (found := _clean_ip(text))))


@lru_cache(maxsize=65_536)
def _clean_ip(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    local = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    return "" if local else str(address)


def _machine_id(text: str) -> str:
    folded = text.strip().casefold()[:200]
    return "" if folded in _NO_MACHINE_IDS or len(set(folded.replace("-", ""))) == 1 else folded


def _serial(text: str) -> str:
    folded = " ".join(text.split()).casefold()[:200]
    return "" if folded in _NO_SERIALS or len(set(folded.replace("-", "").replace(" ", ""))) <= 1 else folded
