"""The hosts of the simulated site, and their place in the register."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files

import msgspec

from infra.events.business import BusinessSystem
from infra.exchange import Dimension
from infra.register import Register
from infra.register.nouns import Address, AddressKind, Asset
from infra.register.seed import REGULATOR
from infra.web.seams import Actor


class Reading(msgspec.Struct, frozen=True):
    """A number a system reports about itself: usual mean and spread, and the value while something is wrong."""

    name: str
    unit: str
    mean: float
    spread: float
    bad: float


class Member(msgspec.Struct, frozen=True):
    """One of the fourteen systems of the site."""

    id: BusinessSystem
    hosts: tuple[str, ...]
    metrics: tuple[Reading, ...]


class _Site(msgspec.Struct, frozen=True):
    net: str
    system: tuple[Member, ...]


@cache
def members() -> tuple[Member, ...]:
    """The fourteen systems."""
    return _site().system


@cache
def addresses() -> dict[str, str]:
    """The address of every host."""
    site = _site()
    return {
        host: f"{site.net}.{number}.{10 + place}"
        for number, member in enumerate(site.system, 1)
        for place, host in enumerate(member.hosts)
    }


@cache
def _site() -> _Site:
    text = files("yaodun.demo").joinpath("site.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Site)


def enter(register: Register, actor: Actor, since: datetime) -> int:
    """Put every host into the register; how many there are. What somebody changed at them is written over."""
    register.prepare()
    known = addresses()
    for member in members():
        for host in member.hosts:
            kept = (Address(AddressKind.NAME, host, since), Address(AddressKind.IP, known[host], since))
            database = host.endswith("-db")
            register.save_asset(
                actor,
                Asset(
                    id=host, name=f"{host}（模拟 simulated）", kind="database" if database else "host",
                    system=member.id.value, unit=REGULATOR, zone="demo", importance=0.9 if database else 0.6,
                    dimension=Dimension.DATA if database else Dimension.INFRASTRUCTURE, addresses=kept,
                ),
            )  # fmt: skip
    return len(known)
