"""What agents on other hosts are told to poll: one table more or less in the signed configuration of their group.

A configuration is kept in records, in the ledger, and on the agents, so no secret goes into it: a poller elsewhere
names a file of its own host that holds the secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from collectors.fleet.configuration import Configuration
from collectors.fleet.fleet import Fleet
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
        made = {**tree, **{key: value for key, value in secrets.items() if value}}

        def add(told: Configuration) -> Configuration:
            others = _without(told, name)
            if len(others) >= MAX_POLLERS:
                raise AppError(ErrorKind.TOO_LARGE, "collectors.pollers_many", most=MAX_POLLERS)
            return msgspec.structs.replace(told, pollers=(*others, made))

        self._fleet.configure(actor, group, add)

    def drop(self, actor: Actor, group: str, name: str) -> None:
        """Take a table away; where there is none of that name nothing is signed."""

        def take(told: Configuration) -> Configuration:
            others = _without(told, name)
            return told if len(others) == len(told.pollers) else msgspec.structs.replace(told, pollers=others)

        self._fleet.configure(actor, group, take)


def _without(told: Configuration, name: str) -> tuple[dict[str, Any], ...]:
    return tuple(each for each in told.pollers if each.get("name") != name)
