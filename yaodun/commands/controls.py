"""``yaodun controls --object ID``: the verdict of every evaluation unit of an object, with its evidence."""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from infra.clock import SystemClock
from infra.records import open_records
from infra.records.migrate import migrate
from infra.text import say
from infra.web.seams import Actor
from ops.baseline.host import Host
from ops.baseline.registry import run_checks
from ops.baseline.tree import HostTree
from ops.controls.baseline_facts import baseline_facts
from ops.controls.highrisk import Risk
from ops.controls.reading import read_facts, read_profile
from ops.controls.service import Controls, described
from ops.controls.verdict import Verdict
from yaodun.terminal import command, emit, home_of

BAD = (Verdict.NON_COMPLIANT, Verdict.PARTIAL)


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "controls", "verdicts per evaluation unit", "yaodun controls --object trace --here")
    parser.add_argument("--object", required=True, metavar="ID", help="the evaluated object")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="declare the object from a JSON profile first")
    parser.add_argument("--facts", type=Path, metavar="FILE", help="take facts in from NDJSON first")
    parser.add_argument("--here", action="store_true", help="check this host's baseline first")
    parser.add_argument("--refresh", action="store_true", help="ask the site's event store and registers first")
    parser.add_argument("--asset", metavar="NAME", help="name of this host among the object's assets")
    parser.add_argument("--risks", action="store_true", help="high-risk cases that fire, instead of units")
    parser.add_argument("--split", choices=("A", "P", "W", "M"), help="only items of one kind")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when a unit is not compliant or a case fires."""
    home = home_of(args)
    home.prepare()
    if args.refresh:
        _refresh(args)
    records = open_records(home.records)
    try:
        migrate(records.engine)
        return _answer(args, Controls(records, SystemClock()))
    finally:
        records.close()


def _refresh(args: argparse.Namespace) -> None:
    """Keep what the site's own sources say now; the site must have been started once."""
    from yaodun.rooms.graded import controls_of
    from yaodun.site import existing_site

    site = existing_site(home_of(args))
    store = site.open_store(read_only=True)
    try:
        controls = controls_of(site, store)
        if args.profile:
            _declare(args, controls)
        controls.refresh(args.object)
    finally:
        store.close()
        site.records.close()


def _answer(args: argparse.Namespace, controls: Controls) -> int:
    _take_in(args, controls)
    if args.risks:
        found = controls.risks(args.object)
        emit([_risk(risk) for risk in found], args)
        return 1 if found else 0
    board = controls.board(args.object)
    states = [state for state in board.units() if args.split in (None, state.item.split)]
    emit((_row(described(board, state)) for state in states), args)
    return 1 if any(state.verdict in BAD for state in states) else 0


def _take_in(args: argparse.Namespace, controls: Controls) -> None:
    now = SystemClock().now()
    if args.profile:
        _declare(args, controls)
    if args.facts:
        controls.keep(args.object, read_facts(args.facts, now))
    if args.here:
        asset = args.asset or socket.gethostname()
        findings = run_checks(Host(HostTree(Path("/")), now))
        controls.keep(args.object, baseline_facts(asset, findings, now))


def _declare(args: argparse.Namespace, controls: Controls) -> None:
    actor = Actor(id=f"uid:{os.getuid()}", name=f"uid {os.getuid()}", kind="command")
    controls.declare(actor, msgspec.structs.replace(read_profile(args.profile), id=args.object))


def _row(unit: dict[str, Any]) -> dict[str, Any]:
    return unit | {"words": say(f"ops.controls.verdict.{unit['verdict']}")}


def _risk(risk: Risk) -> dict[str, Any]:
    return {
        "case": risk.case.id,
        "title_zh": risk.case.title_zh,
        "title_en": risk.case.title_en,
        "asset": risk.asset,
        "mitigated": risk.mitigated,
        "mitigable": risk.case.mitigable,
        "facts": [
            {"fact": each.need.fact, "wanted": each.need.wanted, "value": each.fact and each.fact.value}
            for each in risk.shown
        ],
    }
