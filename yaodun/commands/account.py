"""``yaodun account list|link``: the way back in for whoever owns the data folder (a lost link, a lost password)."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from trust.identity import Identity, Link
from yaodun.console import console_actor
from yaodun.site import Site, existing_site
from yaodun.terminal import command, emit, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "account", "accounts, and links for those locked out", "yaodun account link anna")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|link")
    command(actions, "list", "all accounts", "yaodun account list")
    link = command(actions, "link", "a one-time link to set a new password", "yaodun account link anna")
    link.add_argument("name", help="sign-in name, or the role of an administrator who was never appointed")


def run(args: argparse.Namespace) -> int:
    """0 when done."""
    site = existing_site(home_of(args))
    try:
        return _act(site, args)
    finally:
        site.records.close()


def _act(site: Site, args: argparse.Namespace) -> int:
    if args.action == "list":
        emit([dict(msgspec.to_builtins(person)) for person in site.identity.people()], args)
        return 0
    link = _link(site.identity, args.name)
    emit_one({"person": link.person, "path": link.path, "expires": link.expires}, args)
    return 0


def _link(identity: Identity, name: str) -> Link:
    people = {person.name: person.id for person in identity.people()}
    if name.casefold() in people:
        return identity.link(console_actor(), people[name.casefold()])
    if (link := identity.appoint(console_actor(), name)) is not None:
        return link
    raise AppError(ErrorKind.NOT_FOUND, "trust.no_account", place=name)
