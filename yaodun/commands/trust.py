"""``yaodun trust ...``: judge certificates and messages, run the site's own authorities, keep the trust list."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from yaodun.terminal import command
from yaodun.trust import approving, authorities, ceremony, desk, proxy, recognition, verify

Action = tuple[Callable[[Any], None], Callable[[argparse.Namespace], int]]
ACTIONS: dict[str, Action] = {
    "verify": (verify.add_verify, verify.run_verify),
    "replay": (verify.add_replay, verify.run_replay),
    "ca": (authorities.add_ca, authorities.run_ca),
    "request": (desk.add_request, desk.run_request),
    "approve": (desk.add_approve, desk.run_approve),
    "issue": (desk.add_issue, desk.run_issue),
    "revoke": (desk.add_revoke, desk.run_revoke),
    "crl": (desk.add_crl, desk.run_crl),
    "answer": (approving.add_answer, approving.run_answer),
    "ceremony": (ceremony.add_ceremony, ceremony.run_ceremony),
    "backup": (ceremony.add_backup, ceremony.run_backup),
    "restore": (ceremony.add_restore, ceremony.run_restore),
    "renew": (desk.add_renew, desk.run_renew),
    "status": (recognition.add_status, recognition.run_status),
    "proxy": (proxy.add_proxy, proxy.run_proxy),
    "list": (recognition.add_list, recognition.run_list),
}


def add(commands: Any) -> None:
    """Declare the command with all its actions."""
    parser = command(commands, "trust", "certificates, authorities and trust", "yaodun trust verify leaf.pem")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for declare, _ in ACTIONS.values():
        declare(actions)


def run(args: argparse.Namespace) -> int:
    """Run the chosen action."""
    return ACTIONS[args.action][1](args)
