"""What kinds of matters there are and how they are approved, read from ``policies.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from infra.errors import AppError, ErrorKind


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``needed`` different people; ``signed``: each with a signature of their own, because trust moves; ``days`` until
    the matter is over; ``right`` is what a person needs who says it in a web session."""

    needed: int
    signed: bool
    days: int
    right: str


@cache
def policies() -> dict[str, Policy]:
    """All policies by kind of matter."""
    tree = tomllib.loads((Path(__file__).parent / "policies.toml").read_text(encoding="utf-8"))
    return {kind: msgspec.convert(fields, Policy) for kind, fields in tree.items()}


def policy_of(kind: str) -> Policy:
    """The policy of a kind; ``AppError(INVALID)`` lists the known ones."""
    found = policies().get(kind)
    if found is None:
        raise AppError(ErrorKind.INVALID, "trust.approval.no_policy", matter=kind[:60], known=", ".join(policies()))
    return found
