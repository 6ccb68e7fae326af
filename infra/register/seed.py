"""What a new site begins with: the regulator and the fourteen systems of its action plan."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from infra.register.nouns import System, Unit

REGULATOR = "regulator"
OWN_SYSTEM = "secops"
"""The system this platform itself is; the host it runs on belongs to it."""


class Seed(msgspec.Struct, frozen=True):
    """Units and systems to begin with."""

    units: tuple[Unit, ...]
    systems: tuple[System, ...]


@cache
def seed() -> Seed:
    """The shipped seed; every system belongs to the regulator until somebody says otherwise."""
    tree = tomllib.loads(files("infra.register").joinpath("seed.toml").read_text(encoding="utf-8"))
    systems = [{"unit": REGULATOR, **entry} for entry in tree["system"]]
    return Seed(msgspec.convert(tree["unit"], tuple[Unit, ...]), msgspec.convert(systems, tuple[System, ...]))
