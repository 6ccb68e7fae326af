"""``yaodun agents list|revoke|move|groups|configure``: the agents on other hosts and what they are told to collect."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from collectors.fleet.configuration import Configuration
from collectors.fleet.fleet import Fleet
from collectors.fleet.nouns import Agent, Group
from collectors.fleet.presence import PRESENCE, Present, read_presence
from infra.errors import AppError, ErrorKind
from yaodun.console import console_actor
from yaodun.site import existing_site
from yaodun.terminal import command, emit, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "agents", "agents on other hosts", "yaodun agents list")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|revoke|move|groups|configure")
    command(actions, "list", "every agent and how it is", "yaodun agents list")
    revoke = command(actions, "revoke", "end one now; its connection is cut", "yaodun agents revoke web-01")
    revoke.add_argument("agent", help="its id or name")
    move = command(actions, "move", "let one follow another group", "yaodun agents move web-01 --group edge")
    move.add_argument("agent", help="its id or name")
    move.add_argument("--group", required=True)
    command(actions, "groups", "what each group is told to collect", "yaodun agents groups")
    configure = command(
        actions, "configure", "tell a group what to collect", "yaodun agents configure edge --file edge.json"
    )
    configure.add_argument("group")
    configure.add_argument("--file", type=Path, required=True, metavar="FILE", help="a configuration as JSON")


def run(args: argparse.Namespace) -> int:
    """0 when done."""
    site = existing_site(home_of(args))
    try:
        _act(site.fleet, read_presence(site.home.state / PRESENCE), args)
    finally:
        site.records.close()
    return 0


def _act(fleet: Fleet, presence: Mapping[str, Present], args: argparse.Namespace) -> None:
    match args.action:
        case "list":
            emit(agent_rows(fleet.agents(), presence), args)
        case "revoke":
            emit_one(_row(fleet.revoke(console_actor(), args.agent), presence), args)
        case "move":
            emit_one(_row(fleet.move(console_actor(), args.agent, args.group), presence), args)
        case "groups":
            emit([group_row(group) for group in fleet.groups()], args)
        case "configure":
            group = fleet.configure(console_actor(), args.group, read_configuration(args.file.read_bytes()))
            emit_one(group_row(group), args)


def agent_rows(agents: Sequence[Agent], presence: Mapping[str, Present]) -> list[dict[str, Any]]:
    """One row per agent, with how it is."""
    return [_row(agent, presence) for agent in agents]


def _row(agent: Agent, presence: Mapping[str, Present]) -> dict[str, Any]:
    present = presence.get(agent.id, Present(agent.name))
    state = "revoked" if agent.revoked else "connected" if present.connected else "away"
    return {
        "id": agent.id,
        "name": agent.name,
        "group": agent.group,
        "host": agent.host,
        "state": state,
        "version": present.software,
        "last_seen": _moment(present.last_ns),
        "lag_bytes": present.lag_bytes,
        "skew_ms": present.skew_ms,
        "configuration": present.configuration,
        "peer": present.peer,
        "enrolled": agent.enrolled,
        "expires": agent.expires,
    }


def group_row(group: Group) -> dict[str, Any]:
    """A group as plain values."""
    return dict(msgspec.to_builtins(group))


def read_configuration(data: bytes) -> Configuration:
    """The configuration in ``data``; ``AppError(INVALID)`` names the field."""
    try:
        return msgspec.json.decode(data, type=Configuration)
    except msgspec.DecodeError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "configuration"
        raise AppError(
            ErrorKind.INVALID, "collectors.fleet.configuration_wrong", place=place, problem=problem[:200]
        ) from None


def _moment(ns: int) -> str | None:
    return datetime.fromtimestamp(ns / 1e9, UTC).isoformat(timespec="seconds") if ns else None
