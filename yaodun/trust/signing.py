"""Reaching the signer: over its socket where it runs, in this process where it does not."""

from __future__ import annotations

import argparse
import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.clock import SystemClock
from infra.errors import AppError, ErrorKind
from infra.records import open_records
from trust.signer.client import answers, ask_signer
from trust.signer.core import SignerCore
from yaodun.settings import read_settings
from yaodun.terminal import home_of
from yaodun.trust.places import pki_of, socket_of
from yaodun.trust.verify import read_file

Ask = Callable[..., Any]
MAX_SMALL = 1 << 20
_PATIENCE_S = 10.0


@contextmanager
def local_core(args: argparse.Namespace) -> Iterator[SignerCore]:
    """The signer's core in this process, opened with the shares given; for the PKI team's own console."""
    from infra.records.migrate import migrate

    home = home_of(args)
    home.prepare()
    records = open_records(read_settings(home.settings).records.url or home.records)
    migrate(records.engine)
    core = SignerCore(pki_of(home), SystemClock(), records)
    try:
        for share in getattr(args, "share", None) or []:
            core.keys.unlock(share_text(share))
        yield core
    finally:
        core.close()
        records.close()


@contextmanager
def signer(args: argparse.Namespace) -> Iterator[Ask]:
    """A function that asks the signer: the running one, else one in this process."""
    path = socket_of(home_of(args))
    if answers(path):
        yield lambda operation, **arguments: ask_signer(path, operation, **arguments)
        return
    with local_core(args) as core:
        yield core.handle_named


def share_text(given: str) -> str:
    """A share as typed, or of a file named with ``@``."""
    return read_file(Path(given[1:]), MAX_SMALL).decode("utf-8", "replace") if given.startswith("@") else given


def share_option(parser: argparse.ArgumentParser) -> None:
    """``--share``, repeated for each shareholder present."""
    parser.add_argument(
        "--share", action="append", metavar="TEXT|@FILE", help="a share of the master key (where the signer is not up)"
    )


def fetch(ask: Ask, intent: str) -> bytes:
    """A certificate, once its audit row is in the ledger; waits some seconds for that."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return base64.b64decode(ask("fetch", intent=intent)["certificate"])
        except AppError as error:
            if error.kind is not ErrorKind.UNAVAILABLE or time.monotonic() > until:
                raise
            time.sleep(0.2)
