"""``yaodun approve``: say yes (or no) to a request with one's own key, in a file or a token."""

from __future__ import annotations

import argparse
from typing import Any

from yaodun.terminal import command
from yaodun.trust import approving


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "approve",
        "sign an approval: a certificate request, a draft of the trust list, any matter",
        "yaodun approve req-01J... --key wang.key --as wang",
    )
    approving.options(parser)


def run(args: argparse.Namespace) -> int:
    """Sign and hand in."""
    return approving.approve(args)
