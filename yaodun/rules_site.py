"""``yaodun rules set | history | suppress | suppressions``: what a site changes about its rules, as the pages do it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from analytics.rules.state import RuleState
from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from yaodun.site import existing_site
from yaodun.terminal import command, emit, emit_one, home_of


def add(actions: Any) -> None:
    """Declare the actions among those of ``yaodun rules``."""
    put = command(actions, "set", "enable, try or disable a rule", "yaodun rules set ID canary --reason 'noisy'")
    put.add_argument("rule", metavar="RULE", help="id of the rule")
    put.add_argument("state", choices=[state.value for state in RuleState])
    put.add_argument("--reason", required=True, metavar="WORDS")
    past = command(actions, "history", "versions and switches of a rule", "yaodun rules history ID")
    past.add_argument("rule", metavar="RULE", help="id of the rule")
    hide = command(
        actions, "suppress", "prove a filter and put it in force",
        "yaodun rules suppress scanner.yml --owner anna --reason 'own scanner' --until 2026-12-24T00:00:00Z",
    )  # fmt: skip
    hide.add_argument("file", type=Path, metavar="FILE", help="a Sigma filter document")
    hide.add_argument("--owner", default="", metavar="WHO")
    hide.add_argument("--reason", default="", metavar="WORDS")
    hide.add_argument("--until", metavar="T", help="when it ends (RFC 3339)")
    hide.add_argument("--preview", type=int, metavar="DAYS", help="only say what it would have hidden")
    listed = command(actions, "suppressions", "every suppression", "yaodun rules suppressions")
    listed.add_argument("--end", metavar="ID", help="end this one")
    listed.add_argument("--reason", default="", metavar="WORDS")


def _desks(args: argparse.Namespace) -> tuple[Any, Any]:
    from yaodun.rooms.rules import rule_desk, suppression_desk

    site = existing_site(home_of(args))
    store = site.open_store(read_only=True)
    rules = rule_desk(site, store)
    return rules(), suppression_desk(site, store, rules)()


def _actor() -> Actor:
    return Actor(id=f"uid:{os.getuid()}", name=f"uid {os.getuid()}", kind="command")


def put(args: argparse.Namespace) -> int:
    """Switch a rule."""
    desk, _ = _desks(args)
    desk.switch(_actor(), args.rule, RuleState(args.state), args.reason)
    return 0


def history(args: argparse.Namespace) -> int:
    """What was done with a rule, newest first."""
    desk, _ = _desks(args)
    emit((msgspec.to_builtins(one) for one in desk.rule(args.rule).history), args)
    return 0


def suppress(args: argparse.Namespace) -> int:
    """Exit 1 where the proof fails, or the preview finds something."""
    if not args.file.is_file():
        raise AppError(ErrorKind.INVALID, "yaodun.file_missing", place=str(args.file))
    source = args.file.read_text(encoding="utf-8", errors="replace")
    _, desk = _desks(args)
    proof = desk.prove(source)
    if args.preview:
        rows = desk.preview(source, args.preview).rows
        emit((msgspec.to_builtins(row) for row in rows), args)
        return 1 if rows or not proof.ready else 0
    if proof.ready:
        if not args.until:
            raise AppError(ErrorKind.INVALID, "yaodun.rules_until", place="--until")
        made = desk.make(_actor(), source, args.owner, args.reason, parse_rfc3339(args.until, "--until"))
        emit_one({"suppression": made, "proof": msgspec.to_builtins(proof)}, args)
        return 0
    emit_one({"suppression": None, "proof": msgspec.to_builtins(proof)}, args)
    return 1


def suppressions(args: argparse.Namespace) -> int:
    """All of them, or the end of one."""
    _, desk = _desks(args)
    if args.end:
        desk.end(_actor(), args.end, args.reason)
        return 0
    now = existing_site(home_of(args)).clock.now()
    emit(({**msgspec.to_builtins(one), "state": one.state(now).value} for one in desk.all()), args)
    return 0


ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "set": put,
    "history": history,
    "suppress": suppress,
    "suppressions": suppressions,
}
