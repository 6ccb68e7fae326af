"""Issuance profiles: what a kind of certificate holds, read from ``profiles.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from infra.errors import AppError, ErrorKind
from trust.keys.seams import KeyKind


class IssuanceProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One profile. Empty ``kinds`` allows every kind of key; ``days`` is the longest validity; ``approvals`` how many
    other people must approve a request."""

    title_zh: str
    title_en: str
    days: int
    usage: tuple[str, ...]
    ca: bool = False
    path_length: int | None = None
    extended_usage: tuple[str, ...] = ()
    extended_usage_critical: bool = False
    names: tuple[str, ...] = ()
    names_required: bool = False
    required: tuple[str, ...] = ()
    kinds: tuple[KeyKind, ...] = ()
    policies: tuple[str, ...] = ()
    no_check: bool = False
    approvals: int = 1


@cache
def profiles() -> dict[str, IssuanceProfile]:
    """All profiles by name."""
    tree = tomllib.loads((Path(__file__).parent / "profiles.toml").read_text(encoding="utf-8"))
    return {name: msgspec.convert(fields, IssuanceProfile) for name, fields in tree.items()}


def profile_named(name: str) -> IssuanceProfile:
    """One profile; ``AppError(NOT_FOUND)`` lists the known ones."""
    found = profiles().get(name)
    if found is None:
        raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_profile", profile=name[:40], known=", ".join(profiles()))
    return found
