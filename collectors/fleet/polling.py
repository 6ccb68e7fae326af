"""What agents on other hosts are told to poll: one table more or less in the signed configuration of their group.

A configuration is kept in records, in the ledger, and on the agents, so no secret goes into it: a poller elsewhere
names a file of its own host that holds the secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from collectors.fleet.fleet import Fleet
from collectors.fleet.nouns import Group
from collectors.pollers.lazy import MAX_POLLERS
from collectors.pollers.local import name_of
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor

_NAMED = re.compile(r"(file:/[^\0]{1,400}|env:[A-Za-z_][A-Za-z0-9_]{0,80})")


class GroupPollers:
    """Pollers of the groups of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def read(self) -> list[dict[str, Any]]:
        """Every table of every group, with ``group`` in it."""
        return [{**tree, "group": group.id} for group in self._fleet.groups() for tree in group.configuration.pollers]

    def put(self, actor: Actor, group: str, tree: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        """Add a table to a group, or replace the one of that name. ``secrets`` must be names (``file:/PATH`` on the
        agent's host, ``env:NAME``). ``AppError(INVALID)`` says what is wrong, ``TOO_LARGE`` that there are too many."""
        name = name_of(tree)
        for key, value in secrets.items():
            if value and _NAMED.fullmatch(value) is None:
                raise AppError(ErrorKind.INVALID, "collectors.poller_secret_elsewhere", place=key)
        others = [each for each in self._of(group) if each.get("name") != name]
        if len(others) >= MAX_POLLERS:
            raise AppError(ErrorKind.TOO_LARGE, "collectors.pollers_many", most=MAX_POLLERS)
        self._tell(actor, group, [*others, {**tree, **{key: value for key, value in secrets.items() if value}}])

    def drop(self, actor: Actor, group: str, name: str) -> None:
        """Take a table away."""
        self._tell(actor, group, [each for each in self._of(group) if each.get("name") != name])

    def _of(self, group: str) -> Sequence[dict[str, Any]]:
        return self._found(group).configuration.pollers

    def _found(self, group: str) -> Group:
        return next((each for each in self._fleet.groups() if each.id == group), Group(id=group))

    def _tell(self, actor: Actor, group: str, trees: Sequence[dict[str, Any]]) -> None:
        told = self._found(group).configuration
        self._fleet.configure(actor, group, msgspec.structs.replace(told, pollers=tuple(trees)))
