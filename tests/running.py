"""A platform that really runs, on ports of its own, for tests that use it as a person or a shipper would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
START_WITHIN_S = 240.0


def free_port() -> int:
    """A port nobody uses right now, for TCP and UDP."""
    for _ in range(50):
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            stream.bind(("127.0.0.1", 0))
            port: int = stream.getsockname()[1]
            try:
                datagram.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def wait_for(what: str, look: Callable[[], Any], within_s: float = 30.0, every_s: float = 0.05) -> Any:
    """The first true answer of ``look``; fails naming ``what`` when there is none in time."""
    deadline = time.monotonic() + within_s
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(every_s)


@dataclass
class RunningSite:
    """One ``yaodun up`` in a folder of its own."""

    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    web_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    syslog_port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """Address of pages and API."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the platform and its commands are started with."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "YAODUN_HOME": str(self.home),
            "YAODUN_LANG": "en",
            "YAODUN_WEB__LISTEN": f"127.0.0.1:{self.web_port}",
            "YAODUN_INGEST__HTTP_LISTEN": f"127.0.0.1:{self.http_port}",
            "YAODUN_INGEST__SYSLOG_TCP_LISTEN": f"127.0.0.1:{self.syslog_port}",
            "YAODUN_INGEST__SYSLOG_UDP_LISTEN": f"127.0.0.1:{self.syslog_port}",
            **self.extra,
        }

    def start(self) -> None:
        """Start and wait until the pages answer."""
        self.home.mkdir(parents=True, exist_ok=True)
        link = self.home.parent / f"{self.home.name}.link"
        words = [sys.executable, "-m", "yaodun", "up", "--link-file", str(link)]
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                words, env=self.environment, stdout=out, stderr=out, start_new_session=True, cwd=self.home.parent
            )
        try:
            wait_for(f"the platform answers: {self.said()}", self._answers, START_WITHIN_S)
        except BaseException:
            self.stop()
            raise

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        return "://" in self.said()

    @property
    def output(self) -> Path:
        """Where the platform's own words go."""
        return self.home.parent / f"{self.home.name}.out"

    def said(self) -> str:
        """What ``yaodun up`` printed so far."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def first_link(self) -> str:
        """The one-time link of the first start."""
        path = self.home.parent / f"{self.home.name}.link"
        wait_for("the one-time link", path.exists)
        return path.read_text().strip()

    def command(self, *words: str, check: int | None = None, within_s: float = 120) -> subprocess.CompletedProcess[str]:
        """Run ``yaodun WORDS`` on this site; ``check`` is the exit code it must have."""
        done = subprocess.run(
            [sys.executable, "-m", "yaodun", *words], env=self.environment, capture_output=True, text=True, check=False,
            timeout=within_s,
        )  # fmt: skip
        assert check is None or done.returncode == check, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """What a command prints as NDJSON."""
        done = self.command(*words, "--format", "ndjson")
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def status(self) -> dict[str, Any]:
        """``yaodun status``."""
        (row,) = self.rows("status")
        return row

    def pid_of(self, service: str) -> int:
        """Process id of a running service."""
        supervised = json.loads((self.home / "run" / "supervisor.status.json").read_text())
        (pid,) = [item["pid"] for item in supervised["services"] if item["name"] == service]
        assert pid, f"{service} is not running"
        return int(pid)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and wait; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        self.process = None
        return code
