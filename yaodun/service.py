"""Running one service: its loop, its end, and the status it writes every second."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
from logging.handlers import RotatingFileHandler
from typing import Any, Protocol

from infra.home import Home
from infra.logs import JsonLines
from infra.status import write_status

log = logging.getLogger(__name__)
STATUS_EVERY_S = 1.0
TALKATIVE = ("httpx", "apscheduler", "uvicorn", "asyncio")
"""Libraries whose everyday messages say nothing an operator needs."""
TRY_LATER = 75
"""Exit code of a worker whose store does not answer now (EX_TEMPFAIL of sysexits.h): it is run again soon."""
_PR_SET_PDEATHSIG = 1
_COLLECT_AFTER = (20_000, 20, 50)
"""New containers until the collector looks: a batch of events makes many of them, and hardly a cycle."""


class Service(Protocol):
    """A long-running part of the platform. ``run`` returns after ``stop`` is set and everything is put away."""

    async def run(self, stop: asyncio.Event) -> None: ...

    def status(self) -> dict[str, Any]:
        """What it says of itself on the health page: counters and listeners, plain JSON values."""


def die_with_parent() -> None:
    """Ask the kernel to end this process when its supervisor dies (Linux ``PR_SET_PDEATHSIG``)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            raise SystemExit(0)


def log_to(home: Home, name: str) -> None:
    """Send this process's log to its own file, kept small."""
    handler = RotatingFileHandler(home.logs / f"{name}.jsonl", maxBytes=5_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)


async def serve(home: Home, name: str, service: Service) -> None:
    """Run ``service`` until SIGTERM or SIGINT, writing its status every second."""
    gc.freeze()  # what was imported stays, and need not be looked through again and again
    gc.set_threshold(*_COLLECT_AFTER)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reporter = asyncio.create_task(_report(home, name, service))
    try:
        await service.run(stop)
    finally:
        reporter.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporter
        write_status(home.run, name, {"state": "stopped", **service.status()})


async def _report(home: Home, name: str, service: Service) -> None:
    while True:
        try:
            write_status(home.run, name, {"state": "running", **service.status()})
        except OSError:
            log.exception("status.write_failed")
        await asyncio.sleep(STATUS_EVERY_S)
