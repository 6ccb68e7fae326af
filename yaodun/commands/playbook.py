"""``yaodun playbook``: judge, sign, rehearse, run and resume CACAO 2.0 playbooks."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from yaodun.playbooks import documents, running, signing
from yaodun.terminal import command

Action = tuple[Callable[[Any], None], Callable[[argparse.Namespace], int]]
ACTIONS: dict[str, Action] = {
    "validate": (documents.add_validate, documents.run_validate),
    "export": (documents.add_export, documents.run_export),
    "sign": (signing.add_sign, signing.run_sign),
    "verify": (signing.add_verify, signing.run_verify),
    "dry-run": (running.add_dry_run, running.run_dry_run),
    "run": (running.add_run, running.run_run),
    "resume": (running.add_resume, running.run_resume),
    "rollback": (running.add_rollback, running.run_rollback),
    "list": (running.add_list, running.run_list),
    "secret": (running.add_secret, running.run_secret),
}


def add(commands: Any) -> None:
    """Declare the command with all its actions."""
    parser = command(commands, "playbook", "work with CACAO 2.0 playbooks", "yaodun playbook validate block.yaml")
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
    for declare, _ in ACTIONS.values():
        declare(actions)


def run(args: argparse.Namespace) -> int:
    """Run the chosen action."""
    return ACTIONS[args.action][1](args)
