"""``yaodun run SERVICE``: one service alone; ``yaodun up`` runs all of them."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import yaodun.services
from yaodun.service import die_with_parent, log_to, serve
from yaodun.site import open_site
from yaodun.terminal import command, home_of

SERVER_FILE = "agent-server"


def service_names() -> list[str]:
    """The services there are: the files of ``yaodun/services``."""
    return [module.name for module in iter_modules(yaodun.services.__path__)]


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "run", "run one service alone", "yaodun run agent --home /srv/yaodun")
    parser.add_argument("service", choices=service_names())
    parser.add_argument("--server", metavar="HOST:PORT", help="agent: the platform on another host")
    parser.add_argument("--enrol", metavar="TOKEN", help="agent: one-time token, or @FILE that holds it")
    parser.add_argument("--interface", metavar="NAME", nargs="+", help="sensor: interfaces to listen on")
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)


def override(args: argparse.Namespace) -> None:
    """Flags win over the settings file. The server is remembered, so that the next start needs no flag."""
    if args.server:
        os.environ["YAODUN_AGENT__SERVER"] = args.server
        (home_of(args).state / SERVER_FILE).write_text(args.server + "\n", encoding="ascii")
    elif args.service == "agent" and not args.supervised and "YAODUN_AGENT__SERVER" not in os.environ:
        with contextlib.suppress(FileNotFoundError):
            remembered = (home_of(args).state / SERVER_FILE).read_text(encoding="ascii").strip()
            os.environ["YAODUN_AGENT__SERVER"] = remembered
    if args.interface:
        os.environ["YAODUN_SENSOR__INTERFACES"] = json.dumps(args.interface)
    if args.enrol:
        given = args.enrol
        os.environ["YAODUN_AGENT__ENROL"] = Path(given[1:]).read_text("ascii") if given.startswith("@") else given


def run(args: argparse.Namespace) -> int:
    """Run the service until it is told to stop."""
    if args.supervised:
        die_with_parent()
    home = home_of(args)
    home.prepare()
    log_to(home, args.service)
    override(args)
    try:
        service = import_module(f"yaodun.services.{args.service}").build(open_site(home))
        asyncio.run(serve(home, args.service, service))
    except Exception:
        logging.getLogger(__name__).exception("service.failed")
        raise
    return 0
