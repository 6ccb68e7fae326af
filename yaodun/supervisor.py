"""The supervisor: starts the services, restarts what crashes with back-off, ends them all together."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.home import Home
from infra.status import write_status

log = logging.getLogger(__name__)
FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_S = 0.5, 30.0, 60.0
STOP_WITHIN_S = 12.0


@dataclass
class Child:
    """One service process: running, or waiting for its next start."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    wait_s: float = FIRST_WAIT_S
    start_at: float = 0.0
    last_code: int | None = None

    def state(self) -> dict[str, Any]:
        """What the status file says of it."""
        return {
            "name": self.name,
            "state": "running" if self.process else "restarting",
            "pid": self.process.pid if self.process else None,
            "restarts": self.restarts,
            "started": self.started,
            "last_code": self.last_code,
        }


@dataclass
class Supervisor:
    """Keeps services alive. ``say_died`` is told of each crash: service, exit code, seconds until the restart."""

    home: Home
    names: Sequence[str]
    say_died: Callable[[str, int, float], None]
    stopping: bool = False
    children: list[Child] = field(default_factory=list)

    def start(self) -> None:
        """Start every service."""
        self.children = [Child(name) for name in self.names]
        for child in self.children:
            self._launch(child)
        self._write()

    def watch(self) -> None:
        """Until told to stop: restart what ended."""
        while not self.stopping:
            self.tend()
            time.sleep(0.2)

    def tend(self) -> None:
        """Look at every service once; start again what ended and has waited long enough."""
        changed = [child for child in self.children if self._tend(child)]
        if changed:
            self._write()

    def trap(self) -> None:
        """End on SIGTERM, SIGINT and SIGHUP."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: setattr(self, "stopping", True))

    def stop(self) -> None:
        """Ask every service to end, then end those that do not within some seconds."""
        running = [child for child in self.children if child.process]
        for child in running:
            self._signal(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        for child in running:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("service.killed", extra={"service": child.name})
                self._signal(child, signal.SIGKILL)
                child.process.wait()
            child.process = None
        write_status(self.home.run, "supervisor", {"state": "stopped", "services": []})

    def _tend(self, child: Child) -> bool:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                self._launch(child)
                return True
            return False
        code = child.process.poll()
        if code is None:
            return False
        self._ended(child, code, now)
        return True

    def _ended(self, child: Child, code: int, now: float) -> None:
        if time.time() - child.started > STEADY_S:
            child.wait_s = FIRST_WAIT_S
        child.process, child.last_code = None, code
        child.restarts += 1
        child.start_at = now + child.wait_s
        self.say_died(child.name, code, child.wait_s)
        child.wait_s = min(child.wait_s * 2, LONGEST_WAIT_S)

    def _launch(self, child: Child) -> None:
        words = [sys.executable, "-m", "yaodun", "run", child.name, "--supervised", "--home", str(self.home.root)]
        with (self.home.logs / f"{child.name}.out").open("ab") as out:
            child.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, env=_environment()
            )
        child.started = time.time()

    def _signal(self, child: Child, number: int) -> None:
        if child.process is not None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(number)

    def _write(self) -> None:
        write_status(
            self.home.run, "supervisor", {"state": "running", "services": [child.state() for child in self.children]}
        )


def _environment() -> dict[str, str]:
    """The environment of services: ours, importing from where this package lies, allocating from two arenas only."""
    root = str(Path(__file__).resolve().parents[1])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{root}:{path}" if path else root, "MALLOC_ARENA_MAX": "2"}
