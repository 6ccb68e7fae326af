"""``yaodun baseline check``: how this host, or a mounted tree of one, stands against the requirements."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from infra.clock import SystemClock
from infra.errors import AppError, ErrorKind
from ops.baseline.host import Host
from ops.baseline.outcome import Verdict
from ops.baseline.registry import Finding, all_checks, run_checks
from ops.baseline.tree import HostTree
from yaodun.terminal import command, emit


def add(commands: Any) -> None:
    """Declare the command and its actions."""
    parser = command(
        commands, "baseline", "host baseline against GB/T 22239", "yaodun baseline check --root /mnt/server1"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    look = command(actions, "check", "run the checks", "yaodun baseline check --root /mnt/server1 --format json")
    look.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="mounted tree (default: this host)")
    look.add_argument("--only", action="append", default=[], metavar="ID", help="run this check alone (repeatable)")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when a check found something that is not compliant."""
    if not args.root.is_dir():
        raise AppError(ErrorKind.INVALID, "ops.baseline.no_root", place=str(args.root))
    known = {one.id for one in all_checks()}
    if unknown := sorted(set(args.only) - known):
        raise AppError(
            ErrorKind.INVALID, "ops.baseline.no_check", place=", ".join(unknown), known=", ".join(sorted(known))
        )
    found = run_checks(Host(HostTree(args.root), SystemClock().now()), args.only)
    emit([row for finding in found for row in rows(finding)], args)
    return 1 if any(finding.outcome.verdict is Verdict.NON_COMPLIANT for finding in found) else 0


def rows(finding: Finding) -> list[dict[str, Any]]:
    """One row per requirement the check speaks for."""
    outcome = finding.outcome
    evidence = [{"source": p.source, "line": p.line, "text": p.text} for p in outcome.evidence]
    return [
        {
            "item": item,
            "check": finding.check.id,
            "verdict": outcome.verdict,
            "reason": finding.reason,
            "evidence": evidence,
            "title": finding.check.title,
        }
        for item in finding.check.items
    ]
