"""``yaodun report``: the situation report of a day, week or month, and the templates a site may change."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from infra.clock import parse_rfc3339
from infra.text import language
from infra.text.catalogue import Language
from infra.web.seams import Actor
from ops.documents.paper import DEFAULT_HTML, default_docx
from ops.reports import Kind, period_of
from yaodun.rooms.casework import casework_of
from yaodun.site import existing_site
from yaodun.terminal import command, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "report",
        "situation report of a day, week or month",
        "yaodun report weekly --kind docx --out week.docx",
    )
    parser.add_argument("what", choices=(*Kind, "template"), help="which period; template writes the shipped template")
    parser.add_argument("--at", metavar="T", help="the last whole period before T (RFC 3339; default: now)")
    parser.add_argument("--current", action="store_true", help="the period that is not over yet, so far")
    parser.add_argument("--kind", choices=("html", "docx", "json"), default="html", help="json gives the figures alone")
    parser.add_argument(
        "--lang", choices=("zh-CN", "en"), help="language of the report (default: that of the terminal)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument("--keep", action="store_true", help="keep it on the site, as the clock does")


def run(args: argparse.Namespace) -> int:
    """Write it."""
    if args.what == "template":
        return _give(args, default_docx() if args.kind == "docx" else DEFAULT_HTML.encode())
    site = existing_site(home_of(args))
    try:
        reports = casework_of(site).reports
        at = parse_rfc3339(args.at, "--at") if args.at else site.clock.now()
        period = period_of(Kind(args.what), at, current=args.current)
        tongue = Language(args.lang) if args.lang else language()
        if args.keep:
            actor = Actor(id=f"uid:{os.getuid()}", name=f"uid {os.getuid()}", kind="command")
            emit_one(msgspec.to_builtins(reports.write(actor, period, tongue)), args)
            return 0
        found = reports.figures(period)
        if args.kind == "json":
            emit_one(msgspec.to_builtins(found), args)
            return 0
        return _give(args, reports.form(found, args.kind, tongue))
    finally:
        site.records.close()


def _give(args: argparse.Namespace, raw: bytes) -> int:
    if args.out:
        args.out.write_bytes(raw)
    else:
        sys.stdout.buffer.write(raw)
    return 0
