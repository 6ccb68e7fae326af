"""``yaodun token create|list|revoke``: credentials of scripts and shippers, shown once."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from collectors.fleet.fleet import Fleet
from infra.errors import AppError, ErrorKind
from trust.identity.tokens import NewToken, Token, Tokens
from yaodun.console import console_actor
from yaodun.site import existing_site
from yaodun.terminal import command, emit, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "token", "tokens of scripts and shippers", "yaodun token create --source web-01")
    actions = parser.add_subparsers(dest="action", required=True, metavar="create|list|revoke")
    create = command(actions, "create", "make one; it is shown once", "yaodun token create --role analyst --days 30")
    who = create.add_mutually_exclusive_group(required=True)
    who.add_argument("--role", action="append", metavar="ROLE", help="for a script: what it may do (can be repeated)")
    who.add_argument("--source", metavar="NAME", help="for a shipper: the source it delivers as")
    who.add_argument("--enrol", action="store_true", help="for a new agent on another host: lets it in, once")
    create.add_argument("--days", type=int, metavar="N", help="how long it is good (default: 90; --enrol: 1)")
    create.add_argument("--name", default="", help="what it is for; with --enrol: the agent's name")
    create.add_argument("--group", default="default", help="with --enrol: the agent's group")
    command(actions, "list", "all tokens, without their secrets", "yaodun token list")
    revoke = command(actions, "revoke", "end one now", "yaodun token revoke 01KB3...")
    revoke.add_argument("id", help="its id, or enough of its beginning")


def run(args: argparse.Namespace) -> int:
    """0 when done."""
    site = existing_site(home_of(args))
    try:
        if args.action == "create" and args.enrol:
            _enrol(site.fleet, args)
        else:
            _act(site.tokens, args)
    finally:
        site.records.close()
    return 0


def _enrol(fleet: Fleet, args: argparse.Namespace) -> None:
    days = 1 if args.days is None else args.days
    made = fleet.create_enrolment(console_actor(), group=args.group, name=args.name, days=days)
    emit_one({**msgspec.to_builtins(made.enrolment), "token": made.token}, args)


def _act(tokens: Tokens, args: argparse.Namespace) -> None:
    if args.action == "list":
        emit([_row(token) for token in tokens.list()], args)
    elif args.action == "revoke":
        tokens.revoke(console_actor(), args.id)
    else:
        made = _create(tokens, args)
        emit_one({**_row(made.token), "token": made.secret}, args)


def _create(tokens: Tokens, args: argparse.Namespace) -> NewToken:
    days = 90 if args.days is None else args.days
    if args.source is not None:
        return tokens.create_source(console_actor(), args.source, days)
    if not all(args.role):
        raise AppError(ErrorKind.INVALID, "trust.token_needs")
    return tokens.create_api(console_actor(), args.name or "+".join(args.role), args.role, days)


def _row(token: Token) -> dict[str, Any]:
    return dict(msgspec.to_builtins(token))
