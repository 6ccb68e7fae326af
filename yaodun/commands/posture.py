"""``yaodun posture``: the score of the site, as on the page and in the API."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from analytics.posture import PostureService
from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind
from yaodun.site import existing_site
from yaodun.terminal import command, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(
        commands, "posture", "the score of the site and what it is made of", "yaodun posture --format json"
    )
    parser.add_argument("--at", metavar="T", help="as it was at T (RFC 3339)")


def run(args: argparse.Namespace) -> int:
    """Print the newest posture (not after ``--at``)."""
    site = existing_site(home_of(args))
    at = parse_rfc3339(args.at, "--at") if args.at else None
    found = PostureService(site.records, site.clock).latest(at)
    if found is None:
        raise AppError(ErrorKind.NOT_FOUND, "analytics.posture_none", place=str(site.home.root))
    emit_one(msgspec.to_builtins(found), args)
    return 0
