"""``yaodun doctor``: is this machine fit to run the platform, and what to do where it is not."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from yaodun.checkup import CheckState, check_all
from yaodun.terminal import command, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    command(commands, "doctor", "check this machine and say what to do", "yaodun doctor --format table")


def run(args: argparse.Namespace) -> int:
    """Print every check; 1 if one failed."""
    checks = list(check_all(home_of(args)))
    emit((msgspec.structs.asdict(check) for check in checks), args)
    return 1 if any(check.state is CheckState.FAILED for check in checks) else 0
