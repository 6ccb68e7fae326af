"""``yaodun run SERVICE``: one service alone; ``yaodun up`` runs all of them."""

from __future__ import annotations

import argparse
import asyncio
import logging
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import yaodun.services
from yaodun.service import die_with_parent, log_to, serve
from yaodun.site import open_site
from yaodun.terminal import command, home_of


def service_names() -> list[str]:
    """The services there are: the files of ``yaodun/services``."""
    return [module.name for module in iter_modules(yaodun.services.__path__)]


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "run", "run one service alone", "yaodun run agent --home /srv/yaodun")
    parser.add_argument("service", choices=service_names())
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the service until it is told to stop."""
    if args.supervised:
        die_with_parent()
    home = home_of(args)
    home.prepare()
    log_to(home, args.service)
    try:
        service = import_module(f"yaodun.services.{args.service}").build(open_site(home))
        asyncio.run(serve(home, args.service, service))
    except Exception:
        logging.getLogger(__name__).exception("service.failed")
        raise
    return 0
