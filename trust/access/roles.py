"""Roles as data: what each allows, and which ones no person may hold together (separation of duties)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from infra.errors import AppError, ErrorKind


@dataclass(frozen=True, slots=True)
class Role:
    """One role. ``administrator`` marks the three separated administrators, ``service`` a role for tokens only."""

    id: str
    allows: frozenset[str]
    excludes: frozenset[str]
    administrator: bool = False
    service: bool = False

    @property
    def name_key(self) -> str:
        """Key of its name in words."""
        return f"trust.role.{self.id}.name"

    @property
    def about_key(self) -> str:
        """Key of what it is for, in words."""
        return f"trust.role.{self.id}.about"


class RoleBook:
    """All roles, compiled for fast answers."""

    def __init__(self, everybody: Iterable[str], roles: Iterable[Role]) -> None:
        self._everybody = frozenset(everybody)
        self._roles = {role.id: role for role in roles}
        for role in self._roles.values():
            for other in role.excludes:
                self.get(other)

    def __iter__(self) -> Any:
        return iter(self._roles.values())

    def get(self, name: str) -> Role:
        """The role called ``name``; ``AppError(INVALID)`` where there is none."""
        role = self._roles.get(name)
        if role is None:
            raise AppError(ErrorKind.INVALID, "trust.role_unknown", place=name[:64], known=", ".join(self._roles))
        return role

    def rule(self, roles: Iterable[str], action: str) -> str:
        """Which permission lets a holder of ``roles`` do ``action``, as ``role: permission``; '' where none does."""
        patterns = _patterns(action)
        if found := next((pattern for pattern in patterns if pattern in self._everybody), ""):
            return f"everybody: {found}"
        for name in roles:
            role = self._roles.get(name)
            if role and (found := next((pattern for pattern in patterns if pattern in role.allows), "")):
                return f"{name}: {found}"
        return ""

    def check(self, names: Iterable[str]) -> tuple[str, ...]:
        """``names`` sorted, each once, if one person may hold them all; ``AppError`` naming the pair that clashes."""
        wanted = sorted(set(names))
        roles = [self.get(name) for name in wanted]
        for role in roles:
            if role.service:
                raise AppError(ErrorKind.INVALID, "trust.role_for_tokens", place=role.id)
            for other in wanted:
                if other in role.excludes:
                    raise AppError(ErrorKind.CONFLICT, "trust.roles_separated", place=role.id, other=other)
        return tuple(wanted)


def _patterns(action: str) -> tuple[str, ...]:
    """``a.b.c`` may be allowed as ``a.b.c``, ``a.b.*`` or ``a.*``."""
    parts = action.split(".")
    return (action, *(".".join(parts[:count]) + ".*" for count in range(len(parts) - 1, 0, -1)))


def read_book(tree: Mapping[str, Any]) -> RoleBook:
    """The book of a parsed ``roles.toml``."""
    roles = [
        Role(
            name,
            frozenset(entry["allows"]),
            frozenset(entry.get("excludes", ())),
            entry.get("administrator", False),
            entry.get("service", False),
        )
        for name, entry in tree.items()
        if isinstance(entry, dict)
    ]
    return RoleBook(tree["everybody"], roles)


@cache
def role_book() -> RoleBook:
    """The shipped roles."""
    return read_book(tomllib.loads(files("trust.access").joinpath("roles.toml").read_text(encoding="utf-8")))
